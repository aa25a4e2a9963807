"""Runs trials, keeps what came of each, and counts the time they took; a run that is kept already is not repeated.

Tuning is deterministic: the same runs lead to the same next one. So a tuning that was interrupted is resumed by doing
it again with the runs that were saved, and the time they took then counts now.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from advisor.load.spec import OpenLoop
from advisor.measure.bench.trial import Candidate, Execute, Trial, TrialPlan
from advisor.measure.tune.option import Option
from advisor.measure.tune.runs import (
    Failure,
    FailureKind,
    Phase,
    Run,
    error_share,
    failure_of,
    latencies_of,
    memory_of,
)
from gunicorn_conf.errors import ServerFailed

# Until the first run has told: starting Gunicorn, importing a middling app, waiting for every worker, ending it all.
START_GUESS_SECONDS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A configuration that can be measured; ``option`` is None for one of the user's own that is not known yet.

    ``predicted_per_second`` is the throughput that the model predicts, None where it does not.
    """

    candidate: Candidate
    option: Option | None
    predicted_per_second: float | None

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.candidate.name


class Ledger:
    """The runs of one tuning; ``recorded`` are those of an earlier, interrupted one. ``on_run`` is called after one."""

    def __init__(
        self,
        execute: Execute,
        *,
        budget_seconds: float,
        memory_bytes: int | None,
        recorded: Iterable[Run] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._execute = execute
        self._budget_seconds = budget_seconds
        self._memory_bytes = memory_bytes
        self._recorded = {run.key: run for run in recorded}
        self.on_run: Callable[[], None] = lambda: None
        self._clock = clock
        self._planned_seconds = 0.0
        self.runs: list[Run] = []

    @property
    def spent_seconds(self) -> float:
        """The time of all runs so far, of those recorded too."""
        return sum(run.elapsed_seconds for run in self.runs)

    @property
    def left_seconds(self) -> float:
        """What is left of the budget; never below 0."""
        return max(self._budget_seconds - self.spent_seconds, 0.0)

    def of(self, phase: Phase, name: str | None = None) -> list[Run]:
        """The runs of a phase, or those of one configuration in it."""
        return [run for run in self.runs if run.phase is phase and name in (None, run.name)]

    def knows(self, phase: Phase, name: str, rate_per_second: float | None) -> bool:
        """Whether the next run of a configuration in a phase, at that rate, is recorded already."""
        return self._known(phase, name, rate_per_second) is not None

    def expected_seconds(self, plan: TrialPlan) -> float:
        """What a run of that plan will take, start and end of the server included."""
        overhead = START_GUESS_SECONDS
        if self.runs:
            overhead = max(self.spent_seconds - self._planned_seconds, 0.0) / len(self.runs)
        return plan.warm_up_seconds + plan.seconds + overhead

    def measure(
        self, phase: Phase, contender: Contender, plan: TrialPlan, *, late_after_seconds: float | None = None
    ) -> Run:
        """One run, kept. A server that fails is a run with a failure.

        Raises KeyboardInterrupt when the run was interrupted; it is not kept then.
        """
        run = self._known(phase, contender.name, _rate_of(plan))
        if run is None:
            number = len(self.of(phase, contender.name)) + 1
            run = self._run(phase, contender, plan, number, late_after_seconds)
        self._planned_seconds += plan.warm_up_seconds + plan.seconds
        self.runs.append(run)
        self.on_run()
        return run

    def _known(self, phase: Phase, name: str, rate_per_second: float | None) -> Run | None:
        run = self._recorded.get((phase, name, len(self.of(phase, name)) + 1))
        return run if run is not None and _same_rate(run.rate_per_second, rate_per_second) else None

    def _run(
        self, phase: Phase, contender: Contender, plan: TrialPlan, number: int, late_after_seconds: float | None
    ) -> Run:
        begun = self._clock()
        trial: Trial | None = None
        failure: Failure | None = None
        try:
            trial = self._execute(contender.candidate, plan)
        except ServerFailed as error:
            failure = Failure(FailureKind.START, f"{error}" + (f": {error.why}" if error.why else ""))
        if trial is not None and trial.interrupted:
            raise KeyboardInterrupt
        elapsed = self._clock() - begun
        rate = _rate_of(plan)
        if trial is None:
            return Run(
                phase=phase,
                name=contender.name,
                number=number,
                predicted_per_second=contender.predicted_per_second,
                rate_per_second=rate,
                throughput_per_second=0.0,
                latencies=None,
                late_share=None,
                error_share=0.0,
                memory_bytes=None,
                cpu_seconds_per_request=None,
                settings=None,
                failure=failure,
                began="",
                elapsed_seconds=elapsed,
            )
        times = trial.samples.response_times(timeout_seconds=plan.timeout_seconds)
        late = None
        if late_after_seconds is not None and len(times):
            late = sum(seconds > late_after_seconds for seconds in times) / len(times)
        return Run(
            phase=phase,
            name=contender.name,
            number=number,
            predicted_per_second=contender.predicted_per_second,
            rate_per_second=rate,
            throughput_per_second=trial.throughput_per_second,
            latencies=latencies_of(times),
            late_share=late,
            error_share=error_share(trial.samples),
            memory_bytes=memory_of(trial),
            cpu_seconds_per_request=trial.server_cpu_seconds_per_request,
            settings=trial.settings,
            failure=failure_of(trial, memory_bytes=self._memory_bytes),
            began=trial.began,
            elapsed_seconds=elapsed,
        )


def _rate_of(plan: TrialPlan) -> float | None:
    return plan.loop.rate_per_second if isinstance(plan.loop, OpenLoop) else None


def _same_rate(one: float | None, other: float | None) -> bool:
    """Whether runs are of the same load: a tuning that goes on with another budget may come to other rates."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other)
