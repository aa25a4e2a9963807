"""A figure with the interval that it lies in, and what the interval covers."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

# All intervals are for this probability, the convention of the field.
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Two bounds, both included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the value lies within."""
        return self.low <= value <= self.high


class Basis(enum.Enum):
    """What varied while the values of an interval were taken, and so what the interval covers."""

    RESTARTS = "between restarts"
    WINDOWS = "within runs only"
    NOTHING = "too few values for an interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval; ``interval`` is None when there were too few values, and ``basis`` says so.

    ``values`` is how many values the interval comes from: restarts, or windows.
    """

    mean: float
    interval: Interval | None
    basis: Basis
    values: int

    @property
    def relative_half_width(self) -> float | None:
        """Half of the interval's width as a share of the mean: 0.03 is ± 3 %; None without an interval."""
        if self.interval is None or self.mean == 0:
            return None
        return (self.interval.high - self.interval.low) / 2 / abs(self.mean)
