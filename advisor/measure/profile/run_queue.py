"""Reads how long the threads of a worker, and of the processes it started, were ready to compute and had no CPU."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.host.system import System
from advisor.measure.process_sampler import read_tree

# /proc/PID/task/TID/schedstat: time on a CPU, time in the run queue, both in nanoseconds, and the number of turns
# (the kernel's Documentation/scheduler/sched-stats.rst).
_FIELDS = 3
_NANOSECONDS = 1e9

# In nanoseconds, by process and thread.
Queued = Mapping[tuple[int, int], int]


def read_queued(worker: int, *, system: System | None = None) -> Queued | None:
    """How long each thread that lives has waited for a CPU so far; None where the system does not tell."""
    system = system or System()
    tree = None if system.outside_linux else read_tree(worker, memory=False, system=system)
    if tree is None:
        return None
    found: dict[tuple[int, int], int] = {}
    computed = 0
    for process in tree.processes:
        for thread in system.folders(f"/proc/{process.pid}/task"):
            try:
                fields = system.read(f"/proc/{process.pid}/task/{thread}/schedstat").split()
            except OSError:  # it has ended, or the kernel was built without
                continue
            if len(fields) == _FIELDS and all(field.isdecimal() for field in fields):
                computed += int(fields[0])
                found[process.pid, int(thread)] = int(fields[1])
    # Where the kernel does not count, the file is there and holds zeros: a worker that has started has computed.
    return found if computed else None


def queued_between(before: Queued | None, after: Queued | None) -> float | None:
    """Seconds in between, of the threads that live at its end; None where either is unknown."""
    if before is None or after is None:
        return None
    return sum(max(now - before.get(thread, 0), 0) for thread, now in after.items()) / _NANOSECONDS
