"""Says how much slower a process computes because others want the same cores."""

from __future__ import annotations

import math

# A process that wants a core so often wants it always; nearer to 1 the sum below leaves the range of numbers.
_ALWAYS = 0.9999
# Of more others than this the exact sum takes as many steps, for nothing that a measurement would show.
_MANY = 64


def slowdown(processes: int, wanting: float, generator_busy: float, cpus: float) -> float:
    """How many times as long a computing process takes for its work, 1 with a core of its own.

    The other ``processes`` − 1 want a core with probability ``wanting`` each, the load generator with
    ``generator_busy``; the kernel shares ``cpus`` equally among those who do. Below one CPU a quota stops processes
    from time to time but does not slow them in between: that is left to the ceiling of the cores.
    """
    at_once = max(cpus, 1.0)
    others = processes - 1
    if processes + 1 <= at_once:
        return 1.0
    if wanting >= _ALWAYS:
        return _share(others, at_once) + generator_busy * (_share(others + 1, at_once) - _share(others, at_once))
    if others > _MANY:
        return sum(
            share * _mean_of_many(others, wanting, with_generator, at_once)
            for share, with_generator in ((1 - generator_busy, 0), (generator_busy, 1))
        )
    probability = (1.0 - wanting) ** others
    odds = wanting / (1.0 - wanting)
    mean = 0.0
    alone = _share(0, at_once)
    for present in range(others + 1):
        crowded = _share(present + 1, at_once)
        mean += probability * (alone + generator_busy * (crowded - alone))
        probability *= odds * (others - present) / (present + 1)
        alone = crowded
    return mean


def _mean_of_many(others: int, wanting: float, more: int, cpus: float) -> float:
    """E[max(1, (1 + K + ``more``) ÷ CPUs)] with the binomial K taken as normal: within 5 % from 65 others on."""
    mean = (1 + others * wanting + more) / cpus
    deviation = math.sqrt(others * wanting * (1 - wanting)) / cpus
    if deviation <= 0:
        return max(1.0, mean)
    score = (mean - 1) / deviation
    density = math.exp(-score * score / 2) / math.sqrt(2 * math.pi)
    return 1 + (mean - 1) * 0.5 * math.erfc(-score / math.sqrt(2)) + deviation * density


def _share(others: int, cpus: float) -> float:
    return (1 + others) / cpus if 1 + others > cpus else 1.0
