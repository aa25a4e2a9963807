"""What a comparison of configurations showed. Data alone."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.measure.statistics.comparison import Comparison, Verdict
from advisor.measure.statistics.estimate import Interval
from advisor.measure.statistics.means import mean


class Phase(enum.Enum):
    """What a trial is for."""

    SATURATION = "saturation"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a configuration is not compared any further."""

    phase: Phase
    what: str
    log: str = ""
    """The end of what Gunicorn printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One configuration with its trials, each list in the order of the rounds."""

    candidate: Candidate
    trials: tuple[Trial, ...] = ()
    """At saturation. One that failed has fewer than the others."""
    latency_trials: tuple[Trial, ...] = ()
    failure: Failure | None = None

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.candidate.name

    @property
    def comparable(self) -> bool:
        """Whether its throughput counts: nothing failed at saturation, and it was measured."""
        return bool(self.trials) and (self.failure is None or self.failure.phase is Phase.LATENCY)

    @property
    def throughputs(self) -> tuple[float, ...]:
        """Requests per second at saturation, one value a start."""
        return tuple(trial.throughput_per_second for trial in self.trials)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The throughput of ``second`` as a multiple of that of ``first``."""

    first: str
    second: str
    comparison: Comparison

    @property
    def turned(self) -> Pairing:
        """The same the other way round."""
        one = self.comparison
        interval = None if one.interval is None else Interval(1 / one.interval.high, 1 / one.interval.low)
        turned = replace(one, ratio=1 / one.ratio, interval=interval, verdict=_TURNED[one.verdict])
        return Pairing(first=self.second, second=self.first, comparison=turned)


_TURNED = {
    Verdict.HIGHER: Verdict.LOWER,
    Verdict.LOWER: Verdict.HIGHER,
    Verdict.NO_DIFFERENCE_SHOWN: Verdict.NO_DIFFERENCE_SHOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareResult:
    """What a comparison showed, or has shown so far.

    ``pairings`` are of each configuration with the first one that can be compared; ``best_two`` is the fastest with
    the next, where that is not one of them. ``identical`` are the names of those that start the very same server.
    """

    contenders: tuple[Contender, ...]
    plan: TrialPlan
    planned_rounds: int
    identical: tuple[tuple[str, str], ...] = ()
    pairings: tuple[Pairing, ...] = ()
    best_two: Pairing | None = None
    latency_plan: TrialPlan | None = None
    """The load that latencies were measured under; None where they were not."""
    latency_why_not: str = ""
    finished: bool = False
    interrupted: bool = False

    @property
    def rounds(self) -> int:
        """How many rounds at saturation were made in full, by all that did not fail in them."""
        sound = (one for one in self.contenders if one.failure is None or one.failure.phase is Phase.LATENCY)
        return min((len(one.trials) for one in sound), default=0)

    @property
    def comparable(self) -> tuple[Contender, ...]:
        """The configurations whose throughput counts, in the order given."""
        return tuple(one for one in self.contenders if one.comparable)

    @property
    def all_pairings(self) -> tuple[Pairing, ...]:
        """Every comparison that was made."""
        return self.pairings + (() if self.best_two is None else (self.best_two,))

    @property
    def baseline(self) -> Contender | None:
        """The one that all others are compared with: the first of those that can be compared."""
        return self.comparable[0] if self.comparable else None

    @property
    def top(self) -> Pairing | None:
        """The fastest (``second``) beside the next; None with fewer than two that can be compared."""
        by_speed = sorted(self.comparable, key=lambda one: mean(one.throughputs), reverse=True)
        if len(by_speed) < 2:
            return None
        best, runner_up = by_speed[0].name, by_speed[1].name
        pairing = next(
            one for one in self.all_pairings if one.second in (best, runner_up) and one.first in (best, runner_up)
        )
        pairing = pairing if pairing.second == best else pairing.turned
        # The mean may favour the one and the ratio of each round the other; what is shown counts.
        return pairing.turned if pairing.comparison.verdict is Verdict.LOWER else pairing

    def relative(self, name: str) -> Comparison | None:
        """The throughput of this configuration as a multiple of the baseline's; None for that and what failed."""
        return next((pairing.comparison for pairing in self.pairings if pairing.second == name), None)

    def contender(self, name: str) -> Contender:
        """The configuration of this name."""
        return next(one for one in self.contenders if one.name == name)
