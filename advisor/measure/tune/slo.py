"""Finds the highest rate at which a configuration keeps a limit of latency, by halving a bracket of open loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.load.spec import OpenLoop
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.statistics.percentiles import needed_samples
from advisor.measure.tune.ledger import Contender, Ledger
from advisor.measure.tune.runs import MOST_ERRORS, Phase, Run
from advisor.model.prediction import Prediction

# Until both ends of the bracket are known, the next rate is so many times the last.
STRIDE = 1.25
# Down it goes faster: an overloaded server teaches nothing.
STRIDE_DOWN = 1.6
# Where even so small a share of the first rate does not hold, the limit is not one of load.
LEAST_SHARE = 0.1
# A rate 5 % higher or lower cannot be told apart by runs of some seconds.
FINE = 1.05
# The first rate is a little below what the model says: an overloaded server teaches nothing but that it is one.
CAUTION = 0.9
# Long enough for a queue to build up; short enough for a handful of steps in a minute.
LEAST_SECONDS, MOST_SECONDS = 4.0, 15.0
# Poisson arrivals need some more than the mean to be that many.
_SPARE = 1.1
# The model's rate is sought between these shares of its throughput, to this precision.
_LOWEST_SHARE, _HIGHEST_SHARE, _HALVINGS = 0.05, 0.98, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyLimit:
    """``percent`` of all requests are answered within ``seconds``; ``text`` is what the user wrote."""

    percent: float
    seconds: float
    text: str

    @property
    def late_allowed(self) -> float:
        """The share of requests that may be later."""
        return 1 - self.percent / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """The highest rate that held and the lowest above it that did not, in requests per second; None where none did."""

    held: float | None
    missed: float | None

    @property
    def closed(self) -> bool:
        """Whether the two are so near that another step would teach nothing."""
        return self.held is not None and self.missed is not None and self.missed / self.held <= FINE

    def next_rate(self, first: float) -> float:
        """What to try next; ``first`` at the beginning."""
        if self.held is not None and self.missed is not None:
            return math.sqrt(self.held * self.missed)
        if self.held is not None:
            return self.held * STRIDE
        return first if self.missed is None else self.missed / STRIDE_DOWN

    def after(self, run: Run, limit: LatencyLimit) -> Bracket:
        """The bracket with one more step."""
        rate = run.rate_per_second or 0.0
        if holds(run, limit):
            return replace(self, held=rate if self.held is None else max(self.held, rate))
        # A miss below a rate that held was bad luck on one side; the lower is the safer of the two.
        held = None if self.held is not None and self.held >= rate else self.held
        return Bracket(held=held, missed=rate if self.missed is None else min(self.missed, rate))


def holds(run: Run, limit: LatencyLimit) -> bool:
    """Whether a run kept the limit, and answered nearly all."""
    if run.failure is not None or run.late_share is None:
        return False
    return run.late_share <= limit.late_allowed and run.error_share <= MOST_ERRORS


def open_plan(plan: TrialPlan, rate: float, limit: LatencyLimit) -> TrialPlan:
    """An open loop at that rate, for as long as the percentile needs samples, within bounds."""
    seconds = min(max(needed_samples(limit.percent) * _SPARE / rate, LEAST_SECONDS), MOST_SECONDS)
    return replace(plan, loop=OpenLoop(rate_per_second=rate), seconds=seconds)


def find_rate(
    contender: Contender,
    plan: TrialPlan,
    ledger: Ledger,
    limit: LatencyLimit,
    *,
    first: float,
    reserve_seconds: float,
    on_step: Callable[[float], None],
) -> Bracket:
    """Narrow the bracket until it is closed or only the reserve is left; two steps are made whatever they take."""
    bracket = Bracket(held=None, missed=None)
    steps = 0
    while not bracket.closed:
        rate = bracket.next_rate(first)
        if rate < LEAST_SHARE * first:
            break
        step = open_plan(plan, rate, limit)
        if steps >= 2 and ledger.expected_seconds(step) + reserve_seconds > ledger.left_seconds:
            break
        on_step(rate)
        run = ledger.measure(Phase.RATE, contender, step, late_after_seconds=limit.seconds)
        if run.failure is not None and run.late_share is None:
            break
        bracket = bracket.after(run, limit)
        steps += 1
    return bracket


def predicted_rate(throughput: float, limit: LatencyLimit, predict: Callable[[float], Prediction]) -> float:
    """The highest rate at which the model keeps the limit, of its p99: it predicts no other percentile.

    ``predict`` gives the prediction at a rate. The lowest share of the throughput where none is predicted to hold it.
    """
    low, high = _LOWEST_SHARE, _HIGHEST_SHARE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        latency = predict(middle * throughput).latency
        if latency is not None and latency.p99_seconds <= limit.seconds:
            low = middle
        else:
            high = middle
    return low * throughput
