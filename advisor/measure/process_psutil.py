"""Reads processes by psutil, where there is no Linux /proc, or not enough of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from advisor.facts import Fact
from advisor.measure.process_readings import CpuSeconds, Memory, ProcessReading, Switches, TreeReading

if TYPE_CHECKING:
    import psutil


def read_tree(arbiter: int, *, memory: bool) -> TreeReading | None:
    """The process and all that descends from it; None when it is gone.

    Context switches are the process's as a whole, under its own id. The CPU time of ended children is known on
    few systems only, and 0 elsewhere.
    """
    import psutil

    try:
        root = psutil.Process(arbiter)
        moment = time.monotonic()
        first = _process(root, memory)
        descendants = root.children(recursive=True)
    except psutil.NoSuchProcess:
        return None
    found = []
    for process in descendants:
        try:
            found.append(_process(process, memory))
        except psutil.NoSuchProcess:
            continue
    return TreeReading(moment_seconds=moment, arbiter=first, descendants=tuple(found))


def read_memory(pid: int, reason: str) -> Memory | None:
    """The memory of a process; what psutil cannot tell is unknown for this reason. None when the process is gone."""
    import psutil

    try:
        return _memory(psutil.Process(pid), reason)
    except psutil.NoSuchProcess:
        return None


def _process(process: psutil.Process, memory: bool) -> ProcessReading:
    times = process.cpu_times()
    switches = process.num_ctx_switches()
    return ProcessReading(
        pid=process.pid,
        parent=process.ppid(),
        started=process.create_time(),
        cpu=CpuSeconds(times.user, times.system),
        reaped=CpuSeconds(getattr(times, "children_user", 0.0), getattr(times, "children_system", 0.0)),
        switches={process.pid: Switches(switches.voluntary, switches.involuntary)},
        memory=_memory(process, "the system does not tell") if memory else None,
    )


def _memory(process: psutil.Process, reason: str) -> Memory | None:
    import psutil

    try:
        full = process.memory_full_info()
    except psutil.ZombieProcess:
        return None
    except psutil.AccessDenied:
        unknown: Fact[int] = Fact.unknown(reason)
        return Memory(rss_bytes=process.memory_info().rss, pss_bytes=unknown, uss_bytes=unknown)
    pss = getattr(full, "pss", None)  # Linux alone has it
    return Memory(
        rss_bytes=full.rss,
        pss_bytes=Fact.unknown(reason) if pss is None else Fact(value=pss, source="psutil"),
        uss_bytes=Fact(value=full.uss, source="psutil"),
    )
