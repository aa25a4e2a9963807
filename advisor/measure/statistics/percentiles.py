"""Percentiles from raw samples, shown only from as many samples as they need, each with its interval."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor.measure.statistics.estimate import CONFIDENCE, Interval
from advisor.measure.statistics.student import t_quantile

PERCENTS = (50.0, 90.0, 95.0, 99.0, 99.9)

# How many samples must lie beyond a percentile: with 10, p99 needs 1,000 samples and p99.9 needs 10,000.
SAMPLES_BEYOND = 10

# Percents are counted in thousandths, as whole numbers: 99.9 % of 10,000 is 9,990, not 9,990.000000000002.
_WHOLE = 100_000
# Neighbouring requests resemble one another; how much, the spread between 20 batches of neighbours tells (batch means,
# Law and Kelton, Simulation Modeling and Analysis, chapter 9: 10 to 30 batches).
_BATCHES = 20
# That batches differ less than half as much as independent samples would is chance: 4 in 100 of them look so.
_LEAST_DEPENDENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """The latency below which this percentage of the requests stayed.

    ``latency_seconds`` is None when fewer than ``needed_samples`` were taken. ``interval`` is the 95 % interval in
    seconds, None when the samples do not give one.
    """

    percent: float
    latency_seconds: float | None
    interval: Interval | None
    samples: int
    needed_samples: int

    @property
    def name(self) -> str:
        """``p50``, ``p99.9``."""
        return f"p{self.percent:g}"


def needed_samples(percent: float) -> int:
    """From how many samples a percentile may be shown: 20 for p50, 1,000 for p99, 10,000 for p99.9.

    Raises ValueError when it is not between 0 and 100.
    """
    rank = _thousandths(percent)
    return max(-(-SAMPLES_BEYOND * _WHOLE // (_WHOLE - rank)), -(-SAMPLES_BEYOND * _WHOLE // rank))


def with_failures(latencies_seconds: Iterable[float], *, failures: int, timeout_seconds: float) -> array[float]:
    """The latencies in order, with each request that failed counted as the timeout, since its user got no answer."""
    counted = array("d", latencies_seconds)
    counted.extend(array("d", [timeout_seconds]) * failures)
    return array("d", sorted(counted))


def at_percent(ordered: Sequence[float], percent: float) -> float:
    """The sample at the rank ⌈n × percent / 100⌉ of samples in ascending order: always one that was measured.

    Raises ValueError when there is none, or for a percent that is not between 0 and 100.
    """
    if not ordered:
        raise ValueError("no samples, no percentile")
    return ordered[_rank(len(ordered), percent) - 1]


def percentiles(latencies_seconds: Sequence[float], percents: Iterable[float] = PERCENTS) -> tuple[Percentile, ...]:
    """The percentiles of samples that are given in the order of time, which their intervals depend on."""
    ordered = sorted(latencies_seconds)
    return tuple(_percentile(latencies_seconds, ordered, percent) for percent in percents)


def _percentile(in_time: Sequence[float], ordered: Sequence[float], percent: float) -> Percentile:
    needed, samples = needed_samples(percent), len(ordered)
    enough = samples >= needed
    return Percentile(
        percent=percent,
        latency_seconds=at_percent(ordered, percent) if enough else None,
        interval=_interval(in_time, ordered, percent) if enough else None,
        samples=samples,
        needed_samples=needed,
    )


def _interval(in_time: Sequence[float], ordered: Sequence[float], percent: float) -> Interval | None:
    """Two samples that hold the percentile between them: the ranks n·p ± t·√(n·p·(1 − p)·dependence).

    The order statistics of independent samples (Conover, Practical Nonparametric Statistics, 3.2), with the dependence:
    how much more the share of slower requests varies between batches of neighbours than among independent ones.
    None when a rank falls outside of the samples.
    """
    samples, share = len(ordered), percent / 100
    value = at_percent(ordered, percent)
    size = samples // _BATCHES
    if size == 0:
        return None
    shares = [
        sum(latency >= value for latency in in_time[start : start + size]) / size
        for start in range(0, size * _BATCHES, size)
    ]
    middle = math.fsum(shares) / _BATCHES
    between = math.fsum((one - middle) ** 2 for one in shares) / (_BATCHES - 1)
    # All latencies may be the same; then nothing can be learnt of how they depend on one another.
    dependence = max(_LEAST_DEPENDENCE, size * between / (middle * (1 - middle))) if middle < 1 else 1.0
    half = t_quantile(CONFIDENCE, _BATCHES - 1) * math.sqrt(samples * share * (1 - share) * dependence)
    low, high = math.floor(samples * share - half), math.ceil(samples * share + half) + 1
    if low < 1 or high > samples:
        return None
    return Interval(ordered[low - 1], ordered[high - 1])


def _rank(samples: int, percent: float) -> int:
    return -(-samples * _thousandths(percent) // _WHOLE)


def _thousandths(percent: float) -> int:
    if not 0 < percent < 100:
        raise ValueError(f"{percent:g} is not a percentile: it must be above 0 and below 100")
    return min(max(round(percent * 1000), 1), _WHOLE - 1)
