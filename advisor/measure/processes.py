"""What an arbiter and its workers used over a run: CPU time, context switches, memory. Pure arithmetic of readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.measure.process_readings import (
    NO_CPU,
    NO_SWITCHES,
    CpuSeconds,
    Memory,
    ProcessReading,
    Switches,
    TreeReading,
    sum_memory,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUse:
    """What the arbiter, or one worker with the processes that it started, used; ``memory`` is at the end."""

    pid: int
    cpu: CpuSeconds
    switches: Switches
    memory: Memory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeUse:
    """What a tree of processes used over a time.

    ``ended_workers_cpu`` is that of workers that have ended within it. Context switches of threads and processes that
    have ended are not in the figures: the kernel does not keep them. ``peak_pss_bytes`` is the greatest sum over the
    tree in any reading.
    """

    duration_seconds: float
    arbiter: ProcessUse
    workers: tuple[ProcessUse, ...]
    ended_workers_cpu: CpuSeconds
    memory: Memory | None
    peak_pss_bytes: Fact[int]

    @property
    def cpu(self) -> CpuSeconds:
        """The CPU time of all, of those too that have ended."""
        total = self.arbiter.cpu.plus(self.ended_workers_cpu)
        for worker in self.workers:
            total = total.plus(worker.cpu)
        return total

    @property
    def switches(self) -> Switches:
        """The context switches of all that live."""
        total = self.arbiter.switches
        for worker in self.workers:
            total = total.plus(worker.switches)
        return total


def use_over(readings: Sequence[TreeReading]) -> TreeUse:
    """What was used from the first of the readings to the last. Raises ValueError below two readings."""
    if len(readings) < 2:
        raise ValueError("a use over time takes two readings")
    first, last = readings[0], readings[-1]
    before = {process.key: process for process in first.processes}
    arbiter = ProcessUse(
        pid=last.arbiter.pid,
        cpu=last.arbiter.cpu.since(first.arbiter.cpu),
        switches=_switches([last.arbiter], before),
        memory=last.arbiter.memory,
    )
    workers = tuple(_use(last.family(worker), before) for worker in last.workers)
    # A process that ended is counted by the one that waited for it, so the sum over the tree loses nothing.
    living = arbiter.cpu
    for worker in workers:
        living = living.plus(worker.cpu)
    ended = _tree_cpu(last).since(_tree_cpu(first)).since(living)
    return TreeUse(
        duration_seconds=last.moment_seconds - first.moment_seconds,
        arbiter=arbiter,
        workers=workers,
        ended_workers_cpu=CpuSeconds(max(ended.user, 0.0), max(ended.system, 0.0)),
        memory=last.memory,
        peak_pss_bytes=_peak(readings),
    )


def _use(family: Sequence[ProcessReading], before: Mapping[tuple[int, float], ProcessReading]) -> ProcessUse:
    cpu = NO_CPU
    for process in family:
        cpu = cpu.plus(process.cpu).plus(process.reaped)
        earlier = before.get(process.key)
        if earlier is not None:
            cpu = cpu.since(earlier.cpu).since(earlier.reaped)
    memory = sum_memory(process.memory for process in family)
    return ProcessUse(pid=family[0].pid, cpu=cpu, switches=_switches(family, before), memory=memory)


def _switches(family: Sequence[ProcessReading], before: Mapping[tuple[int, float], ProcessReading]) -> Switches:
    total = NO_SWITCHES
    for process in family:
        earlier = before.get(process.key)
        for thread, now in process.switches.items():
            then = NO_SWITCHES if earlier is None else earlier.switches.get(thread, NO_SWITCHES)
            # a thread's id may have been given to another one since
            since = (max(now.voluntary - then.voluntary, 0), max(now.involuntary - then.involuntary, 0))
            total = total.plus(Switches(*since))
    return total


def _tree_cpu(reading: TreeReading) -> CpuSeconds:
    total = NO_CPU
    for process in reading.processes:
        total = total.plus(process.cpu).plus(process.reaped)
    return total


def _peak(readings: Sequence[TreeReading]) -> Fact[int]:
    """The greatest PSS of those readings that asked for memory; unknown with the reason when one could not tell."""
    peak: Fact[int] = Fact.unknown("memory was not read")
    for memory in (reading.memory for reading in readings):
        if memory is None:
            continue
        if memory.pss_bytes.value is None:
            return memory.pss_bytes
        if peak.value is None or memory.pss_bytes.value > peak.value:
            peak = memory.pss_bytes
    return peak
