"""Reads, while a load runs, what server, generators and everything else take: by a thread, at planned moments."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.processes import UnderWay
from advisor.measure.bench.other_load import busy_seconds
from advisor.measure.process_readings import TreeReading
from advisor.measure.process_sampler import read_tree
from advisor.measure.server import RunningServer
from advisor.measure.throttling import CgroupThrottling, read_throttling

# Memory under load changes over seconds. One reading takes 0.7 ms a process of 20 MiB, in proportion to the pages in
# use (measured for ProcessSampler).
INTERVAL_SECONDS = 1.0
# In a short run more often, so that two readings lie within it although a busy machine lets one come late.
_FEWEST_INTERVALS = 4
_SHORTEST_INTERVAL_SECONDS = 0.2
# A large app's processes take long to read, and it is the server's CPUs that they are read with: so many times as long
# as a reading took passes before the next one, which bounds their share of a CPU to 2 %.
_INTERVAL_TO_DURATION = 50
# The last reading is taken so long before the load ends, since a busy machine may let its thread wait.
_BEFORE_THE_END_SECONDS = 0.05
# How long a server that died goes unnoticed.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything at one moment (monotonic seconds): times are CPU seconds so far."""

    moment_seconds: float
    tree: TreeReading | None
    """Arbiter and workers, None for a server that gcadvise did not start."""
    generators_seconds: tuple[float, ...]
    own_seconds: float
    """What this process itself took."""
    busy_seconds: Fact[float]
    """What was taken of our CPUs by anyone."""
    throttling: Fact[tuple[CgroupThrottling, ...]]
    requests: Mapping[int, int] | None
    """How many requests each worker has begun so far."""
    exited_workers: int


class Readings:
    """The readings of one run; ``begin`` starts the thread that takes them."""

    def __init__(self, server: RunningServer | None, *, warm_up_seconds: float, run_seconds: float) -> None:
        self._server = server
        self._first_seconds = warm_up_seconds
        self._last_seconds = max(run_seconds - _BEFORE_THE_END_SECONDS, warm_up_seconds)
        part = (self._last_seconds - self._first_seconds) / _FEWEST_INTERVALS
        self._interval_seconds = max(min(INTERVAL_SECONDS, part), _SHORTEST_INTERVAL_SECONDS)
        self._over = threading.Event()
        self._taken: list[Reading] = []
        self._thread: threading.Thread | None = None

    def begin(self, load: UnderWay) -> None:
        """Take readings from now on, for a load that begins; end it early when the server dies."""
        self._thread = threading.Thread(target=self._follow, args=(load,), name="readings", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def between(self, begin_seconds: float, end_seconds: float) -> list[Reading]:
        """Those that were taken between two moments."""
        return [reading for reading in self._taken if begin_seconds <= reading.moment_seconds <= end_seconds]

    def _follow(self, load: UnderWay) -> None:
        due, last = load.begin_seconds + self._first_seconds, load.begin_seconds + self._last_seconds
        while self._wait_until(due, load):
            began = time.monotonic()
            with contextlib.suppress(OSError):  # a process that has just ended
                reading = take_reading(self._server, load.generators)
                if reading is not None:
                    self._taken.append(reading)
            if due >= last:
                return
            took = time.monotonic() - began
            due = min(max(due + self._interval_seconds, time.monotonic() + _INTERVAL_TO_DURATION * took), last)

    def _wait_until(self, moment: float, load: UnderWay) -> bool:
        """Whether the moment came; a server that dies ends the load instead."""
        while (left := moment - time.monotonic()) > 0:
            if self._over.wait(min(left, _LOOK_SECONDS)):
                return False
            if self._server is not None and not self._server.alive:
                load.stop()
                return False
        return not self._over.is_set()


@contextlib.contextmanager
def readings_of(server: RunningServer | None, *, warm_up_seconds: float, run_seconds: float) -> Iterator[Readings]:
    """Readings for the length of a block, in which ``begin`` is called once."""
    readings = Readings(server, warm_up_seconds=warm_up_seconds, run_seconds=run_seconds)
    try:
        yield readings
    finally:
        readings.close()


def take_reading(server: RunningServer | None, generators: Sequence[int]) -> Reading | None:
    """Read everything now; None when one of the processes is gone."""
    # Right before the processes, so that requests and CPU time are of one moment.
    requests = None if server is None else server.requests_served()
    tree = None if server is None else read_tree(server.arbiter_pid)
    generator_trees = [read_tree(pid, memory=False) for pid in generators]
    if (server is not None and tree is None) or None in generator_trees:
        return None
    return Reading(
        moment_seconds=time.monotonic() if tree is None else tree.moment_seconds,
        tree=tree,
        generators_seconds=tuple(found.arbiter.cpu.total for found in generator_trees if found is not None),
        own_seconds=time.process_time(),
        busy_seconds=busy_seconds(),
        throttling=read_throttling(),
        requests=requests,
        exited_workers=0 if server is None else len(server.exited_workers),
    )
