"""``gcadvise bench``: throughput and latency of one configuration, with what speaks against the figures."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import load_options, options, server_options
from advisor.cli.streams import answer, width
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.cli.saved_result import SavedResult
    from advisor.measure.bench.bench import Bench
    from advisor.measure.bench.result import BenchResult
    from advisor.measure.bench.trial import Candidate, RunningTarget, TrialPlan
    from advisor.measure.statistics.thresholds import Threshold
    from advisor.workload.profile import Profile

_COMMAND = "bench"
_INTERRUPTED = 130
# What a start of Gunicorn and its end take beside the load, until the first has shown it.
_START_SECONDS = 2.0
# A traceback and what stands around it.
_LOG_LINES = 25
_DEFAULTS = "Gunicorn's defaults"


class Format(str, enum.Enum):
    """How the result is shown."""

    text = "text"
    json = "json"


def bench(
    arguments: server_options.GunicornArguments = None,
    config: server_options.Config = None,
    app: server_options.App = None,
    chdir: server_options.Chdir = None,
    python: options.PythonPath = None,
    url: server_options.Url = None,
    allowed_host: server_options.AllowedHost = None,
    path: load_options.Paths = None,
    request: load_options.Requests = None,
    header: load_options.Headers = None,
    body_file: load_options.BodyFile = None,
    clients: load_options.Clients = None,
    rate: load_options.Rate = None,
    arrivals: load_options.ArrivalsOption = load_options.ArrivalsName.poisson,
    keep_alive: load_options.KeepAlive = False,
    seconds: load_options.Seconds = load_options.DEFAULT_SECONDS,
    warm_up: load_options.WarmUp = load_options.DEFAULT_WARM_UP_SECONDS,
    restarts: load_options.Restarts = load_options.DEFAULT_RESTARTS,
    timeout: load_options.Timeout = load_options.DEFAULT_TIMEOUT_SECONDS,
    generators: load_options.Generators = 1,
    seed: load_options.Seed = 0,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold", metavar="'METRIC<LIMIT'", help="Exit 1 when it is missed: 'p95<250ms'; repeatable."
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile",
            envvar="GCADVISE_PROFILE",
            metavar="FILE",
            help="Predict it beforehand from what gcadvise profile saved, and show both.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when the measurement is not valid.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the result as JSON, from the first start on.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --save replace a file of another kind.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Measure throughput and latency of one configuration, with what speaks against the figures.

    Starts Gunicorn on a free loopback port several times and sends it load: with --clients as much as it takes, with
    --rate at moments fixed beforehand. Without a configuration, an app or arguments: Gunicorn's own defaults, on the
    sample app.
    """
    from advisor.measure.bench.result import check_thresholds
    from advisor.measure.statistics.thresholds import parse_threshold

    load_options.check_restarts(restarts)
    thresholds = [parse_threshold(text) for text in threshold or ()]
    candidate, default_path = _candidate(arguments or [], config, app, chdir, python, url, allowed_host, path or ())
    plan = load_options.trial_plan(
        paths=path,
        requests=request,
        headers=header,
        body_file=body_file,
        clients=clients,
        rate=rate,
        arrivals=arrivals,
        keep_alive=keep_alive,
        seconds=seconds,
        warm_up=warm_up,
        timeout=timeout,
        generators=generators,
        seed=seed,
        default_path=default_path,
        target=_target(candidate),
        runs=restarts,
    )
    check_thresholds(thresholds, plan, restarts=restarts)
    if force and save is None:
        raise BadInput("--force goes with --save", why="nothing else is written", hint="leave it out")
    from advisor.cli.plan_input import given_profile
    from advisor.cli.saved_result import SavedResult

    known = given_profile(profile)
    saved = None if save is None else SavedResult(save, command=_COMMAND, force=force)
    result = _measure(candidate, plan, restarts, thresholds, saved, known)
    try:
        if saved is not None:
            saved.write(_json(result))
    finally:  # what was measured is shown, even where it could not be written
        _show(result, output_format)
        _show_log(result)
    if result.bench.interrupted:
        raise typer.Exit(_INTERRUPTED)
    raise typer.Exit(0 if result.kept and (result.valid or not strict) else 1)


def _measure(
    candidate: Candidate,
    plan: TrialPlan,
    restarts: int,
    thresholds: Sequence[Threshold],
    saved: SavedResult | None,
    profile: Profile | None,
) -> BenchResult:
    """Run the trials, saying what is done, and saving what there is after each."""
    import time

    from advisor.cli.progress import Meter
    from advisor.host.detect import detect
    from advisor.measure.bench.bench import Bench
    from advisor.measure.bench.bench import bench as run
    from advisor.measure.bench.execute import execute
    from advisor.measure.bench.predicting import predictor
    from advisor.measure.bench.result import assess
    from advisor.measure.bench.trial import Trial

    budget = detect().cpus
    cpus = budget.value
    predict = None if profile is None else predictor(profile, cpus=budget)
    begun: list[float] = []
    nothing_yet = Bench(candidate=candidate, plan=plan, restarts=restarts)
    if saved is not None:
        saved.write(_json(assess(nothing_yet, thresholds=thresholds, cpus=cpus)))
    own = _target(candidate) is None
    with Meter() as meter:

        def announced(candidate: Candidate, plan: TrialPlan) -> Trial:
            begun.append(time.monotonic())
            done = len(begun) - 1
            each = (begun[-1] - begun[0]) / done if done else plan.warm_up_seconds + plan.seconds + own * _START_SECONDS
            what = "starting Gunicorn, then measuring" if own else "measuring"
            number = f"{'start' if own else 'run'} {done + 1} of {restarts}"
            meter.phase(f"{_COMMAND}: {number}: {what}", left_seconds=each * (restarts - done))
            return execute(candidate, plan, predict=predict)

        def keep(so_far: Bench) -> None:
            if saved is None:
                return
            try:
                saved.write(_json(assess(so_far, thresholds=thresholds, cpus=cpus)))
            except BadInput as error:  # a disk that is full now: no reason to throw the rest away
                meter.note(f"{error}: {error.why}; the measurement goes on")

        measured = run(candidate, plan, restarts=restarts, execute=announced, on_trial=keep)
    return assess(measured, thresholds=thresholds, cpus=cpus)


def _candidate(
    arguments: list[str],
    config: Path | None,
    app: str | None,
    chdir: Path | None,
    python: str | None,
    url: str | None,
    allowed_host: str | None,
    paths: Sequence[str],
) -> tuple[Candidate, str]:
    """What is measured, and what is requested of it when nothing else is asked for."""
    from advisor.measure.bench.trial import Candidate

    if url is None:
        if allowed_host is not None:
            raise BadInput(
                "--i-am-allowed-to-load goes with --url alone",
                why="a server of gcadvise's own runs on this machine",
                hint="leave it out",
            )
        spec = server_options.server_spec(arguments, config, app, chdir, python)
        sample = server_options.serves_sample_app(spec)
        name = " ".join(arguments) or (str(config) if config is not None else None) or app or _DEFAULTS
        default = load_options.SAMPLE_APP_PATH if sample else load_options.OTHER_APPS_PATH
        return Candidate(name=name, server=spec), default
    if any(given is not None for given in (config, app, chdir)) or arguments:
        raise BadInput(
            "--url does not go with a configuration, an app or arguments",
            why="that server already runs",
            hint="leave the others out, or leave out --url to have a server started",
        )
    target, path = _running(url, allowed_host)
    if path is not None and paths:
        raise BadInput(
            "--url with a path does not go with --path",
            why=f"{path} is asked for, and {paths[0]} too",
            hint="leave the path of --url out",
        )
    return Candidate(name=url, server=target), path or load_options.OTHER_APPS_PATH


def _running(url: str, allowed_host: str | None) -> tuple[RunningTarget, str | None]:
    """The server of an address, and the path of it when there is one."""
    import urllib.parse

    from advisor.load.target import check_allowed
    from advisor.measure.bench.trial import RunningTarget

    check_allowed(url, allowed_host)
    parts = urllib.parse.urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    server = urllib.parse.urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    return RunningTarget(url=server, allowed_host=allowed_host), path if path not in ("", "/") else None


def _target(candidate: Candidate) -> RunningTarget | None:
    from advisor.measure.bench.trial import RunningTarget

    return candidate.server if isinstance(candidate.server, RunningTarget) else None


def _show_log(result: BenchResult) -> None:
    """The end of what Gunicorn printed, where something went wrong that it may explain."""
    from advisor.cli.progress import progress
    from advisor.load.samples import Kind

    summary = result.summary
    if summary is None or not (summary.exited_workers or set(summary.errors) - {Kind.CLIENT_ERROR, Kind.LOCAL}):
        return
    lines = next((trial.log.splitlines() for trial in reversed(result.bench.trials) if trial.log), [])
    if lines:
        progress("The end of Gunicorn's log:")
        progress("\n".join(f"  {line}" for line in lines[-_LOG_LINES:]))


def _json(result: BenchResult) -> str:
    from advisor.report.bench_json import bench_json
    from advisor.report.envelope import envelope

    return envelope(_COMMAND, bench_json(result)) + "\n"


def _show(result: BenchResult, output_format: Format) -> None:
    if output_format is Format.json:
        answer(_json(result))
        return
    from advisor.report.bench import bench_text
    from advisor.report.charts import chart_marks

    answer(bench_text(result, width=width(), marks=chart_marks(sys.stdout.encoding)) + "\n")
