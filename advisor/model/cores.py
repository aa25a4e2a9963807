"""Says how much slower a process computes because others want the same cores."""

from __future__ import annotations


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
    if wanting >= 1.0:
        return _share(others, at_once) + generator_busy * (_share(others + 1, at_once) - _share(others, at_once))
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


def _share(others: int, cpus: float) -> float:
    return (1 + others) / cpus if 1 + others > cpus else 1.0
