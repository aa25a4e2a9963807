"""Makes beforehand when each request of an open loop is due, and which request follows which; seeded and pure."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence

from advisor.load.spec import Arrivals, OpenLoop

# The order of requests repeats after so many: shares are exact to 1/4096, and a power of two makes the wrap a mask.
ORDER_LENGTH = 4096


def due_times(loop: OpenLoop, seconds: float, *, seed: int, most_requests: int | None = None) -> array[float]:
    """When each request is due, in seconds from the beginning of the run; sorted, all below ``seconds``."""
    times = array("d")
    match loop.arrivals:
        case Arrivals.CONSTANT:
            count = int(seconds * loop.rate_per_second)
            times.extend(number / loop.rate_per_second for number in range(count + 1))
            while times and times[-1] >= seconds:
                times.pop()
        case Arrivals.POISSON:
            gap = random.Random(seed).expovariate
            due = gap(loop.rate_per_second)
            while due < seconds:
                times.append(due)
                due += gap(loop.rate_per_second)
    return times if most_requests is None else times[:most_requests]


def order(weights: Sequence[float], *, seed: int) -> array[int]:
    """Which request comes when, by its number: each as often as its weight says, shuffled; to be repeated."""
    total = sum(weights)
    exact = [weight / total * ORDER_LENGTH for weight in weights]
    counts = [int(share) for share in exact]
    # What rounding down left over goes to the largest remainders.
    by_remainder = sorted(range(len(exact)), key=lambda number: counts[number] - exact[number])
    for number in by_remainder[: ORDER_LENGTH - sum(counts)]:
        counts[number] += 1
    numbers = [number for number, count in enumerate(counts) for _ in range(count)]
    random.Random(seed).shuffle(numbers)
    return array("H", numbers)


def parts(total: int, count: int) -> list[int]:
    """A total as ``count`` whole numbers that differ by one at most, the larger ones first."""
    return [total // count + (number < total % count) for number in range(count)]
