"""Figures that tell whether a run may be believed, with the limits above which it may not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.statistics.estimate import CONFIDENCE
from advisor.measure.statistics.means import mean, standard_deviation
from advisor.measure.statistics.student import t_quantile

# Clients that are always busy leave no residual but requests cut by the window's ends; more is an error of
# accounting, or clients that stood still.
LITTLE_LIMIT = 0.05
# A change between halves as large as the differences that configurations are compared for.
DRIFT_LIMIT = 0.05
# On an idle machine windows of 1 s vary by 1 to 4 %; above this, something else takes the CPUs, or the load is bursty.
VARIATION_LIMIT = 0.08
# Two values a half, or there is no spread to compare the difference with.
_FEWEST_FOR_DRIFT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The change from the first half to the second as a share of the mean, and what chance alone gives in 95 %."""

    change: float
    by_chance: float

    @property
    def too_large(self) -> bool:
        """Whether it is above the limit, and not to be put down to chance."""
        return abs(self.change) > max(DRIFT_LIMIT, self.by_chance)


def little_residual(*, throughput_rps: float, mean_latency_seconds: float, clients: int) -> float:
    """How far the requests under way (Little's law: rate × latency) are from the clients of a closed loop, as a share.

    −0.1: one client in ten was not accounted for, on average. Raises ValueError without clients.
    """
    if clients < 1:
        raise ValueError("a closed loop has clients")
    return throughput_rps * mean_latency_seconds / clients - 1


def drift(windows: Sequence[float]) -> Drift | None:
    """The change between the halves of a run; None when there are too few windows, or nothing in them.

    With an odd number the window in the middle belongs to neither half.
    """
    half = len(windows) // 2
    if len(windows) < _FEWEST_FOR_DRIFT or mean(windows) == 0:
        return None
    first, second = windows[:half], windows[len(windows) - half :]
    error = math.sqrt((standard_deviation(first) ** 2 + standard_deviation(second) ** 2) / half)
    middle = abs(mean(windows))
    by_chance = t_quantile(CONFIDENCE, 2 * half - 2) * error
    return Drift(change=(mean(second) - mean(first)) / middle, by_chance=by_chance / middle)


def window_variation(counts: Sequence[float], *, random_arrivals: bool = False) -> float | None:
    """The standard deviation of the windows as a share of their mean; None below two windows or with nothing in them.

    With random (Poisson) arrivals, counts vary by the square root of their mean whatever the server does; that part
    is taken off.
    """
    if len(counts) < 2 or mean(counts) == 0:
        return None
    middle = mean(counts)
    variance = standard_deviation(counts) ** 2
    return math.sqrt(max(variance - (middle if random_arrivals else 0), 0)) / abs(middle)
