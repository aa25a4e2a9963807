"""Compares configurations: interleaved restarts at saturation, then all of them at one rate. Orchestration alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from advisor.load.samples import Kind
from advisor.load.spec import OpenLoop
from advisor.measure.bench.candidates import same_servers
from advisor.measure.bench.compare_result import CompareResult, Contender, Failure, Pairing, Phase
from advisor.measure.bench.compare_time import LATENCY_STARTS, Step, latency_rate, latency_seconds, seconds_left
from advisor.measure.bench.trial import Candidate, Execute, Trial, TrialPlan
from advisor.measure.statistics.comparison import MOST_PAIRS, compare_pairs
from advisor.measure.statistics.means import mean
from advisor.units import show_number
from gunicorn_conf.errors import BadInput, GcadviseError, ServerFailed

# Differences of a tenth and more are mostly clear after three rounds; five let the narrower ones come out, and keep a
# comparison of three configurations within four minutes.
DEFAULT_ROUNDS = 5
MOST_ROUNDS = MOST_PAIRS
# One failure in a hundred still leaves the throughput within a hundredth; above it, what is compared is failing.
MOST_FAILURES = 0.01

_KINDS = {
    Kind.TIMEOUT: "timeout",
    Kind.REFUSED: "connection refused",
    Kind.RESET: "connection broken",
    Kind.SHORT: "answer cut short",
    Kind.MALFORMED: "not HTTP",
    Kind.LOCAL: "no port or file left on this machine",
}


def nothing(_: object) -> None:
    """Take what is told, and do nothing."""


def compare(
    candidates: Sequence[Candidate],
    plan: TrialPlan,
    *,
    rounds: int = DEFAULT_ROUNDS,
    latency: bool = True,
    execute: Execute,
    on_step: Callable[[Step], None] = nothing,
    on_trial: Callable[[CompareResult], None] = nothing,
) -> CompareResult:
    """Measure the candidates under ``plan``, a load that saturates them, in turns; then at an open loop.

    Each round starts every candidate once. The rounds end early when every comparison is finished. ``on_step`` is told
    each trial before it begins, ``on_trial`` the result so far after each. A candidate that does not start, dies, or
    fails more than one request in a hundred is measured no further. Ctrl-C gives what there is, marked as interrupted.

    Raises BadInput when the candidates serve different apps, ServerFailed when none of them could be measured, and
    KeyboardInterrupt when it came before the first trial had ended.
    """
    run = _Run(candidates, plan, rounds=rounds, latency=latency, execute=execute, on_step=on_step, on_trial=on_trial)
    return run.result_of_all()


def order_of_round(names: Sequence[str], number: int) -> tuple[str, ...]:
    """The order in which a round, counted from 0, measures: A B, B A, B A, A B, ...; of three, all six orders in turn.

    So none is always first, and a machine that slows down steadily treats all alike.
    """
    turn = number // 2 % len(names)
    order = (*names[turn:], *names[:turn])
    return order if number % 2 == 0 else order[::-1]


def failures_text(trial: Trial) -> str:
    """What of a trial failed, if that is more than one request in a hundred; else nothing."""
    requests = len(trial.samples)
    kinds = trial.samples.kinds()
    failed = requests - kinds.get(Kind.ANSWERED, 0)
    if failed <= MOST_FAILURES * requests:
        return "" if trial.answered else f"nothing was answered within {trial.seconds:g} s"
    parts = [f"status {status}" for status in trial.samples.statuses() if status >= 400]
    parts += [_KINDS[kind] for kind in kinds if kind in _KINDS]
    return f"{show_number(100 * failed / requests)} % of its requests failed ({', '.join(parts)})"


class _Run:
    """A comparison while it runs."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        plan: TrialPlan,
        *,
        rounds: int,
        latency: bool,
        execute: Execute,
        on_step: Callable[[Step], None],
        on_trial: Callable[[CompareResult], None],
    ) -> None:
        self._contenders = {one.name: Contender(candidate=one) for one in candidates}
        self._identical = same_servers(candidates)
        self._plan = plan
        self._rounds = rounds
        self._latency = latency
        self._execute = execute
        self._on_step = on_step
        self._on_trial = on_trial
        self._latency_plan: TrialPlan | None = None
        self._latency_why_not = "" if latency else "--no-latency was given"
        self._interrupted = False
        self._failed: ServerFailed | None = None

    def result_of_all(self) -> CompareResult:
        """Make all trials; the result, whether or not it was interrupted."""
        try:
            self._saturate()
            if self._latency:
                try:
                    self._measure_latencies()
                except GcadviseError as error:  # such a rate cannot be sent from here; what was measured still counts
                    self._latency_why_not = f"{error}: {error.why}" if error.why else str(error)
        except KeyboardInterrupt:
            if not self._measured:
                raise
            self._interrupted = True
        if not self._measured and self._failed is not None:
            raise self._failed
        return self._result(finished=not self._interrupted)

    @property
    def _measured(self) -> bool:
        return any(one.trials for one in self._contenders.values())

    @property
    def _living(self) -> list[str]:
        return [name for name, one in self._contenders.items() if one.failure is None]

    def _saturate(self) -> None:
        for number in range(self._rounds):
            if len(self._living) < 2:
                return  # there is nothing left to compare with
            plan = replace(self._plan, seed=self._plan.seed + number)
            for name in order_of_round(self._living, number):
                self._measure(name, plan, Phase.SATURATION, number, self._rounds)
            pairings = self._result(finished=False).all_pairings
            if pairings and all(pairing.comparison.finished for pairing in pairings):
                return

    def _measure_latencies(self) -> None:
        rate = latency_rate(list(self._contenders.values()))
        if rate is None or len(self._living) < 2:
            self._latency_why_not = "fewer than two configurations answered their requests"
            return
        self._latency_plan = replace(
            self._plan,
            loop=OpenLoop(rate_per_second=rate),
            seconds=latency_seconds(self._plan, rate),
            lengthen=False,  # windows with few requests look unsteady by chance
        )
        for number in range(LATENCY_STARTS):
            plan = replace(self._latency_plan, seed=self._plan.seed + number)
            for name in order_of_round(self._living, number):
                self._measure(name, plan, Phase.LATENCY, number, LATENCY_STARTS)

    def _measure(self, name: str, plan: TrialPlan, phase: Phase, number: int, rounds: int) -> None:
        everyone = list(self._contenders.values())
        left = seconds_left(everyone, self._plan, phase, rounds=rounds, latency=self._latency)
        self._on_step(Step(phase=phase, name=name, round=number + 1, rounds=rounds, seconds_left=left))
        one = self._contenders[name]
        try:
            trial = self._execute(one.candidate, plan)
        except ServerFailed as error:
            self._failed = self._failed or error
            what = f"{error}: {error.why}" if error.why else str(error)
            self._contenders[name] = replace(one, failure=Failure(phase=phase, what=what, log=error.log))
            self._on_trial(self._result(finished=False))
            return
        if trial.interrupted:
            raise KeyboardInterrupt
        what = failures_text(trial)
        failure = Failure(phase=phase, what=what, log=trial.log) if what else None
        if phase is Phase.SATURATION:
            self._contenders[name] = replace(one, trials=(*one.trials, trial), failure=failure)
            self._check_same_app()
        else:
            self._contenders[name] = replace(one, latency_trials=(*one.latency_trials, trial), failure=failure)
        self._on_trial(self._result(finished=False))

    def _check_same_app(self) -> None:
        """Raise BadInput when two serve different apps: nothing else would show that their figures mean nothing."""
        apps: dict[str, str] = {}
        for one in self._contenders.values():
            if one.trials and one.trials[0].settings is not None:
                apps.setdefault(one.trials[0].settings.app, one.name)
        if len(apps) > 1:
            (app, name), (other_app, other_name) = itertools.islice(apps.items(), 2)
            raise BadInput(
                "the configurations serve different apps",
                why=f"{name} serves {app}, {other_name} serves {other_app}",
                hint="name the app that all of them shall serve with --app",
            )

    def _result(self, *, finished: bool) -> CompareResult:
        contenders = tuple(self._contenders.values())
        sound = [one for one in contenders if one.comparable]
        return CompareResult(
            contenders=contenders,
            plan=self._plan,
            planned_rounds=self._rounds,
            identical=self._identical,
            pairings=tuple(self._pair(sound[0], one) for one in sound[1:]),
            best_two=self._best_two(sound),
            latency_plan=self._latency_plan,
            latency_why_not=self._latency_why_not,
            finished=finished,
            interrupted=self._interrupted,
        )

    def _best_two(self, sound: Sequence[Contender]) -> Pairing | None:
        """The fastest with the next; None where the first one given is among them, since it is compared anyway."""
        if len(sound) < 3:
            return None
        best, runner_up = sorted(sound, key=lambda one: mean(one.throughputs), reverse=True)[:2]
        return None if sound[0] in (best, runner_up) else self._pair(runner_up, best)

    def _pair(self, first: Contender, second: Contender) -> Pairing:
        """Compare over the rounds in which both were measured."""
        rounds = min(len(first.trials), len(second.trials))
        comparison = compare_pairs(first.throughputs[:rounds], second.throughputs[:rounds], planned_pairs=self._rounds)
        return Pairing(first=first.name, second=second.name, comparison=comparison)
