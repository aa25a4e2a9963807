"""Buckets for a histogram of latencies that a person reads: round bounds, few rows, and the tail in one of them."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from advisor.measure.statistics.percentiles import at_percent

# As many rows as fit beside the other figures of a run on one screen.
MOST_BUCKETS = 12

# Between these percentiles the buckets are laid out; a few stragglers would squeeze all the others into one.
_FIRST_PERCENT, _LAST_PERCENT = 1.0, 99.0
# Above this spread between the two, equal widths would leave the short ones in a single bucket.
_EQUAL_WIDTHS_UP_TO = 30.0
# Round numbers of which people read scales.
_STEPS = (1.0, 2.0, 5.0)
# A nanosecond: no clock here tells finer latencies apart.
_FINEST_SECONDS = 1e-9
# What is left beyond the last bound must be so much of the bucket before, or it goes into that: a bucket from 50 to
# 50.000001 ms would only show how the slowest sample was rounded.
_SLIVER = 0.01
# So that 201 times 0.1 ms is 0.0201, not 0.020100000000000003.
_DECIMALS = 12


class Bucket(NamedTuple):
    """The samples from the low bound (included) to the high one (not included, but for the last bucket)."""

    low_seconds: float
    high_seconds: float
    samples: int


def histogram(ordered: Sequence[float], *, most: int = MOST_BUCKETS) -> tuple[Bucket, ...]:
    """Buckets that hold every one of the latencies in seconds, which are given in ascending order; none for no samples.

    The bounds are multiples of 1, 2 or 5, equally wide, or each 2 to 2.5 times the one before where latencies spread
    over more than a factor of ten. The last bucket reaches to the slowest sample. Raises ValueError below 3 buckets.
    """
    if most < 3:
        raise ValueError("a histogram has at least 3 buckets")
    if not ordered:
        return ()
    first, last = at_percent(ordered, _FIRST_PERCENT), at_percent(ordered, _LAST_PERCENT)
    if first > 0 and last / first > _EQUAL_WIDTHS_UP_TO:
        bounds = _growing(first, last, most - 1)
    else:
        bounds = _equal(first, last, most - 1)
    # What is below the first bound or beyond the last is still shown, in a bucket of its own.
    bounds = [bound for bound in bounds if ordered[0] < bound <= ordered[-1]]
    if len(bounds) > 1 and ordered[-1] - bounds[-1] <= _SLIVER * (bounds[-1] - bounds[-2]):
        del bounds[-1]
    edges = [_below(ordered[0], bounds), *bounds, ordered[-1]]
    places = [bisect.bisect_left(ordered, bound) for bound in bounds]
    counts = [high - low for low, high in itertools.pairwise([0, *places, len(ordered)])]
    return tuple(Bucket(low, high, count) for (low, high), count in zip(itertools.pairwise(edges), counts, strict=True))


def _equal(first: float, last: float, most: int) -> list[float]:
    """Multiples of a round width from ``first`` to ``last``, at most so many."""
    spread = last - first
    if spread <= 0:
        return [last]
    for width in _round_numbers(max(spread / most, _FINEST_SECONDS)):
        start, end = math.floor(first / width), math.ceil(last / width)
        if end - start + 1 <= most:
            return [round(number * width, _DECIMALS) for number in range(start, end + 1)]
    raise AssertionError("round numbers do not end")


def _growing(first: float, last: float, most: int) -> list[float]:
    """Round numbers from ``first`` to ``last``; only every second, third ... of them when they are too many."""
    bounds = []
    for bound in _round_numbers(max(first, _FINEST_SECONDS)):
        bounds.append(bound)
        if bound >= last:
            break
    step = -(-len(bounds) // most)
    return bounds[::-step][::-1]  # from the end, so that the last is kept


def _below(least: float, bounds: Sequence[float]) -> float:
    """Where the first bucket begins: a round number at or below the least sample, when there is one."""
    if not bounds or least <= 0:
        return least
    width = bounds[1] - bounds[0] if len(bounds) > 1 else bounds[0]
    return max(bounds[0] - width, 0.0) if bounds[0] - width <= least else least


def _round_numbers(at_least: float) -> Iterator[float]:
    """1, 2, 5, 10, ... times a power of ten, from the first that is not below."""
    power = math.floor(math.log10(at_least))
    while True:
        for step in _STEPS:
            number = step * 10.0**power if power >= 0 else step / 10.0**-power
            if number >= at_least:
                yield number
        power += 1
