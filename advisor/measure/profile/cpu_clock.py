"""Reads the CPU time of a worker, exactly where the system tells it, with the processes that it started."""

from __future__ import annotations

import sys
import time

from advisor.measure.process_sampler import read_tree

# clock_getcpuclockid(3): the clock of a process's CPU time is ~pid << 3 | CPUCLOCK_SCHED. It counts all threads, those
# too that have ended, in nanoseconds; /proc/PID/stat counts in ticks of 10 ms.
_PID_SHIFT = 3
_CPUCLOCK_SCHED = 2

# After its last answer a worker closes the connection and writes its log: that it rests for so long shows the end.
_REST_SECONDS = 0.002
_RESTING_BELOW_SECONDS = 0.000_05
# An app that computes between requests never rests.
_MOST_RESTS = 25


def cpu_seconds(worker: int) -> float | None:
    """The CPU time so far (user and system) of a worker and the processes that it started; None when it is gone."""
    tree = read_tree(worker, memory=False)
    if tree is None:
        return None
    own = _exact(worker)
    children = sum(process.cpu.total + process.reaped.total for process in tree.descendants)
    return (tree.arbiter.cpu.total if own is None else own) + tree.arbiter.reaped.total + children


def settled_cpu_seconds(worker: int) -> float | None:
    """The same once the worker has come to rest, so that what follows an answer is counted with it."""
    before = _exact(worker)
    for _ in range(_MOST_RESTS):
        time.sleep(_REST_SECONDS)
        now = _exact(worker)
        if before is None or now is None or now - before < _RESTING_BELOW_SECONDS:
            break
        before = now
    return cpu_seconds(worker)


def _exact(pid: int) -> float | None:
    """None where there is no such clock, or no such process."""
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime(~pid << _PID_SHIFT | _CPUCLOCK_SCHED)
    except OSError:
        return None
