"""What can be read of an arbiter and its workers at one moment: CPU time so far, memory, context switches.

Data alone; ``process_files`` reads them from /proc, ``process_psutil`` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from advisor.facts import Fact


class CpuSeconds(NamedTuple):
    """CPU time of a process, in its own code and in the kernel for it."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """User and system together."""
        return self.user + self.system

    def plus(self, other: CpuSeconds) -> CpuSeconds:
        """Both together."""
        return CpuSeconds(self.user + other.user, self.system + other.system)

    def since(self, earlier: CpuSeconds) -> CpuSeconds:
        """What was used since an earlier reading."""
        return CpuSeconds(self.user - earlier.user, self.system - earlier.system)


class Switches(NamedTuple):
    """Context switches: voluntary when a thread waited for something, involuntary when its CPU was taken away."""

    voluntary: int
    involuntary: int

    def plus(self, other: Switches) -> Switches:
        """Both together."""
        return Switches(self.voluntary + other.voluntary, self.involuntary + other.involuntary)


NO_CPU = CpuSeconds(0.0, 0.0)
NO_SWITCHES = Switches(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory at one moment.

    RSS counts what processes share once for each of them; PSS in equal parts, so that a sum of it is true (other
    programs that use the same files, such as another Python, take their part too); USS not at all: it is what ends
    with the process.
    """

    rss_bytes: int
    pss_bytes: Fact[int]
    uss_bytes: Fact[int]

    def plus(self, other: Memory) -> Memory:
        """Both together; unknown when either is."""
        return Memory(
            rss_bytes=self.rss_bytes + other.rss_bytes,
            pss_bytes=_sum(self.pss_bytes, other.pss_bytes),
            uss_bytes=_sum(self.uss_bytes, other.uss_bytes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReading:
    """One process at one moment.

    ``started`` tells it from a later process with the same id. ``reaped`` is the CPU time of its children that have
    ended and were waited for, and of theirs. ``switches`` are by thread, those that live.
    """

    pid: int
    parent: int
    started: float
    cpu: CpuSeconds
    reaped: CpuSeconds
    switches: Mapping[int, Switches] = field(default_factory=dict)
    memory: Memory | None = None
    """None where it was not asked for, or the process has ended and waits to be collected."""

    @property
    def key(self) -> tuple[int, float]:
        """What no other process of this boot has."""
        return self.pid, self.started


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeReading:
    """An arbiter and all that descends from it at one moment (monotonic seconds)."""

    moment_seconds: float
    arbiter: ProcessReading
    descendants: tuple[ProcessReading, ...]

    @property
    def processes(self) -> tuple[ProcessReading, ...]:
        """All of them, the arbiter first."""
        return (self.arbiter, *self.descendants)

    @property
    def memory(self) -> Memory | None:
        """The sum over all processes; None when it was not asked for."""
        return sum_memory(process.memory for process in self.processes)

    def family(self, worker: ProcessReading) -> tuple[ProcessReading, ...]:
        """A worker and all that descends from it."""
        found = [worker]
        for member in found:  # it grows while it is walked
            found += [process for process in self.descendants if process.parent == member.pid]
        return tuple(found)

    @property
    def workers(self) -> tuple[ProcessReading, ...]:
        """The arbiter's children."""
        return tuple(process for process in self.descendants if process.parent == self.arbiter.pid)


def sum_memory(memories: Iterable[Memory | None]) -> Memory | None:
    """The sum of those that are known; None when none is."""
    total: Memory | None = None
    for memory in memories:
        if memory is not None:
            total = memory if total is None else total.plus(memory)
    return total


def _sum(one: Fact[int], other: Fact[int]) -> Fact[int]:
    if one.value is None or other.value is None:
        return one if one.value is None else other
    return Fact(value=one.value + other.value, source=one.source)
