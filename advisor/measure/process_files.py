"""Reads a tree of processes from Linux's /proc (proc_pid_stat(5), proc_pid_smaps(5), proc_pid_task(5))."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from advisor.facts import Fact
from advisor.host.system import System, why
from advisor.measure.process_psutil import read_memory
from advisor.measure.process_readings import CpuSeconds, Memory, ProcessReading, Switches, TreeReading
from advisor.units import KIB

# Between the listing of a tree and the reading of its last process, workers may end or start; then it is read again.
# A server whose workers change in each of so many milliseconds has no steady figures anyway.
_ATTEMPTS = 5

# Fields of /proc/PID/stat, counted from the state, which is the first after the name in parentheses.
_PARENT, _USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM, _STARTED = 1, 11, 12, 13, 14, 19


def read_tree(arbiter: int, *, memory: bool, system: System) -> TreeReading | None:
    """The process and all that descends from it; None when it is gone.

    ``memory`` asks for memory too, for which the kernel walks through all pages of a process, while it holds up what
    the process itself does with its address space.
    """
    reading = None
    for _ in range(_ATTEMPTS):
        listed = _tree(system, arbiter)
        moment = time.monotonic()
        found = [_process(system, pid) for pid in listed]
        processes = [process for process in found if process is not None]
        if not processes or processes[0].pid != arbiter:
            return None
        reading = TreeReading(moment_seconds=moment, arbiter=processes[0], descendants=tuple(processes[1:]))
        if len(processes) == len(listed) and _tree(system, arbiter) == listed:
            break
    if reading is None or not memory:
        return reading
    with_memory = [replace(process, memory=_memory(system, process.pid)) for process in reading.processes]
    return replace(reading, arbiter=with_memory[0], descendants=tuple(with_memory[1:]))


def _tree(system: System, pid: int) -> list[int]:
    """The process and its descendants, parents before their children."""
    try:
        found = [pid]
        for member in found:  # it grows while it is walked
            found += _children(system, member)
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        parents = {int(name): _parent(system, int(name)) for name in system.folders("/proc") if name.isdigit()}
        found = [pid]
        for member in found:
            found += sorted(child for child, parent in parents.items() if parent == member)
    return found


def _children(system: System, pid: int) -> list[int]:
    """The children of all threads of a process. Raises FileNotFoundError where the kernel does not list them."""
    children: list[int] = []
    for thread in system.folders(f"/proc/{pid}/task"):
        try:
            children += map(int, system.read(f"/proc/{pid}/task/{thread}/children").split())
        except FileNotFoundError:
            if system.exists(f"/proc/{pid}/task/{thread}/stat"):
                raise
        except OSError:
            continue  # it has just ended
    return sorted(children)


def _parent(system: System, pid: int) -> int | None:
    fields = _stat(system, pid)
    return None if fields is None else int(fields[_PARENT])


def _stat(system: System, pid: int) -> list[str] | None:
    try:
        # the name in parentheses may hold anything, so the fields are counted after the last one
        fields = system.read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > _STARTED else None


def _process(system: System, pid: int) -> ProcessReading | None:
    fields = _stat(system, pid)
    if fields is None:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return ProcessReading(
        pid=pid,
        parent=int(fields[_PARENT]),
        started=int(fields[_STARTED]) / ticks,
        cpu=CpuSeconds(int(fields[_USER]) / ticks, int(fields[_SYSTEM]) / ticks),
        reaped=CpuSeconds(int(fields[_REAPED_USER]) / ticks, int(fields[_REAPED_SYSTEM]) / ticks),
        switches=_switches(system, pid),
    )


def _switches(system: System, pid: int) -> dict[int, Switches]:
    """By thread: /proc/PID/status has those of the main thread alone."""
    found = {}
    for thread in system.folders(f"/proc/{pid}/task"):
        try:
            status = _fields(system.read(f"/proc/{pid}/task/{thread}/status"))
            found[int(thread)] = Switches(
                int(status["voluntary_ctxt_switches"]), int(status["nonvoluntary_ctxt_switches"])
            )
        except (OSError, KeyError, ValueError):
            continue
    return found


def _memory(system: System, pid: int) -> Memory | None:
    """None when the process has ended: what is left of it has no memory."""
    path = f"/proc/{pid}/smaps_rollup"
    try:
        fields = _fields(system.read(path))
    except ProcessLookupError:
        return None
    except OSError as error:  # sandboxes such as gVisor have no such file; another user's may not be read
        return read_memory(pid, why(path, error))
    sizes = {name: int(value.removesuffix(" kB")) * KIB for name, value in fields.items() if value.endswith(" kB")}
    if "Rss" not in sizes:
        return None
    private = sizes["Private_Clean"] + sizes["Private_Dirty"] + sizes.get("Private_Hugetlb", 0)
    return Memory(
        rss_bytes=sizes["Rss"],
        pss_bytes=Fact(value=sizes["Pss"], source="smaps_rollup"),
        uss_bytes=Fact(value=private, source="smaps_rollup"),
    )


def _fields(text: str) -> dict[str, str]:
    """The values of a file of ``Name:  value`` lines."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.split("\n"))}
