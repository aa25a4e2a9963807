"""How long a comparison takes: said beforehand, and while it runs. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.bench.compare_result import Contender, Phase
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.statistics.comparison import FEWEST_PAIRS
from advisor.measure.statistics.means import mean
from advisor.measure.statistics.percentiles import needed_samples

# The load for latencies, as a share of the least capacity: below it queues are short and all look alike, above it they
# grow with the length of the run (advisor/sizing/demand.py aims at four fifths).
LATENCY_LOAD = 0.7
# The balance between workers differs from start to start, so one start is not enough to show latencies from; with two,
# in opposite orders, a drift of the machine falls on all alike.
LATENCY_STARTS = 2
# Poisson arrivals vary (1,000 are expected ± 32), and what is not yet steady is cut from them: a quarter more.
_LATENCY_SAMPLES = 1.25 * needed_samples(99)
# From 21 requests/s on this gives a p99; below that the wait would be longer than the answer is worth.
MOST_LATENCY_SECONDS = 30.0
# To start three workers with a small app, see each of them answer, and end them, on 2 CPUs.
START_SECONDS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The trial that comes next; ``seconds_left`` is about what it and all later ones take if none ends early."""

    phase: Phase
    name: str
    round: int
    rounds: int
    seconds_left: float


def seconds_beforehand(plan: TrialPlan, *, candidates: int, rounds: int, latency: bool) -> tuple[float, float]:
    """About how long a comparison takes: when it is clear as soon as can be, and when nothing ends early."""
    trial = _trial_seconds(plan.warm_up_seconds, plan.seconds)
    least, most = min(rounds, FEWEST_PAIRS) * trial, rounds * trial
    if latency:
        least += LATENCY_STARTS * trial
        most += LATENCY_STARTS * _trial_seconds(plan.warm_up_seconds, max(plan.seconds, MOST_LATENCY_SECONDS))
    return candidates * least, candidates * most


def seconds_left(
    contenders: Sequence[Contender], plan: TrialPlan, phase: Phase, *, rounds: int, latency: bool
) -> float:
    """About how long the trials take that are still to be made, judging by those that were."""
    living = [one for one in contenders if one.failure is None]
    rate = latency_rate(living)
    seconds = max(plan.seconds, MOST_LATENCY_SECONDS) if rate is None else latency_seconds(plan, rate)
    latency_trial = _trial_seconds(plan.warm_up_seconds, seconds)
    if phase is Phase.LATENCY:
        return latency_trial * sum(LATENCY_STARTS - len(one.latency_trials) for one in living)
    left = _trial_seconds(plan.warm_up_seconds, plan.seconds) * sum(rounds - len(one.trials) for one in living)
    return left + (latency_trial * LATENCY_STARTS * len(living) if latency else 0.0)


def latency_rate(contenders: Sequence[Contender]) -> float | None:
    """The rate at which latencies are measured: 70 % of the least capacity; None while none is known."""
    capacities = [mean(one.throughputs) for one in contenders if one.comparable]
    return LATENCY_LOAD * min(capacities) if capacities else None


def latency_seconds(plan: TrialPlan, rate_per_second: float) -> float:
    """How long each start is measured at this rate: enough for a p99 in all, unless that takes too long."""
    needed = _LATENCY_SAMPLES / rate_per_second / LATENCY_STARTS
    return max(plan.seconds, min(needed, MOST_LATENCY_SECONDS))


def _trial_seconds(warm_up_seconds: float, seconds: float) -> float:
    return START_SECONDS + warm_up_seconds + seconds
