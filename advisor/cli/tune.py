"""``gcadvise tune``: finds the best configuration of an app by measuring, in as few runs as it takes."""

from __future__ import annotations

import enum
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import app_input, load_options, options, plan_input
from advisor.cli.streams import answer, width
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS
from advisor.sizing.constraints import DEFAULT_MAX_THREADS
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.cli.app_input import AppInput
    from advisor.cli.saved_result import SavedResult
    from advisor.host.host import Host
    from advisor.measure.tune.result import Subject, TuneResult
    from advisor.measure.tune.saved import Saved
    from advisor.measure.tune.space import Limits
    from advisor.measure.tune.tune import Question
    from advisor.sizing.constraints import Constraints
    from advisor.workload.cost import AppCost
    from advisor.workload.profile import Profile

_COMMAND = "tune"
_INTERRUPTED = 130
# Half of what `gcadvise profile` takes: the runs that follow show what it is off by.
_PROFILE_SECONDS = 10.0


class Format(str, enum.Enum):
    """How the result is shown."""

    text = "text"
    json = "json"


def tune(
    ctx: typer.Context,
    app: app_input.App = None,
    paths: load_options.Paths = None,
    requests: load_options.Requests = None,
    headers: load_options.Headers = None,
    body_file: load_options.BodyFile = None,
    clients: load_options.Clients = None,
    keep_alive: load_options.KeepAlive = False,
    slo: Annotated[
        str | None,
        typer.Option("--slo", metavar="'P<TIME'", help="Seek the highest rate that holds it: 'p99<300ms'."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="TIME", help="For all runs, starts included; 60s, with --slo 120s."),
    ] = None,
    profile: plan_input.ProfileFile = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Your present configuration; else ./gunicorn.conf.py if it is there."
        ),
    ] = None,
    current: Annotated[
        str | None,
        typer.Option("--current", metavar="'ARGS'", help="Gunicorn's arguments that you use now: '-w 4 --threads 2'."),
    ] = None,
    max_workers: Annotated[int | None, typer.Option("--max-workers", help="No more workers than this.")] = None,
    max_threads: plan_input.MaxThreads = DEFAULT_MAX_THREADS,
    no_threads: Annotated[bool, typer.Option("--no-threads", help="The app is not thread-safe.")] = False,
    max_db_connections: plan_input.MaxDbConnections = None,
    allow_gevent: Annotated[
        bool, typer.Option("--allow-gevent", help="Try gevent too; you know that the app is safe with it.")
    ] = False,
    memory: options.Memory = None,
    memory_share: plan_input.MemoryShare = 1.0,
    chdir: app_input.Chdir = None,
    python: options.PythonPath = None,
    timeout: load_options.Timeout = DEFAULT_TIMEOUT_SECONDS,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the winner's configuration here.", metavar="FILE")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the result as JSON, after each run.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="FILE", help="Go on with a tuning that --save has kept.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file, keeping a backup.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Find the best configuration of an app by measuring, in as few runs as it takes.

    Measures what a request of the app costs, predicts every configuration from it, runs the most promising, and
    confirms the best, your present one and the rule on fresh starts. The budget is for the runs; measuring the app
    before takes 10 to 20 seconds, unless --profile has it.
    """
    from advisor.cli import tune_input
    from advisor.cli.saved_result import SavedResult
    from advisor.cli.tune_output import Shown, next_steps, tune_document, write_winner
    from advisor.host.detect import detect
    from advisor.measure.limits import check_timeout
    from advisor.measure.tune.saved import check_same, read_saved
    from advisor.report.tune import tune_text
    from advisor.report.tune_json import identity

    check_timeout(timeout)
    limit = tune_input.read_slo(slo)
    earlier = None if resume is None else read_saved(resume)
    seconds = tune_input.read_budget(budget, None if earlier is None else earlier.budget_seconds, slo=slo is not None)
    constraints = _constraints(max_threads, memory_share, max_db_connections, no_threads=no_threads)
    given = plan_input.given_profile(profile)
    target = save if save is not None else resume
    saved = None if target is None else SavedResult(target, command=_COMMAND, force=force)
    _check_output(output, force=force)
    chosen = app_input.read_app(
        app, chdir=chdir, python=python, paths=paths, requests=requests, headers=headers, body_file=body_file
    )
    loops = tune_input.event_loops(chosen, allow_gevent=allow_gevent)
    present = tune_input.read_present(chosen, config, current)
    host = detect(
        overrides=options.host_overrides(
            ctx, cpus=None, memory=memory, platform=None, sku=None, python=chosen.server.python
        )
    )
    limits = _limits(host, constraints, clients, max_workers, keep_alive=keep_alive)
    subject = tune_input.subject_of(chosen, host, limits, present=present, limit=limit, loops=loops)
    if earlier is not None and resume is not None:
        check_same(earlier, identity(subject), resume)
    cost, threads_fail = _cost(chosen, timeout, earlier, given, profile)
    tune_input.check_reachable(limit, cost)
    if threads_fail is not None:
        limits = replace(limits, max_threads=1)
    subject = replace(subject, threads_fail=threads_fail)
    question = tune_input.make_question(
        chosen,
        host,
        cost,
        limits,
        present=present,
        limit=limit,
        loops=loops,
        timeout_seconds=timeout,
        budget_seconds=seconds,
        threads_fail=threads_fail,
    )
    result = _run(question, subject, cost, seconds, earlier, saved)
    show = Shown(ctx=ctx, result=result, subject=subject, cost=cost, host=host, constraints=constraints)
    saved_as = None if saved is None else saved.path
    try:
        if saved is not None:
            saved.write(tune_document(result, subject, cost, complete=not result.interrupted))
        if output is not None and result.decision is not None and not result.interrupted:
            write_winner(show, output, force=force)
    finally:  # what was measured is shown, even where it could not be written
        if output_format is Format.json:
            answer(tune_document(result, subject, cost, complete=not result.interrupted))
        else:
            answer(tune_text(result, subject, width=width(), next_steps=next_steps(show, output, saved_as)))
    if result.interrupted:
        raise typer.Exit(_INTERRUPTED)
    raise typer.Exit(0 if result.decision is not None else 1)


def _check_output(output: Path | None, *, force: bool) -> None:
    """Say before anything is measured that the winner could not be written. Raises BadInput then."""
    if output is None:
        return
    from advisor.cli.files import check_writable

    check_writable(output)
    if output.exists() and not force:
        raise BadInput(
            f"{output} exists and is left as it is",
            why="the result of a tuning would replace it",
            hint="add --force to replace it (a backup is kept beside it), or name another file",
        )


def _run(
    question: Question,
    subject: Subject,
    cost: AppCost,
    budget_seconds: float,
    earlier: Saved | None,
    saved: SavedResult | None,
) -> TuneResult:
    from advisor.cli.progress import Meter
    from advisor.cli.tune_output import tune_document
    from advisor.measure.bench.execute import execute
    from advisor.measure.tune.ledger import Ledger
    from advisor.measure.tune.tune import Announcement, tune
    from advisor.report.tune_words import announcement_text

    ledger = Ledger(
        execute,
        budget_seconds=budget_seconds,
        memory_bytes=subject.memory_bytes,
        recorded=() if earlier is None else earlier.runs,
    )
    with Meter() as meter:

        def announce(one: Announcement) -> None:
            if not ledger.knows(one.phase, one.contender.name, one.rate_per_second):
                meter.phase(announcement_text(one), left_seconds=one.left_seconds)

        def keep(so_far: TuneResult) -> None:
            if saved is None:
                return
            try:
                saved.write(tune_document(so_far, subject, cost, complete=False))
            except BadInput as error:  # a disk that is full now: no reason to throw the rest away
                meter.note(f"{error}: {error.why}; the tuning goes on")

        return tune(question, ledger, announce=announce, on_result=keep)


def _constraints(
    max_threads: int, memory_share: float, max_db_connections: int | None, *, no_threads: bool
) -> Constraints:
    return plan_input.make_constraints(
        memory_share=memory_share,
        max_db_connections=max_db_connections,
        max_threads=1 if no_threads else max_threads,
        max_requests=None,
        preload=False,
    )


def _limits(
    host: Host, constraints: Constraints, clients: int | None, max_workers: int | None, *, keep_alive: bool
) -> Limits:
    from advisor.cli.workload_input import at_least_one
    from advisor.load.limits import MOST_CONNECTIONS, check_open_files
    from advisor.load.spec import ClosedLoop, LoadSpec
    from advisor.measure.tune.space import Limits
    from advisor.sizing.memory import budget

    if host.cpus.value is None:
        raise BadInput("the number of CPUs is unknown", why=host.cpus.source, hint="tune on a system that tells it")
    number = at_least_one("--clients", clients) or load_options.DEFAULT_CLIENTS
    if number > MOST_CONNECTIONS:
        raise BadInput(f"--clients {number:,} are too many", why=f"{MOST_CONNECTIONS:,} can connect", hint="give fewer")
    check_open_files(LoadSpec(url="http://127.0.0.1", loop=ClosedLoop(clients=number), seconds=1.0))
    return Limits(
        cpus=host.cpus.value,
        clients=number,
        memory_bytes=budget(host, constraints).value,
        db_connections=constraints.max_db_connections,
        max_workers=at_least_one("--max-workers", max_workers),
        max_threads=constraints.max_threads,
        kept_alive=keep_alive,
    )


def _cost(
    chosen: AppInput, timeout: float, earlier: Saved | None, given: Profile | None, profile: Path | None
) -> tuple[AppCost, str | None]:
    """What the app costs: as saved, as in the profile, else measured now; and how it fails with threads, if it does."""
    from advisor.cli.progress import progress

    if earlier is not None:
        return earlier.cost, earlier.threads_fail
    if given is not None:
        if given.cost is None:
            raise BadInput(
                f"{profile} does not tell enough of the app",
                why="that of an ASGI app has too little of its workers"
                if given.is_asgi
                else "the model needs the cost of a request, which older profiles do not have",
                hint="leave --profile out"
                if given.is_asgi
                else "write it anew with `gcadvise profile`, or leave it out",
            )
        if given.app != chosen.target:
            progress(f"{profile} is of {given.app}, and {chosen.target} is tuned: the predictions may be far off.")
        return given.cost, given.threads_fail
    from advisor.measure.profile.profile import profile_app

    found = profile_app(
        chosen.server,
        chosen.requests,
        wsgi=not chosen.is_asgi,
        seconds=_PROFILE_SECONDS,
        timeout_seconds=timeout,
        progress=progress,
    )
    for note in found.notes:
        progress(note)
    return found.cost, found.threads_fail
