"""Simulated measurements whose true values are known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from advisor.measure.statistics.estimate import Interval

EXPERIMENTS = 1000


def coverage(experiment: Callable[[random.Random], Interval | None], truth: float, *, seed: int) -> float:
    """The share of 1,000 simulated experiments whose interval holds the truth."""
    generator = random.Random(seed)
    held = 0
    for _ in range(EXPERIMENTS):
        interval = experiment(generator)
        assert interval is not None
        held += interval.holds(truth)
    return held / EXPERIMENTS


def autoregressive(generator: random.Random, number: int, *, correlation: float) -> list[float]:
    """Normal values of mean 0 and deviation 1, of which each resembles the one before."""
    value = generator.gauss(0, 1)
    series = [value]
    for _ in range(number - 1):
        value = correlation * value + math.sqrt(1 - correlation**2) * generator.gauss(0, 1)
        series.append(value)
    return series
