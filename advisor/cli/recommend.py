"""``gcadvise recommend``: how Gunicorn should be configured here, and why; writes the file; proves it."""

from __future__ import annotations

import enum
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import options
from advisor.cli.workload_input import at_least_one, choose_kind, read_workload, share
from advisor.facts import Fact
from advisor.host.detect import detect
from advisor.host.host import Host
from advisor.sizing.constraints import DEFAULT_MAX_THREADS, Constraints
from advisor.sizing.plan import Plan
from advisor.sizing.recommend import recommend as plan_for
from advisor.workload.workload import Kind
from gunicorn_conf.release import Release

if TYPE_CHECKING:
    from advisor.measure.verify import Verification

# A pipe or a file has no width; this is readable there.
_PLAIN_WIDTH = 100


class Format(str, enum.Enum):
    """How the recommendation is shown."""

    text = "text"
    json = "json"
    conf = "conf"
    markdown = "markdown"


def recommend(
    ctx: typer.Context,
    io_bound: Annotated[bool, typer.Option("--io-bound", help="Requests mostly wait: database, network, disk.")] = False,
    cpu_bound: Annotated[bool, typer.Option("--cpu-bound", help="Requests mostly compute.")] = False,
    mixed: Annotated[bool, typer.Option("--mixed", help="Something of both.")] = False,
    wait_ratio: Annotated[
        float | None, typer.Option(envvar="GCADVISE_WAIT_RATIO", help="Waiting ÷ computing of one request.")
    ] = None,
    response_time: Annotated[
        str | None,
        typer.Option(envvar="GCADVISE_RESPONSE_TIME", help="Usual time of one request: 200ms or 0.2.", metavar="TIME"),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(envvar="GCADVISE_RATE", help="Requests/s to hold; needs --response-time.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(envvar="GCADVISE_CONCURRENCY", help="Requests in flight to hold.")
    ] = None,
    worker_memory: Annotated[
        str | None,
        typer.Option(
            envvar="GCADVISE_WORKER_MEMORY", help="What a worker with the app needs; else 100MiB assumed.", metavar="SIZE"
        ),
    ] = None,
    memory_share: Annotated[
        float, typer.Option(envvar="GCADVISE_MEMORY_SHARE", help="This app's share of the memory, up to 1.")
    ] = 1.0,
    max_db_connections: Annotated[
        int | None, typer.Option(envvar="GCADVISE_MAX_DB_CONNECTIONS", help="No more slots than this.")
    ] = None,
    max_threads: Annotated[
        int, typer.Option(envvar="GCADVISE_MAX_THREADS", help="No more threads than this in one worker.")
    ] = DEFAULT_MAX_THREADS,
    thread_safe: Annotated[
        bool | None,
        typer.Option("--thread-safe/--no-thread-safe", envvar="GCADVISE_THREAD_SAFE", help="May threads share the app?"),
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(envvar="GCADVISE_MAX_REQUESTS", help="Restart a worker after about so many requests.")
    ] = None,
    preload: Annotated[bool, typer.Option("--preload", help="Load the app once, before the workers fork.")] = False,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    platform: options.PlatformName = None,
    sku: options.Sku = None,
    python: options.PythonPath = None,
    gunicorn_version: Annotated[
        str | None,
        typer.Option(envvar="GCADVISE_GUNICORN_VERSION", help="The release of Gunicorn that will run.", metavar="X.Y.Z"),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the configuration here; - is standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file, keeping a backup.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Start it on the sample app (or --app) and count what it serves at once.")
    ] = False,
    app: Annotated[str | None, typer.Option("--app", help="The app for --verify.", metavar="MODULE:VAR")] = None,
    path: Annotated[str | None, typer.Option("--path", help="What --verify requests, such as /slow.")] = None,
    chdir: Annotated[Path | None, typer.Option("--chdir", help="The directory of --app.")] = None,
) -> None:
    """Say how Gunicorn should be configured here, and why; write the file; prove it."""
    kind = choose_kind({Kind.IO_BOUND: io_bound, Kind.CPU_BOUND: cpu_bound, Kind.MIXED: mixed})
    overrides = options.host_overrides(ctx, cpus=cpus, memory=memory, platform=platform, sku=sku, python=python)
    host = _with_release(ctx, detect(overrides=overrides), gunicorn_version)
    workload = read_workload(
        ctx,
        kind,
        wait_ratio=wait_ratio,
        response_time=response_time,
        rate=rate,
        concurrency=concurrency,
        worker_memory=worker_memory,
        thread_safe=thread_safe,
    )
    constraints = Constraints(
        memory_share=share("--memory-share", memory_share),
        max_db_connections=at_least_one("--max-db-connections", max_db_connections),
        max_threads=at_least_one("--max-threads", max_threads) or DEFAULT_MAX_THREADS,
        max_requests=at_least_one("--max-requests", max_requests),
        preload=preload,
    )
    plan = _with_environment_warnings(plan_for(host, workload, constraints))
    if output is not None and str(output) == "-":
        output, output_format = None, Format.conf
    if output is not None:
        _write(plan, constraints, output, force=force)
    verification = _verify(plan, constraints, app=app, path=path, chdir=chdir) if verify else None
    typer.echo(_shown(plan, constraints, verification, output_format, output), nl=False)
    if verification is not None and not verification.kept:
        raise typer.Exit(1)


def _verify(
    plan: Plan, constraints: Constraints, *, app: str | None, path: str | None, chdir: Path | None
) -> Verification:
    from advisor.cli.progress import progress
    from advisor.measure.verify import verify
    from advisor.report.recommend_conf import recommend_conf

    conf = recommend_conf(plan, constraints)
    return verify(plan, conf, this_machine=detect(), app=app, path=path, chdir=chdir, progress=progress)


def _shown(
    plan: Plan, constraints: Constraints, verification: Verification | None, shape: Format, written: Path | None
) -> str:
    match shape:
        case Format.json:
            from advisor.report.envelope import envelope
            from advisor.report.recommend_json import recommend_json

            return envelope("recommend", recommend_json(plan, verification)) + "\n"
        case Format.conf:
            from advisor.report.recommend_conf import recommend_conf

            return recommend_conf(plan, constraints)
        case Format.markdown:
            from advisor.report.recommend_markdown import recommend_markdown

            return recommend_markdown(plan, verification)
        case Format.text:
            from advisor.report.recommend import recommend_text

            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PLAIN_WIDTH
            steps = _next_steps(plan, written, verified=verification is not None)
            return recommend_text(plan, width=width, next_steps=steps, verification=verification)


def _next_steps(plan: Plan, written: Path | None, *, verified: bool) -> tuple[str, ...]:
    steps = []
    if written is None:
        steps.append(f"write the file: gcadvise recommend --{plan.workload.kind.value} -o gunicorn.conf.py")
    steps.append(f"start it: gunicorn -c {written or 'gunicorn.conf.py'} MODULE:APP")
    if not verified:
        steps.append(f"see it serve: gcadvise recommend --{plan.workload.kind.value} --verify")
    return tuple(steps)


def _with_release(ctx: typer.Context, host: Host, given: str | None) -> Host:
    if given is None:
        return host
    fact = Fact(value=str(Release.parse(given)), source="given", origin=options.origin(ctx, "gunicorn_version"))
    return replace(host, gunicorn=fact)


def _with_environment_warnings(plan: Plan) -> Plan:
    """Say when a variable that is set here will win over the file."""
    found = os.environ.get("WEB_CONCURRENCY")
    if not found or found == str(plan.workers):
        return plan
    warning = f"WEB_CONCURRENCY={found} is set here and wins over the {plan.workers} workers of the plan"
    return replace(plan, warnings=(warning, *plan.warnings))


def _write(plan: Plan, constraints: Constraints, path: Path, *, force: bool) -> None:
    from advisor.cli.files import write_file
    from advisor.report.recommend_conf import recommend_conf

    written = write_file(path, recommend_conf(plan, constraints), force=force)
    if not written.changed:
        typer.echo(f"{path} is already as recommended; nothing written.", err=True)
        return
    kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
    typer.echo(f"Wrote {path}{kept}.", err=True)
