"""Puts the figures of single endpoints together by their weights. Pure arithmetic."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from advisor.measure.profile.result import EndpointProfile
from advisor.workload.cost import QUANTILES

# What a worker grew by less than this over a run is what its allocator keeps for later.
LEAST_GROWTH_BYTES = 128 * 1024
# Of a cache that fills up the second half of a run grows far less than the first; of a leak, as much.
_STEADY_SHARE = 0.5


def quantiles(seconds: Sequence[float], weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """The values at 0.005, 0.015 ... 0.995 of samples that count by their weights. Raises ValueError for none."""
    if not seconds:
        raise ValueError("no samples, no quantiles")
    pairs = sorted(zip(seconds, [1.0] * len(seconds) if weights is None else weights, strict=True))
    total = math.fsum(weight for _, weight in pairs)
    found: list[float] = []
    below, position = pairs[0][1], 0
    for number in range(QUANTILES):
        rank = (number + 0.5) / QUANTILES * total
        while below < rank and position < len(pairs) - 1:
            position += 1
            below += pairs[position][1]
        found.append(pairs[position][0])
    return tuple(found)


def mixed_growth(endpoints: Sequence[EndpointProfile], growth: Sequence[float | None]) -> float | None:
    """The growth by the endpoints' weights; None where it is not known of any, 0 for those of which it is not."""
    if all(value is None for value in growth):
        return None
    return mixed_mean(endpoints, [value or 0.0 for value in growth])


def variation(seconds: Sequence[float]) -> float:
    """The standard deviation as a share of the mean; 0 for one sample."""
    mean = statistics.fmean(seconds)
    return statistics.pstdev(seconds) / mean if mean > 0 else 0.0


def queued_part(queued_seconds: float, seen_seconds: float, cpu_seconds: float) -> float:
    """What of the time that a client saw was waiting for a CPU: it never explains what the request computed.

    Several threads that wait at the same time may have waited for longer than the request took.
    """
    return min(queued_seconds, max(seen_seconds - cpu_seconds, 0.0))


def mixed_queued(endpoints: Sequence[EndpointProfile]) -> float | None:
    """How long a request of the mix waited for a CPU; None where it is not known of all."""
    known = [endpoint.queued_seconds for endpoint in endpoints if endpoint.queued_seconds is not None]
    return mixed_mean(endpoints, known) if len(known) == len(endpoints) else None


def mixed_mean(endpoints: Sequence[EndpointProfile], values: Sequence[float]) -> float:
    """The mean of one value an endpoint, by the endpoints' weights."""
    weights = [endpoint.request.weight for endpoint in endpoints]
    total = math.fsum(weights)
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True)) / total


def mixed_variation(endpoints: Sequence[EndpointProfile]) -> float:
    """The variation of the mix: that within the endpoints, and that between them."""
    mean = mixed_mean(endpoints, [endpoint.service_seconds for endpoint in endpoints])
    squares = [(endpoint.service_seconds**2) * (1 + endpoint.variation**2) for endpoint in endpoints]
    variance = max(mixed_mean(endpoints, squares) - mean**2, 0.0)
    return math.sqrt(variance) / mean if mean > 0 else 0.0


def mixed_quantiles(endpoints: Sequence[EndpointProfile]) -> tuple[float, ...]:
    """The quantiles of the mix, from those of the endpoints."""
    seconds = [value for endpoint in endpoints for value in endpoint.quantiles_seconds]
    weights = [endpoint.request.weight for endpoint in endpoints for _ in endpoint.quantiles_seconds]
    return quantiles(seconds, weights)


def growth_bytes_per_request(readings: Sequence[tuple[int, int]]) -> float:
    """By how much a worker grows steadily; 0 where it does not.

    ``readings`` are pairs of requests served so far and the worker's own bytes, in the order of time. Growth at one
    moment alone, such as the kernel's putting 2 MiB in place of many small pages, is none: the median step counts.
    """
    if len(readings) < 3:
        return 0.0
    first, last = readings[0][0], readings[-1][0]
    middle = min(range(1, len(readings) - 1), key=lambda index: abs(readings[index][0] - (first + last) / 2))
    before, after = _median_rate(readings[: middle + 1]), _median_rate(readings[middle:])
    if after <= 0 or after < _STEADY_SHARE * before or after * (last - first) < LEAST_GROWTH_BYTES:
        return 0.0
    return after


def grown_after(curve: Sequence[tuple[int, int]], requests: int) -> int:
    """By how much a worker had grown after so many requests: at the last reading that was not later."""
    return [grown for served, grown in curve if served <= requests][-1]


def _median_rate(readings: Sequence[tuple[int, int]]) -> float:
    """The bytes per request of the step that the middle request fell into, the steps in the order of their rates."""
    steps = sorted(
        ((later[1] - earlier[1]) / (later[0] - earlier[0]), later[0] - earlier[0])
        for earlier, later in pairwise(readings)
        if later[0] > earlier[0]
    )
    left = sum(requests for _, requests in steps) / 2
    for rate, requests in steps:
        left -= requests
        if left <= 0:
            return rate
    return 0.0
