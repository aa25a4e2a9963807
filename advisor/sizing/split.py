"""Divides the slots aimed for into workers and threads, under the limits, and says which limit bound."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

# A division of the allowed database connections into equal workers may leave some unused; up to this share of them
# may stay unused before fewer workers are taken. (53 connections: 5 × 10, not 1 × 53.)
CONNECTION_LOSS = 0.15


class LimitName(enum.Enum):
    """The limits by the names that users see."""

    RULE = "rule"
    MEMORY = "memory"
    DATABASE = "database connections"
    THREADS = "threads per worker"
    DEMAND = "demand"

    @property
    def bounded(self) -> str:
        """What the limit bounds, to follow "the limit on"."""
        return "workers by the rule" if self is LimitName.RULE else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Everything that bounds the split; None where a bound does not apply."""

    aim: int
    """Slots aimed for."""
    rule: int | None
    """Workers by the (2 × cores) + 1 rule."""
    demand: int | None
    """Workers that the requests asked for can occupy."""
    max_threads: int | None
    """Threads in one worker; 1 for an app that must not or need not have more."""
    connections: int | None
    """Slots, since each may hold a database connection."""
    memory_bytes: int | None
    """For workers and their threads, the arbiter and the reserve already subtracted."""
    worker_bytes: int
    thread_bytes: int

    def without(self, limit: LimitName) -> Bounds:
        """The same bounds with one of them lifted."""
        match limit:
            case LimitName.RULE:
                return replace(self, rule=None)
            case LimitName.MEMORY:
                return replace(self, memory_bytes=None)
            case LimitName.DATABASE:
                return replace(self, connections=None)
            case LimitName.THREADS:
                return replace(self, max_threads=None)
            case LimitName.DEMAND:
                return replace(self, demand=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """So many workers with so many threads each."""

    workers: int
    threads: int

    @property
    def slots(self) -> int:
        """Requests that can be in a handler at the same time."""
        return self.workers * self.threads


def split(bounds: Bounds) -> Split | None:
    """The most workers that reach the slots aimed for; where no number does, the most slots.

    Fewer workers with more threads each need less memory for the same slots, so a lack of memory turns workers
    into threads. None when not even one worker with one thread fits into the memory.
    """
    best: Split | None = None
    for workers in range(_most_workers(bounds), 0, -1):
        threads = _threads(bounds, workers)
        if threads < 1:
            continue
        candidate = Split(workers=workers, threads=threads)
        if _reaches(bounds, candidate):
            return candidate
        if best is None or candidate.slots > best.slots:
            best = candidate
    return best


def binding_limit(bounds: Bounds, found: Split, weighed: Sequence[LimitName]) -> LimitName:
    """The limit that decided ``found``: the one that, lifted alone, allows the most more slots towards the aim.

    When the aim is reached, it is the one that kept the workers from being more. When only several together bind,
    it is the first of them in the order of ``weighed``.
    """
    reached = min(found.slots, bounds.aim)
    gains = []
    for limit in weighed:
        lifted = split(bounds.without(limit))
        if lifted is None:
            continue
        gains.append((min(lifted.slots, bounds.aim) - reached, lifted.workers - found.workers, limit))
    by_slots = max(gains, key=lambda gain: gain[0], default=None)
    if by_slots is not None and by_slots[0] > 0:
        return by_slots[2]
    if reached < bounds.aim:
        return weighed[0]
    by_workers = max(gains, key=lambda gain: gain[1], default=None)
    if by_workers is not None and by_workers[1] > 0:
        return by_workers[2]
    return LimitName.RULE


def _most_workers(bounds: Bounds) -> int:
    limits = [limit for limit in (bounds.rule, bounds.demand, bounds.connections) if limit is not None]
    if bounds.memory_bytes is not None:
        limits.append(bounds.memory_bytes // (bounds.worker_bytes + bounds.thread_bytes))
    return min([bounds.aim, *limits] if bounds.rule is None else limits)


def _threads(bounds: Bounds, workers: int) -> int:
    """Threads for each of ``workers``: enough for the aim, and no more than the limits allow; 0 if none fits."""
    allowed = [math.ceil(bounds.aim / workers)]
    if bounds.max_threads is not None:
        allowed.append(bounds.max_threads)
    if bounds.connections is not None:
        allowed.append(bounds.connections // workers)
    if bounds.memory_bytes is not None:
        spare = bounds.memory_bytes - workers * bounds.worker_bytes
        allowed.append(spare // (workers * bounds.thread_bytes))
    return min(allowed)


def _reaches(bounds: Bounds, candidate: Split) -> bool:
    if candidate.slots >= bounds.aim:
        return True
    connections = bounds.connections
    return (
        connections is not None
        and connections <= bounds.aim
        and candidate.threads == connections // candidate.workers
        and candidate.slots >= (1 - CONNECTION_LOSS) * connections
    )
