"""What a run of load gave: raw samples, and how the generator itself fared."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.load.limits import OpenFiles
from advisor.load.samples import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorUse:
    """One generator: the CPU time it took (user and system), in how long a time."""

    cpu_seconds: float
    elapsed_seconds: float

    @property
    def cpu_share(self) -> float:
        """The share of one CPU that it took."""
        return self.cpu_seconds / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The outcome of one run.

    ``samples`` has every request that ended, ``unfinished`` counts those that had not when the run was interrupted.
    ``dropped_connections`` counts kept-alive connections that the server closed between two requests; a request that
    met such a one was sent again, once, and is one sample. The run began at ``begin_seconds``, a moment of
    ``time.perf_counter``. The window is the time in which requests were sent; ``answered_in_window`` counts the whole
    responses below status 400 that came within it, ``elapsed_seconds`` lasts until the last request ended.
    """

    samples: Samples
    started: int
    unfinished: int
    dropped_connections: int
    answered_in_window: int
    begin_seconds: float
    window_seconds: float
    elapsed_seconds: float
    interrupted: bool
    generators: tuple[GeneratorUse, ...]
    open_files: OpenFiles

    @property
    def throughput_per_second(self) -> float:
        """Answered requests over the window: failures are no throughput, nor is what was answered after its end."""
        return self.answered_in_window / self.window_seconds if self.window_seconds > 0 else 0.0

    @property
    def started_per_second(self) -> float:
        """The rate at which requests were really sent; of an open loop, the offered rate."""
        return self.started / self.window_seconds if self.window_seconds > 0 else 0.0
