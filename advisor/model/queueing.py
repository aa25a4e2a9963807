"""Holds the formulas of queueing theory that the model is built of. Arithmetic on plain numbers, no Gunicorn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


def waiting_probability(servers: float, utilisation: float) -> float:
    """The probability that a customer of M/M/``servers`` waits; ``servers`` may be a fraction, a CPU quota for one.

    Sakasegawa's ρ^(√(2(N+1)) − 1): exact for one server, and within 0.06 of Erlang's C formula for more. Unlike that
    it needs no sum over the servers, of which there may be a thousand.
    """
    if utilisation <= 0:
        return 0.0
    return float(min(utilisation, 1.0) ** (math.sqrt(2 * (servers + 1)) - 1))


def queueing_throughput(customers: float, service_seconds: float, delay_seconds: float) -> float:
    """Visits per second of one server by ``customers`` that stay away for ``delay_seconds`` after each visit.

    The machine repairman with exponential times, by Schweitzer's approximation of mean value analysis, which is a
    quadratic equation here: a customer finds (N − 1) ÷ N of the mean queue. At most 6 % below the exact figure.
    """
    if service_seconds <= 0:
        return customers / delay_seconds if delay_seconds > 0 else math.inf
    if customers <= 1:
        return customers / (service_seconds + delay_seconds)
    if delay_seconds <= 0:
        return 1 / service_seconds
    quadratic = service_seconds * delay_seconds * (customers - 1) / customers
    linear = delay_seconds + service_seconds * customers
    # The smaller root: the larger one is above 1 ÷ service time.
    root = math.sqrt(max(linear * linear - 4 * quadratic * customers, 0.0))
    return 2 * customers / (linear + root)


def orderly_throughput(customers: float, service_seconds: float, delay_seconds: float) -> float:
    """The same when customers come in turn and never meet: what the server and the customers bound, and no more."""
    cycle = service_seconds + delay_seconds
    turns = customers / cycle if cycle > 0 else math.inf
    return min(turns, 1 / service_seconds) if service_seconds > 0 else turns


def closed_utilisation(customers: float, servers: float) -> float:
    """How busy stations of ``servers`` servers each are when ``customers`` a station move among them at random.

    A closed network with equal stations: the share ρ of busy servers at which M/M/T holds ``customers`` on average,
    T·ρ + ρ·C ÷ (1 − ρ) with C of ``waiting_probability``; found by halving.
    """
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        queued = waiting_probability(servers, middle) * middle / (1 - middle)
        if servers * middle + queued < customers:
            low = middle
        else:
            high = middle
    return low


# 2⁻²⁰ is a millionth, far below any error of the model.
_HALVINGS = 20
# False position needs some five steps; this ends it for a function that jumps.
_MOST_HALVINGS = 40


def falling_root(function: Callable[[float], float], close_enough: float) -> float:
    """Where a ``function`` that falls from above to below 0 between 0 and 1 crosses 0; the end where it does not.

    False position with the Illinois rule: the end that stays twice counts half.
    """
    left, right = 0.0, 1.0
    above, below = function(left), function(right)
    if above <= 0 or below >= 0:
        return left if above <= 0 else right
    last = 0
    for _ in range(_MOST_HALVINGS):
        middle = (left * below - right * above) / (below - above)
        value = function(middle)
        if abs(value) < close_enough:
            break
        if value > 0:
            left, above = middle, value
            below = below / 2 if last > 0 else below
            last = 1
        else:
            right, below = middle, value
            above = above / 2 if last < 0 else above
            last = -1
    return middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A time that is 0 for most and exponential for the others: with ``probability`` it is ``seconds`` on average."""

    probability: float
    seconds: float

    @property
    def mean_seconds(self) -> float:
        """The mean over all."""
        return self.probability * self.seconds


NO_WAIT = Wait(probability=0.0, seconds=0.0)


def one_after_another(waits: tuple[Wait, ...]) -> Wait:
    """The sum of independent waits, as one wait of the same mean and mean square."""
    mean = sum(wait.mean_seconds for wait in waits)
    if mean <= 0:
        return NO_WAIT
    variance = sum(2 * wait.probability * wait.seconds**2 - wait.mean_seconds**2 for wait in waits)
    seconds = (variance + mean * mean) / (2 * mean)
    if seconds < mean:
        return Wait(probability=1.0, seconds=mean)
    return Wait(probability=mean / seconds, seconds=seconds)


def percentile_99(services_seconds: tuple[float, ...], wait: Wait) -> float:
    """The 99th percentile of one of the equally likely ``services_seconds`` (ascending) plus ``wait``."""
    count = len(services_seconds)
    rank = _P99 * count - 0.5
    below = min(int(rank), count - 1)
    above = min(below + 1, count - 1)
    alone = services_seconds[below] + (rank - below) * (services_seconds[above] - services_seconds[below])
    if wait.probability <= 0 or wait.seconds <= 0:
        return alone
    # Beyond the longest service time s_n the tail is p ÷ n · Σ exp(−(t − s_i) ÷ τ), which has a closed inverse.
    longest = services_seconds[-1]
    weight = sum(math.exp((seconds - longest) / wait.seconds) for seconds in services_seconds) / count
    return max(alone, longest + wait.seconds * math.log(wait.probability * weight / (1 - _P99)))


_P99 = 0.99
