"""``gcadvise startup``: the files and settings that start Gunicorn on a platform."""

from __future__ import annotations

import enum
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli import options, plan_input
from advisor.cli.startup_app import Project, read_project
from advisor.cli.startup_files import findings, write_files
from advisor.cli.startup_input import (
    existing_scaling,
    machine_note,
    options_for,
    planned_scaling,
    planned_server,
    python_version,
    read_existing,
)
from advisor.cli.streams import answer, width
from advisor.cli.workload_input import at_least_one, share
from advisor.facts import Origin
from advisor.host.detect import detect
from advisor.host.host import Host
from advisor.sizing.constraints import DEFAULT_MAX_THREADS
from advisor.units import parse_bytes
from advisor.workload.assume import WORKER_MEMORY_BYTES
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput
from gunicorn_conf.platforms import platform as platform_named
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.write.quote import slug
from gunicorn_conf.write.startup import Scaling, Server, Startup
from gunicorn_conf.write.startups.registry import WRITERS, place_of, writer

_APP_SERVICE = "app-service"
# For the user to replace; other platforms get a name from the directory.
_PLACEHOLDER = "NAME"
_SHORTEST_SITE, _LONGEST_SITE = 2, 60


class Format(str, enum.Enum):
    """How it is shown."""

    text = "text"
    json = "json"


def startup(
    ctx: typer.Context,
    platform: Annotated[
        str | None, typer.Argument(metavar="[PLATFORM]", help="Where it will run; --list shows what is known.")
    ] = None,
    app: Annotated[
        str | None,
        typer.Argument(metavar="[APP]", help="The app, as module:variable; else looked for, as App Service does."),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the platforms with their limits.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the files here.", metavar="DIR")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files, keeping backups.")] = False,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", help="Start with this gunicorn.conf.py in place of a recommended one.", metavar="FILE"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the app or service is called there.")] = None,
    chdir: Annotated[Path, typer.Option(help="The directory of the app.", metavar="DIR")] = Path(),
    asgi: Annotated[
        bool | None, typer.Option("--asgi/--wsgi", help="What the app is, where its source does not tell.")
    ] = None,
    detect_size: Annotated[
        bool, typer.Option("--detect", help="Let the script count CPUs and memory when it starts.")
    ] = False,
    apps_in_plan: Annotated[
        int, typer.Option(help="How many apps and slots share the App Service plan.", metavar="NUMBER")
    ] = 1,
    health_path: Annotated[
        str | None, typer.Option(help="A path that answers 200 when the app is well.", metavar="PATH")
    ] = None,
    io_bound: plan_input.IoBound = False,
    cpu_bound: plan_input.CpuBound = False,
    mixed: plan_input.Mixed = False,
    profile: plan_input.ProfileFile = None,
    wait_ratio: plan_input.WaitRatio = None,
    response_time: plan_input.ResponseTime = None,
    rate: plan_input.Rate = None,
    concurrency: plan_input.Concurrency = None,
    worker_memory: plan_input.WorkerMemory = None,
    memory_share: plan_input.MemoryShare = 1.0,
    max_db_connections: plan_input.MaxDbConnections = None,
    max_threads: plan_input.MaxThreads = DEFAULT_MAX_THREADS,
    thread_safe: plan_input.ThreadSafe = None,
    max_requests: plan_input.MaxRequests = None,
    preload: plan_input.Preload = False,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    sku: options.Sku = None,
    python: options.PythonPath = None,
    gunicorn_version: plan_input.GunicornVersion = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Write what a platform needs to start Gunicorn: files, settings, and what its documentation leaves out."""
    if show_list:
        _list(output_format)
        return
    platform = _platform(platform)
    memory_share = _share(ctx, platform, memory_share, apps_in_plan)
    if detect_size and platform != _APP_SERVICE:
        raise BadInput(
            "--detect is for app-service alone",
            why="elsewhere the files hold the CPUs and the memory that the workers were counted for, or none counts "
            "them when it starts",
            hint="give the size with --cpus and --memory; WEB_CONCURRENCY wins over the written workers",
        )
    host = detect(
        overrides=options.host_overrides(
            ctx, cpus=cpus, memory=memory, platform=place_of(platform), sku=sku, python=python
        )
    )
    project = read_project(chdir, app, asgi=asgi, python=python_version(host))
    called = _name(name, platform, chdir)
    scaling: Scaling | None = None
    measured = plan_input.given_profile(profile)
    if measured is not None and from_file is not None:
        raise BadInput(
            "--profile and --from exclude each other",
            why="a profile is for a recommendation, and --from takes the place of one",
            hint="give one of them",
        )
    if from_file is None:
        plan = plan_input.make_plan(
            ctx,
            kinds={Kind.IO_BOUND: io_bound, Kind.CPU_BOUND: cpu_bound, Kind.MIXED: mixed},
            wait_ratio=wait_ratio,
            response_time=response_time,
            rate=rate,
            concurrency=concurrency,
            worker_memory=worker_memory,
            memory_share=memory_share,
            max_db_connections=max_db_connections,
            max_threads=max_threads,
            thread_safe=thread_safe,
            max_requests=max_requests,
            preload=preload,
            cpus=cpus,
            memory=memory,
            platform=place_of(platform),
            sku=sku,
            python=python,
            gunicorn_version=gunicorn_version,
            profile=measured,
            declared=project.gunicorn,
        )
        constraints = plan_input.make_constraints(
            memory_share=memory_share,
            max_db_connections=max_db_connections,
            max_threads=max_threads,
            max_requests=max_requests,
            preload=preload,
        )
        server, notes = planned_server(plan, constraints, project, called)
        if measured is not None and measured.app != project.app.target:
            notes = (f"The profile is that of {measured.app}, and what starts is {project.app.target}.", *notes)
        if detect_size:
            scaling = planned_scaling(plan, constraints, server)
        elif detect().platform.value != place_of(platform):
            notes = (*machine_note(host, platform), *notes)
    else:
        existing, config = read_existing(from_file, host, project, called, _release(gunicorn_version, project, host))
        server, notes = existing.server, existing.unknown
        if detect_size:
            worker_bytes = WORKER_MEMORY_BYTES if worker_memory is None else parse_bytes(worker_memory)
            scaling = existing_scaling(server, config, worker_bytes, memory_share)
    given = options_for(project, host, scaling=scaling, apps_in_plan=apps_in_plan, health_path=health_path)
    made = writer(platform)(server, given)
    if from_file is not None:  # what is recommended needs no judge; the tests hold that it would find nothing
        notes = (*notes, *findings(made, platform, server.release, host))
    made = replace(made, warnings=(*project.notes, *made.warnings, *notes))
    written = write_files(made, output, force=force) if output is not None else ()
    _show(made, server, written, output_format)


def _platform(given: str | None) -> str:
    if given is None:
        raise BadInput(
            "no platform was named",
            why=f"known are: {', '.join(WRITERS)}",
            hint="name one, as in gcadvise startup app-service; --list shows their limits",
        )
    name = given.strip().lower()
    writer(name)  # it raises for a name that is not known
    return name


def _share(ctx: typer.Context, platform: str, memory_share: float, apps_in_plan: int) -> float:
    """The app's share of the memory, which --apps-in-plan divides."""
    apps = at_least_one("--apps-in-plan", apps_in_plan) or 1
    if apps > 1 and platform != _APP_SERVICE:
        raise BadInput(
            "--apps-in-plan is for app-service alone",
            why="elsewhere the memory is the container's or the machine's",
            hint="give the app's share with --memory-share",
        )
    if apps > 1 and options.origin(ctx, "memory_share") is not Origin.ASSUMED:
        raise BadInput(
            "--apps-in-plan and --memory-share exclude each other",
            why="both say how much of the plan's memory the app may have",
            hint="give one of them",
        )
    return share("--memory-share", memory_share) / apps


def _name(given: str | None, platform: str, chdir: Path) -> str:
    if given is None:
        return _PLACEHOLDER if platform == _APP_SERVICE else slug(chdir.resolve().name)
    if not given.strip() or "\0" in given or given != given.encode(errors="replace").decode():
        raise BadInput(f"{given!r} is not a name", why="it is empty or not valid Unicode", hint="give --name shop")
    name = given.strip()
    if platform == _APP_SERVICE and not _is_site_name(name):
        raise BadInput(
            f"{name!r} is no name of an App Service app",
            why="it has 2 to 60 letters, digits and hyphens, and no hyphen first or last",
            hint="give --name shop",
        )
    return name


def _is_site_name(name: str) -> bool:
    """Microsoft, Naming rules for Azure resources, Microsoft.Web/sites."""
    inside = all(char.isalnum() or char == "-" for char in name)
    return inside and _SHORTEST_SITE <= len(name) <= _LONGEST_SITE and "-" not in (name[0], name[-1])


def _release(given: str | None, project: Project, host: Host) -> Release:
    if given is not None:
        return Release.parse(given)
    found = (project.gunicorn.value if project.gunicorn else None) or host.gunicorn.value
    return NEWEST_KNOWN if found is None else Release.parse(found)


def _list(output_format: Format) -> None:
    places = [(name, platform_named(place_of(name))) for name in WRITERS]
    if output_format is Format.json:
        from advisor.report.envelope import envelope
        from advisor.report.startup_json import startups_json

        answer(envelope("startup", startups_json(places)) + "\n")
        return
    from advisor.report.startup import startups_text

    answer(startups_text(places, width=width()))


def _show(made: Startup, server: Server, written: tuple[str, ...], output_format: Format) -> None:
    if output_format is Format.json:
        from advisor.report.envelope import envelope
        from advisor.report.startup_json import startup_json

        answer(envelope("startup", startup_json(made, server, written)) + "\n")
        return
    from advisor.report.startup import startup_text

    answer(startup_text(made, server, width=width(), written=written))
