"""Reads a server's processes at the beginning, at the end and regularly during a run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from advisor.host.system import System
from advisor.measure.process_files import read_tree as read_files
from advisor.measure.process_psutil import read_tree as read_psutil
from advisor.measure.process_readings import TreeReading
from advisor.measure.processes import TreeUse, use_over
from gunicorn_conf.errors import ServerFailed

# Memory under load changes over seconds. One reading takes 0.7 ms a process of 20 MiB
# (measured; of it 0.5 ms for the memory, in proportion to the pages in use).
INTERVAL_SECONDS = 1.0


def read_tree(arbiter: int, *, memory: bool = True, system: System | None = None) -> TreeReading | None:
    """The process and all that descends from it, now; None when it is gone."""
    system = system or System()
    if system.outside_linux:
        return read_psutil(arbiter, memory=memory)
    return read_files(arbiter, memory=memory, system=system)


class ProcessSampler:
    """The readings of one tree of processes, taken by a thread; valid within the block of ``sampled_processes``."""

    def __init__(self, arbiter: int, interval_seconds: float) -> None:
        self._arbiter = arbiter
        self._interval_seconds = interval_seconds
        self._changed = threading.Condition()
        self._ended = False
        self._readings = [self._now()]
        self._thread = threading.Thread(target=self._follow, name="process sampler", daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Forget what was before: the warm-up is over and the run begins now. Raises ServerFailed."""
        reading = self._now()
        with self._changed:
            self._readings = [reading]

    def use(self) -> TreeUse:
        """What was used since the beginning, or the last restart. Raises ServerFailed when the arbiter is gone."""
        reading = self._now()
        with self._changed:
            return use_over([*self._readings, reading])

    @property
    def readings(self) -> int:
        """How many readings there are since the beginning, or the last restart."""
        with self._changed:
            return len(self._readings)

    def wait_for_readings(self, number: int, timeout_seconds: float) -> bool:
        """Wait until so many readings are there; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._readings) >= number, timeout_seconds)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()

    def _now(self) -> TreeReading:
        reading = read_tree(self._arbiter)
        if reading is None:
            raise ServerFailed(
                "the server's processes cannot be read",
                why=f"there is no process {self._arbiter}",
                hint="look at the server's log",
            )
        return reading

    def _follow(self) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._ended, self._interval_seconds):
                    return
                began = self._readings[0]
            reading = read_tree(self._arbiter)
            with self._changed:
                if reading is None:
                    return
                if self._readings[0] is began:  # else it may be from before the restart
                    self._readings.append(reading)
                    self._changed.notify_all()


@contextlib.contextmanager
def sampled_processes(arbiter: int, *, interval_seconds: float = INTERVAL_SECONDS) -> Iterator[ProcessSampler]:
    """Follow the arbiter and its workers for the length of the block. Raises ServerFailed when it is gone."""
    sampler = ProcessSampler(arbiter, interval_seconds)
    try:
        yield sampler
    finally:
        sampler.close()
