"""Chooses what to measure next: where the model and the runs so far leave most room above the best so far.

The model predicts every option. What it gets wrong it gets wrong alike for neighbours, so the ratio of measured to
predicted is learnt by a Gaussian process over the doublings of workers and threads; the next option is the one whose
expected improvement over the best is greatest. Pure: the same runs give the same next step.
"""

from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor.measure.tune.gaussian import Belief, Kernel, Place, Process, expected_improvement
from advisor.measure.tune.option import Forecast, Option
from advisor.measure.tune.runs import FailureKind, Run, disqualified

# The logarithm of measured ÷ predicted: 0.10 of it is common to all (the load generator, the machine), 0.05 to a class,
# 0.10 to neighbours within about a doubling of workers or threads, and 0.05 is an option's own. Chosen by simulation
# from single runs of 32 configurations with seven workloads on 2 CPUs; half or twice as much of each loses 1 % at most.
KERNEL = Kernel(shared=0.10, group=0.05, local=0.10, length=1.0, own=0.05)
# A run of 2 s on a fresh start differs so much from the next one.
NOISE = 0.03
# The search ends once no option is expected to gain more than this share of the best,
ENOUGH = 0.005
# but not before so many options were measured: one alone tells nothing of where the model errs.
FEWEST_OPTIONS = 3
# A run that is so many standard deviations below what its neighbours say is repeated; something else may have had the
# CPUs. At 3, chance alone asks for one in 700.
SUSPICIOUS = 3.0
# Two runs of one option further apart than this: the lower one was disturbed. Nothing makes a server faster than it is.
DISTURBED = 0.15


# Options closer than this in throughput are the same: the cheaper in memory is taken, so a dearer one must gain more.
TIE = 0.03
# PSS of one configuration differs so much from start to start.
SAME_MEMORY = 0.02
# To save less than a tenth of the memory is no reason to prefer a slower one.
CLEARLY_LESS = 0.9


class Why(enum.Enum):
    """Why an option is measured."""

    MODEL = "the model's first choice"
    IMPROVEMENT = "it could still be better than the best so far"
    AGAIN = "its run was far below what its neighbours say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What to measure next.

    ``up_to`` is by which share it could exceed the best so far (with a probability of one in twenty).
    """

    forecast: Forecast
    why: Why
    up_to: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is believed of an option after some runs: the logarithm of what is sought, per second."""

    forecast: Forecast
    belief: Belief
    measured: bool

    @property
    def per_second(self) -> float:
        """What is sought, in requests per second, as far as it is known."""
        return math.exp(self.belief.mean)


# One in twenty lies beyond so many standard deviations.
_ONE_IN_TWENTY = 1.645


def next_step(
    forecasts: Sequence[Forecast],
    runs: Sequence[Run],
    *,
    enough: float = ENOUGH,
    fewest: int = FEWEST_OPTIONS,
) -> Suggestion | None:
    """What to measure next; None when nothing promises enough.

    ``runs`` are those of the search so far.
    """
    out = excluded(forecasts, runs)
    left = [forecast for forecast in forecasts if forecast.option.name not in out]
    if not left:
        return None
    if not runs:
        most = max(forecast.target_per_second for forecast in left)
        near = [forecast for forecast in left if forecast.target_per_second >= (1 - TIE) * most]
        return Suggestion(forecast=min(near, key=_cost), why=Why.MODEL)
    doubtful = _doubtful(left, runs)
    if doubtful is not None:
        return Suggestion(forecast=doubtful, why=Why.AGAIN)
    standing = standings(left, runs)
    known = [one for one in standing if one.measured]
    fresh = [one for one in standing if not one.measured]
    if not fresh:
        return None
    if not known:
        return Suggestion(forecast=max(fresh, key=lambda one: one.belief.mean).forecast, why=Why.MODEL)
    best = max(known, key=lambda one: one.belief.mean)

    def gain(one: Standing) -> float:
        """What is expected to be gained, beyond a tie where it costs more memory."""
        dearer = one.forecast.memory_bytes > (1 + SAME_MEMORY) * best.forecast.memory_bytes
        return expected_improvement(one.belief, best.belief.mean + (math.log1p(TIE) if dearer else 0.0))

    chosen = max(fresh, key=gain)
    if gain(chosen) < enough and len(known) >= fewest:
        return None
    up_to = math.expm1(chosen.belief.mean + _ONE_IN_TWENTY * chosen.belief.deviation - best.belief.mean)
    return Suggestion(forecast=chosen.forecast, why=Why.IMPROVEMENT, up_to=up_to)


def standings(forecasts: Iterable[Forecast], runs: Sequence[Run]) -> list[Standing]:
    """What is believed of each option, the best first."""
    forecasts = list(forecasts)
    measured = _measured(runs)
    known = [forecast for forecast in forecasts if forecast.option.name in measured]
    process = _process(known, measured)
    found = []
    for forecast in forecasts:
        residual = process.at(_place(forecast.option))
        mean = math.log(forecast.target_per_second) + residual.mean
        found.append(
            Standing(
                forecast=forecast,
                belief=Belief(mean, residual.deviation),
                measured=forecast.option.name in measured,
            )
        )
    return sorted(found, key=lambda one: -one.belief.mean)


def excluded(forecasts: Iterable[Forecast], runs: Sequence[Run]) -> set[str]:
    """The options that deserve no run: they failed, or need as much memory as one that needed too much."""
    reasons = disqualified(runs)
    too_big = {name for name, failure in reasons.items() if failure.kind is FailureKind.MEMORY}
    forecasts = list(forecasts)
    least = min((one.memory_bytes for one in forecasts if one.option.name in too_big), default=None)
    bigger = {one.option.name for one in forecasts if least is not None and one.memory_bytes >= least}
    return {*reasons, *bigger}


def undisturbed(values: Sequence[float]) -> list[float]:
    """The throughputs of one option's runs without those far below the highest."""
    return [value for value in values if value >= (1 - DISTURBED) * max(values)]


def _measured(runs: Sequence[Run]) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {}
    for run in runs:
        if run.failure is None and run.throughput_per_second > 0:
            values.setdefault(run.name, []).append(run.throughput_per_second)
    return values


def _process(known: Sequence[Forecast], measured: dict[str, list[float]]) -> Process:
    places, residuals, noises = [], [], []
    for forecast in known:
        values = undisturbed(measured[forecast.option.name])
        places.append(_place(forecast.option))
        residuals.append(statistics.fmean(math.log(value / forecast.per_second) for value in values))
        noises.append(NOISE / math.sqrt(len(values)))
    return Process(places, residuals, noises, KERNEL)


def _doubtful(left: Sequence[Forecast], runs: Sequence[Run]) -> Forecast | None:
    """An option measured once whose run is far below what the other runs say of it, if it would then be the best.

    None from two options alone.
    """
    measured = _measured(runs)
    known = [forecast for forecast in left if forecast.option.name in measured]
    if len(known) < FEWEST_OPTIONS:
        return None
    best = max(one.belief.mean for one in standings(known, runs))
    for forecast in known:
        values = measured[forecast.option.name]
        if len(values) > 1:
            continue
        others = [one for one in known if one is not forecast]
        belief = _process(others, measured).at(_place(forecast.option))
        residual = math.log(values[0] / forecast.per_second)
        if math.log(forecast.target_per_second) + belief.mean < best:
            continue
        if residual < belief.mean - SUSPICIOUS * math.hypot(belief.deviation, NOISE):
            return forecast
    return None


def _cost(forecast: Forecast) -> tuple[int, int]:
    """The least memory first, then the fewest threads."""
    return forecast.memory_bytes, forecast.option.threads


def _place(option: Option) -> Place:
    return Place(math.log2(option.shape.workers), math.log2(option.threads), option.group)
