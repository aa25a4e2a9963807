"""Measures one configuration: a fresh start of the server for each repetition. Pure orchestration of trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.measure.bench.trial import Candidate, Execute, RunningTarget, Trial, TrialPlan

# What an interruption left of a trial counts beside whole ones from half of their length on: as a repetition of equal
# weight, a shorter one would bring more noise than knowledge.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One configuration with the trials that have been made of it, of ``restarts`` planned ones.

    A server that gcadvise did not start is not restarted: its trials are runs, one after another.
    """

    candidate: Candidate
    plan: TrialPlan
    restarts: int
    trials: tuple[Trial, ...] = ()
    interrupted: bool = False

    @property
    def partial(self) -> bool:
        """Whether less was measured than was planned."""
        return self.interrupted or len(self.trials) < self.restarts

    @property
    def restarted(self) -> bool:
        """Whether each trial had a fresh start of the server."""
        return not isinstance(self.candidate.server, RunningTarget)


def bench(
    candidate: Candidate,
    plan: TrialPlan,
    *,
    restarts: int,
    execute: Execute,
    on_trial: Callable[[Bench], None] = lambda _: None,
) -> Bench:
    """Run the trials; ``on_trial`` gets what there is so far after each.

    Each trial has a seed of its own, so that what chance does to a schedule is in the spread between them too. Ctrl-C
    ends it with what was measured; when that is nothing, KeyboardInterrupt goes on. Raises ServerFailed when a start
    of the server fails, or it dies under the load.
    """
    so_far = Bench(candidate=candidate, plan=plan, restarts=restarts)
    for number in range(restarts):
        try:
            trial = execute(candidate, replace(plan, seed=plan.seed + number))
        except KeyboardInterrupt:
            if not so_far.trials:
                raise
            return replace(so_far, interrupted=True)
        so_far = _with(so_far, trial)
        if not so_far.trials:
            raise KeyboardInterrupt
        try:
            on_trial(so_far)
        except KeyboardInterrupt:
            return replace(so_far, interrupted=True)
        if so_far.interrupted:
            break
    return so_far


def _with(bench: Bench, trial: Trial) -> Bench:
    if not trial.interrupted:
        return replace(bench, trials=(*bench.trials, trial))
    least = bench.plan.seconds * _LEAST_SHARE if bench.trials else 0.0
    counts = bool(trial.windows) and trial.seconds > least
    return replace(bench, trials=(*bench.trials, trial) if counts else bench.trials, interrupted=True)
