"""Gives the load generators CPUs of their own, where there are enough."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass

# With three, a generator of its own would leave the server two thirds of the machine that it is measured for.
FEWEST_CPUS = 4
# A server on one CPU shows nothing of how several workers go together.
_FEWEST_FOR_THE_SERVER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinning:
    """Which CPUs the server runs on, and which each generator has to itself; both empty when they share all."""

    server: tuple[int, ...] = ()
    generators: tuple[int, ...] = ()


def plan_pinning(cpus: Collection[int], generators: int) -> Pinning:
    """The last CPUs for the generators, one each, and the others for the server; with too few CPUs all share all."""
    if len(cpus) < FEWEST_CPUS or len(cpus) - generators < _FEWEST_FOR_THE_SERVER:
        return Pinning()
    ordered = sorted(cpus)
    return Pinning(server=tuple(ordered[:-generators]), generators=tuple(ordered[-generators:]))


def own_cpus() -> frozenset[int]:
    """The CPUs that this process may run on; none where the system does not tell (and cannot pin either)."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()
