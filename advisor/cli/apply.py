"""``gcadvise apply``: changes an existing gunicorn.conf.py to what is recommended, reviewed group by group."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli import options, plan_input
from advisor.cli.apply_file import changed, read_current
from advisor.cli.apply_file import restore as restore_file
from advisor.cli.files import write_file
from advisor.cli.streams import answer, width
from advisor.report.apply import group_text, groups, left_text, summary
from advisor.sizing.compare import Difference, How, compare
from advisor.sizing.constraints import DEFAULT_MAX_THREADS
from advisor.sizing.plan import Plan
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput
from gunicorn_conf.write.assign import literal


def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The gunicorn.conf.py to change.")],
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
    only: Annotated[
        str | None, typer.Option(help="These settings alone, even where they are computed.", metavar="NAME,NAME")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; leave computed values as they are.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference; write nothing.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Put the latest backup back.")] = False,
) -> None:
    """Change an existing gunicorn.conf.py to what is recommended, one reviewed group of settings at a time.

    Comments, hooks and everything else stay byte for byte; the former file is kept beside it.
    """
    if restore:
        typer.echo(restore_file(file), err=True)
        return
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
        platform=platform,
        sku=sku,
        python=python,
        gunicorn_version=gunicorn_version,
        profile=plan_input.given_profile(profile),
        clients_keep_alive=clients_keep_alive,
    )
    current = read_current(file, plan)
    named = _named(only, plan)
    found = [one for one in compare(plan, current.assigned, current.release) if not named or one.planned.name in named]
    if not found:
        answer(f"{file} is already as recommended{f' in {only}' if only else ''}.\n")
        return
    chosen = _unasked(found, named) if yes or dry_run else _asked(found)
    for sentence in left_text([one for one in found if one not in chosen]):
        typer.echo(sentence, err=True)
    if not chosen:
        answer(f"Nothing to change in {file}.\n")
        return
    new = changed(current, chosen, plan)
    if dry_run:
        from advisor.report.difference import unified

        answer(unified(current.path, current.text, new))
        return
    if yes:
        answer("\n".join(group_text(group, several, width=width()) for group, several in groups(chosen)))
    written = write_file(file, new, force=True)
    kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
    typer.echo(f"{summary(str(file), chosen)}{kept}.", err=True)


def _named(only: str | None, plan: Plan) -> frozenset[str]:
    names = frozenset(name.strip() for name in (only or "").split(",") if name.strip())
    planned = [setting.name for setting in plan.settings]
    for name in sorted(names - set(planned)):
        import difflib

        near = difflib.get_close_matches(name, planned, 1)
        raise BadInput(
            f"nothing is recommended for {name!r}",
            why=f"recommended are: {', '.join(planned)}",
            hint=f"did you mean {near[0]!r}?" if near else "name some of them",
        )
    return names


def _unasked(found: Sequence[Difference], named: frozenset[str]) -> list[Difference]:
    """What is changed without a question: what is written out, and what is computed but was named."""
    plain = {How.ADD, How.REPLACE}
    return [one for one in found if one.how in plain or (one.how is How.REPLACE_COMPUTED and one.planned.name in named)]


def _asked(found: Sequence[Difference]) -> list[Difference]:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput(
            "nobody can be asked what to change",
            why="this is not a terminal",
            hint="add --yes to change what is recommended, or --dry-run to see it",
        )
    chosen: list[Difference] = []
    for group, several in groups([one for one in found if one.how is not How.BY_HAND]):
        typer.echo(group_text(group, several, width=width(), reasons=False), err=True, nl=False)
        while True:
            reply = typer.prompt("Change these? yes, skip, details, quit", default="skip", err=True).strip().lower()
            if reply in {"d", "details"}:
                typer.echo(group_text(group, several, width=width()), err=True, nl=False)
            elif reply in {"q", "quit"}:
                return chosen
            elif reply in {"s", "skip", "n", "no"}:
                break
            elif reply in {"y", "yes"}:
                chosen += [one for one in several if one.how is not How.REPLACE_COMPUTED or _confirmed(one)]
                break
        typer.echo("", err=True)
    return chosen


def _confirmed(one: Difference) -> bool:
    question = f"{one.planned.name} is computed, {one.shown}. Replace it by {literal(one.planned.value)}?"
    return typer.confirm(question, default=False, err=True)
