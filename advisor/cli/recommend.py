"""``gcadvise recommend``: how Gunicorn should be configured here, and why; writes the file; proves it."""

from __future__ import annotations

import enum
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import options, plan_input
from advisor.cli.next_steps import next_steps
from advisor.cli.streams import answer, width
from advisor.facts import Origin
from advisor.host.detect import detect
from advisor.report.recommend import recommend_text
from advisor.sizing.constraints import DEFAULT_MAX_THREADS, Constraints
from advisor.sizing.plan import Plan
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.measure.verify import Verification


class Format(str, enum.Enum):
    """How the recommendation is shown."""

    text = "text"
    json = "json"
    conf = "conf"
    markdown = "markdown"


def recommend(
    ctx: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="APP", help="Measure this app first, module:variable, for at most 20 s.", show_default=False
        ),
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
    clients_keep_alive: plan_input.ClientsKeepAlive = None,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    platform: options.PlatformName = None,
    sku: options.Sku = None,
    python: options.PythonPath = None,
    gunicorn_version: plan_input.GunicornVersion = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the configuration here; - is standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file, keeping a backup.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Start it on APP, else the sample app, and count what it serves at once.")
    ] = False,
    app: Annotated[
        str | None, typer.Option("--app", help="The app for --verify, where none is measured.", metavar="MODULE:VAR")
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option(
            "--path", metavar="PATH[=WEIGHT]", help="What is requested of the app, such as /slow; repeatable for APP."
        ),
    ] = None,
    chdir: Annotated[Path | None, typer.Option("--chdir", help="The directory of the app.")] = None,
) -> None:
    """Say how Gunicorn should be configured here, and why; write the file; prove it."""
    if output is not None and str(output) == "-":
        output, output_format = None, _format_on_stdout(ctx, output_format)
    kinds = {Kind.IO_BOUND: io_bound, Kind.CPU_BOUND: cpu_bound, Kind.MIXED: mixed}
    measure = None
    if target is not None:
        _check_alone(ctx, target, output, force=force)
        from advisor.cli.recommend_app import AppToMeasure

        measure = AppToMeasure(target=target, chdir=chdir, python=python, paths=tuple(path or ()))
    plan = plan_input.make_plan(
        ctx,
        kinds=kinds,
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
        platform=platform,
        sku=sku,
        python=python,
        gunicorn_version=gunicorn_version,
        profile=plan_input.given_profile(profile) if measure is None else None,
        measure=measure,
        clients_keep_alive=clients_keep_alive,
    )
    if (
        clients_keep_alive is not None
        and plan.choice is None
        and options.origin(ctx, "clients_keep_alive") is Origin.FLAG
    ):
        typer.echo("--clients-keep-alive has no effect: nothing was measured of the app to weigh it with.", err=True)
    plan = _with_environment_warnings(plan)
    if plan.choice is not None and any(kinds.values()):
        given = next(f"--{kind.value}" for kind, is_given in kinds.items() if is_given)
        typer.echo(f"{given} has no effect: the app was measured, and is {plan.workload.kind.value}.", err=True)
    constraints = plan_input.make_constraints(
        memory_share=memory_share,
        max_db_connections=max_db_connections,
        max_threads=max_threads,
        max_requests=max_requests,
        preload=preload,
    )
    if plan.measured is not None and plan.measured.is_asgi:
        from advisor.sizing.asgi import for_asgi

        plan = for_asgi(plan, constraints)
    if verify and not plan.has_slots:
        raise BadInput(
            f"--verify does not go with an ASGI app, {'' if plan.measured is None else plan.measured.app}",
            why="an event loop takes any number of requests, so there are no slots to be counted",
            hint="leave --verify out; gcadvise bench measures what it serves",
        )
    if output is not None:
        _write(plan, constraints, output, force=force)
    verification = None
    if verify:
        served = target if plan.measured is None else plan.measured.app
        asked = next(map(_without_weight, path or ()), None)
        verification = _verify(plan, constraints, app=served if target else app, path=asked, chdir=chdir)
    match output_format:
        case Format.text:
            steps = next_steps(ctx, plan, output, verified=verify)
            answer(recommend_text(plan, width=width(), next_steps=steps, verification=verification))
        case Format.markdown:
            from advisor.report.recommend_markdown import recommend_markdown

            answer(recommend_markdown(plan, verification))
        case Format.json:
            from advisor.report.envelope import envelope
            from advisor.report.recommend_json import recommend_json

            answer(envelope("recommend", recommend_json(plan, verification)) + "\n")
        case Format.conf:
            from advisor.report.recommend_conf import recommend_conf

            answer(recommend_conf(plan, constraints))
            _say_verified(verification)  # there is no place for it in the file
    if verification is not None and not verification.kept:
        raise typer.Exit(1)


def _check_alone(ctx: typer.Context, target: str, output: Path | None, *, force: bool) -> None:
    """Say what would be in vain before the app is measured. Raises BadInput."""
    about = {"app": "both say which app it is about", "profile": "both say what the app costs"}
    for name, why in about.items():
        if options.origin(ctx, name) is Origin.FLAG:
            raise BadInput(f"{target} and --{name} exclude each other", why=why, hint="leave one of them out")
    if output is None:
        return
    from advisor.cli.files import check_writable

    check_writable(output)
    if output.exists() and not force:
        raise BadInput(
            f"{output} exists and is left as it is",
            why="what is recommended is known only after the app was measured",
            hint="add --force to replace it (a backup is kept beside it), or name another file",
        )


def _without_weight(path: str) -> str:
    """The path of ``/orders=3``; behind a question mark the sign is the query's."""
    return path if "?" in path else path.partition("=")[0]


def _format_on_stdout(ctx: typer.Context, output_format: Format) -> Format:
    if options.origin(ctx, "output_format") is Origin.FLAG and output_format is not Format.conf:
        raise BadInput(
            f"-o - does not go with --format {output_format.value}",
            why="both would go to standard output",
            hint="leave one of them out",
        )
    return Format.conf


def _verify(
    plan: Plan, constraints: Constraints, *, app: str | None, path: str | None, chdir: Path | None
) -> Verification:
    from advisor.cli.progress import progress
    from advisor.measure.verify import verify
    from advisor.report.recommend_conf import recommend_conf

    conf = recommend_conf(plan, constraints)
    return verify(plan, conf, this_machine=detect(), app=app, path=path, chdir=chdir, progress=progress)


def _say_verified(verification: Verification | None) -> None:
    if verification is not None:
        from advisor.report.verification import verification_sentences

        for text in verification_sentences(verification):
            typer.echo(text, err=True)


def _with_environment_warnings(plan: Plan) -> Plan:
    """Say when a variable that is set here will win over the file."""
    found = os.environ.get("WEB_CONCURRENCY")
    if not found or found == str(plan.workers):
        return plan
    warning = f"WEB_CONCURRENCY={found} is set here and wins over the {plan.workers} workers of the plan"
    if found.isascii() and found.isdecimal() and plan.has_slots:
        each = "one thread" if plan.threads == 1 else f"{plan.threads} threads"
        warning += f": with {each} each it serves {int(found) * plan.threads:,} at once"
    return replace(plan, warnings=(f"{warning}.", *plan.warnings))


def _write(plan: Plan, constraints: Constraints, path: Path, *, force: bool) -> None:
    from advisor.cli.files import write_file
    from advisor.report.recommend_conf import recommend_conf

    written = write_file(path, recommend_conf(plan, constraints), force=force)
    if not written.changed:
        typer.echo(f"{path} is already as recommended; nothing written.", err=True)
        return
    kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
    typer.echo(f"Wrote {path}{kept}.", err=True)
