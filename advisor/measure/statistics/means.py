"""Means over restarts with a t interval; with few restarts, over the windows within them, and said so."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.measure.statistics.bootstrap import bootstrap_mean
from advisor.measure.statistics.estimate import CONFIDENCE, Basis, Estimate, Interval
from advisor.measure.statistics.student import t_quantile

# Two restarts give a t interval of ± 9 standard deviations (12.7 / √2), which tells nothing; three give ± 2.5.
FEWEST_RESTARTS = 3


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. Raises ValueError when there are no values."""
    if not values:
        raise ValueError("no values, no mean")
    return math.fsum(values) / len(values)


def standard_deviation(values: Sequence[float]) -> float:
    """The standard deviation of a sample (n − 1). Raises ValueError below two values."""
    if len(values) < 2:
        raise ValueError("the spread of a sample needs two values")
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The t interval for the mean of independent values, about normal. Raises ValueError below two values."""
    half = t_quantile(confidence, len(values) - 1) * standard_deviation(values) / math.sqrt(len(values))
    middle = mean(values)
    return Interval(middle - half, middle + half)


def estimate_mean(restarts: Sequence[Sequence[float]], *, seed: int = 0) -> Estimate:
    """The mean over restarts of what each showed in its windows, such as throughput in windows of 250 ms.

    From three restarts on the interval is a t interval over their means: the balance between workers differs from
    start to start, so restarts vary more than the windows within them (Kalibera and Jones, "Rigorous Benchmarking in
    Reasonable Time", ISMM 2013). Below three it is a block bootstrap over the windows, which knows nothing of that.
    Raises ValueError when there is no window at all.
    """
    means = [mean(windows) for windows in restarts if windows]
    middle = mean(means)
    if len(means) >= FEWEST_RESTARTS:
        return Estimate(mean=middle, interval=t_interval(means), basis=Basis.RESTARTS, values=len(means))
    interval = bootstrap_mean([windows for windows in restarts if windows], seed=seed)
    count = sum(map(len, restarts))
    basis = Basis.NOTHING if interval is None else Basis.WINDOWS
    return Estimate(mean=middle, interval=interval, basis=basis, values=count)
