"""``gcadvise compare``: which of several configurations serves more, by how much, and how sure that is."""

from __future__ import annotations

import enum
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import load_options, options, plan_input, server_options
from advisor.cli.compare_input import QuotedArguments, own_texts, servers
from advisor.cli.progress import Meter, progress
from advisor.cli.streams import answer, width
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.cli.saved_result import SavedResult
    from advisor.measure.bench.compare_result import CompareResult
    from advisor.measure.bench.compare_time import Step
    from advisor.measure.bench.predicting import Predict
    from advisor.measure.bench.trial import Candidate, TrialPlan
    from advisor.report.compare_figures import Figures

# Arguments of Gunicorn in quotes begin with a dash.
COMMAND = QuotedArguments
# As in advisor/measure/bench/compare.py, which is not imported for --help.
_DEFAULT_ROUNDS = 5
_MOST_ROUNDS = 12
_FEWEST_ROUNDS_FOR_A_VERDICT = 3
_MISSED, _INTERRUPTED = 1, 130


class Format(str, enum.Enum):
    """How the result is shown."""

    text = "text"
    json = "json"
    markdown = "markdown"


def compare(
    ctx: typer.Context,
    configurations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONFIGURATION",
            help="Two or more: files, gunicorn's arguments in quotes ('-w 4 --threads 8'), recommended, rule, default.",
            show_default=False,
        ),
    ] = None,
    app: server_options.App = None,
    chdir: server_options.Chdir = None,
    python: options.PythonPath = None,
    paths: load_options.Paths = None,
    requests: load_options.Requests = None,
    headers: load_options.Headers = None,
    body_file: load_options.BodyFile = None,
    clients: load_options.Clients = None,
    keep_alive: load_options.KeepAlive = False,
    restarts: Annotated[
        int, typer.Option("--restarts", help="How often each is started at most; fewer when the answer is clear.")
    ] = _DEFAULT_ROUNDS,
    seconds: load_options.Seconds = load_options.DEFAULT_SECONDS,
    warm_up: load_options.WarmUp = load_options.DEFAULT_WARM_UP_SECONDS,
    timeout: load_options.Timeout = DEFAULT_TIMEOUT_SECONDS,
    generators: load_options.Generators = 1,
    seed: load_options.Seed = 0,
    latency: Annotated[
        bool,
        typer.Option("--latency/--no-latency", help="Measure response times too, at 70 % of the least capacity."),
    ] = True,
    io_bound: plan_input.IoBound = False,
    cpu_bound: plan_input.CpuBound = False,
    mixed: plan_input.Mixed = False,
    wait_ratio: plan_input.WaitRatio = None,
    profile: plan_input.ProfileFile = None,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    fail_if_slower: Annotated[
        bool, typer.Option("--fail-if-slower", help="Exit 1 when one is shown to serve fewer requests than the first.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when a figure is marked invalid.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", help="Keep the result here, from the beginning on.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is no result, keeping a backup.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Show which of several configurations serves more requests, by how much, and how sure that is.

    Starts each in turn on a free loopback port, several times, under clients that wait for their answers; stops when
    the answer is clear. Then response times of all at one rate, and what memory and CPU time each needs. The first
    one is what the others are compared with. Without an app: the sample app.
    """
    from advisor.measure.bench.candidates import read_candidates
    from advisor.measure.bench.compare import compare as compare_all
    from advisor.measure.bench.execute import execute
    from advisor.measure.interruption import ending_in_order

    _check_restarts(restarts, fail_if_slower)
    wanted = read_candidates(configurations or [])
    predict = _predictor(profile)
    texts = own_texts(
        ctx,
        wanted,
        kinds={Kind.IO_BOUND: io_bound, Kind.CPU_BOUND: cpu_bound, Kind.MIXED: mixed},
        wait_ratio=wait_ratio,
        profile=profile,
        cpus=cpus,
        memory=memory,
        python=python,
        keep_alive=keep_alive,
    )
    with ending_in_order(), tempfile.TemporaryDirectory(prefix="gcadvise-") as folder:
        candidates, sample = servers(
            wanted, app=app, chdir=chdir, python=python, texts=texts, folder=Path(folder).resolve()
        )
        plan = load_options.trial_plan(
            paths=paths,
            requests=requests,
            headers=headers,
            body_file=body_file,
            clients=clients,
            rate=None,
            arrivals=load_options.ArrivalsName.poisson,
            keep_alive=keep_alive,
            seconds=seconds,
            warm_up=warm_up,
            timeout=timeout,
            generators=generators,
            seed=seed,
            default_path=load_options.SAMPLE_APP_PATH if sample else load_options.OTHER_APPS_PATH,
        )
        keep = _Keeper(save, force=force)
        keep.begin(candidates, plan, restarts)
        progress(_announcement(plan, candidates=len(candidates), rounds=restarts, latency=latency))
        with Meter() as meter:
            result = compare_all(
                candidates,
                plan,
                rounds=restarts,
                latency=latency,
                execute=partial(execute, predict=predict),
                on_step=lambda step: meter.phase(_step_text(step), left_seconds=step.seconds_left),
                on_trial=lambda so_far: keep.after_trial(so_far, meter),
            )
    try:
        keep.write(result)
    finally:  # what was measured is shown, even where it could not be written
        valid = _show(result, output_format)
        _show_logs(result)
    raise typer.Exit(_exit_code(result, fail_if_slower=fail_if_slower, invalid=strict and not valid))


def _predictor(profile: Path | None) -> Predict | None:
    """What predicts each trial before its load; nothing does without a profile."""
    if profile is None:
        return None
    from advisor.host.detect import detect
    from advisor.measure.bench.predicting import predictor
    from advisor.workload.profile import read_profile

    return predictor(read_profile(profile), cpus=detect().cpus)


def _show_logs(result: CompareResult) -> None:
    """What Gunicorn printed of the configurations that failed."""
    for one in result.contenders:
        if one.failure is not None and one.failure.log:
            progress(f"Gunicorn's log of {one.name}:")
            progress("\n".join(f"  {line}" for line in one.failure.log.rstrip().splitlines()))


class _Keeper:
    """Keeps the result in the file of --save, if there is one: at the beginning, after each round, and at the end."""

    def __init__(self, path: Path | None, *, force: bool) -> None:
        self._saved: SavedResult | None = None
        self._rounds = (0, 0)
        if path is not None:
            from advisor.cli.saved_result import SavedResult

            self._saved = SavedResult(path, command="compare", force=force)

    def begin(self, candidates: tuple[Candidate, ...], plan: TrialPlan, rounds: int) -> None:
        """Write that a comparison has begun."""
        from advisor.measure.bench.compare_result import CompareResult, Contender

        contenders = tuple(Contender(candidate=one) for one in candidates)
        self.write(CompareResult(contenders=contenders, plan=plan, planned_rounds=rounds))

    def after_trial(self, result: CompareResult, meter: Meter) -> None:
        """Write what there is, when a round has ended; where that fails it is said, and the comparison goes on."""
        sound = result.comparable
        rounds = (result.rounds, min((len(one.latency_trials) for one in sound), default=0))
        if rounds != self._rounds:
            self._rounds = rounds
            try:
                self.write(result)
            except BadInput as error:  # a disk that is full now: no reason to throw the rest away
                meter.note(f"{error}: {error.why}; the comparison goes on")

    def write(self, result: CompareResult) -> None:
        """Write what there is."""
        if self._saved is not None:
            from advisor.report.compare_json import compare_json
            from advisor.report.envelope import envelope

            body = compare_json(result, _figures(result))
            self._saved.write(envelope("compare", body) + "\n")


def _show(result: CompareResult, output_format: Format) -> bool:
    """Write the answer; whether all its figures are valid."""
    shown = _figures(result)
    match output_format:
        case Format.text:
            from advisor.report.compare import compare_text

            answer(compare_text(result, shown, width=width()))
        case Format.json:
            from advisor.report.compare_json import compare_json
            from advisor.report.envelope import envelope

            answer(envelope("compare", compare_json(result, shown)) + "\n")
        case Format.markdown:
            from advisor.report.compare_markdown import compare_markdown

            answer(compare_markdown(result, shown))
    return all(one.valid for one in shown.values())


def _figures(result: CompareResult) -> Mapping[str, Figures]:
    from advisor.host.detect import detect
    from advisor.report.compare_figures import figures

    return figures(result, cpus=detect().cpus.value)


def _exit_code(result: CompareResult, *, fail_if_slower: bool, invalid: bool) -> int:
    from advisor.measure.statistics.comparison import Verdict

    if result.interrupted:
        return _INTERRUPTED
    failed = any(one.failure is not None for one in result.contenders)
    slower = any(pairing.comparison.verdict is Verdict.LOWER for pairing in result.pairings)
    return _MISSED if failed or invalid or (fail_if_slower and slower) else 0


def _check_restarts(restarts: int, fail_if_slower: bool) -> None:
    least = _FEWEST_ROUNDS_FOR_A_VERDICT if fail_if_slower else 1
    if not least <= restarts <= _MOST_ROUNDS:
        needed = f"a difference cannot be shown by fewer than {least}" if restarts < least > 1 else ""
        raise BadInput(
            f"--restarts {restarts:,} is not a number of restarts for a comparison",
            why=needed or f"1 to {_MOST_ROUNDS} are allowed; a difference that needs more is too small to matter",
            hint=f"{_DEFAULT_ROUNDS} are usual; {_FEWEST_ROUNDS_FOR_A_VERDICT} are the fewest that show anything",
        )


def _announcement(plan: TrialPlan, *, candidates: int, rounds: int, latency: bool) -> str:
    from advisor.measure.bench.compare_time import seconds_beforehand
    from advisor.units import count

    least, most = seconds_beforehand(plan, candidates=candidates, rounds=rounds, latency=latency)
    times = f"about {_minutes(least)}" + (f" to {_minutes(most)}" if _minutes(most) != _minutes(least) else "")
    return f"{count(candidates, 'configuration')}, up to {count(rounds, 'start')} of each: {times}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _step_text(step: Step) -> str:
    from advisor.measure.bench.compare_result import Phase

    what = "round" if step.phase is Phase.SATURATION else "response times, start"
    return f"{what} {step.round} of {step.rounds}: {step.name}"
