"""What was measured of an app: the cost of one request, and of one worker. The vocabulary of profile and model."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.units import KIB

# So many equally likely service times stand for their distribution.
QUANTILES = 100
# Touched stack and thread-locals of a busy thread are 0.1 to 1 MiB; where no thread was measured, as much is counted
# as a plan without measurements counts.
UNMEASURED_THREAD_BYTES = 512 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCost:
    """One request, measured at one worker that served one client at a time.

    Waiting is ``service_seconds`` − ``cpu_seconds``; it is never inferred from a worker with several threads, where
    waiting for the GIL looks like waiting for a database.
    """

    service_seconds: float
    """From the connection to the whole answer, the mean, with a new connection for each request. Without the time in
    which the worker was ready to compute and had no CPU, where the system tells it: a prediction adds what processes
    wait for each other's CPU, and what other programs took is no property of the app."""
    cpu_seconds: float
    """CPU time of a sync worker for it (user and system), the mean; as a busy worker takes it, where that was seen,
    since a CPU that rests between the requests of one client takes more."""
    gil_seconds: float
    """The part of the CPU time that holds the GIL: 1 ÷ this is the most that one process reaches, with any threads.
    As large as ``cpu_seconds`` where nothing else was shown."""
    handover_seconds: float
    """CPU time that gthread takes beyond a sync worker's, to hand a request from its main thread to another."""
    kept_alive_saves_seconds: float
    """CPU time of a gthread worker that a connection used again saves, per request."""
    variation: float
    """The standard deviation of the service time, as a share of its mean."""
    quantiles_seconds: tuple[float, ...]
    """100 equally likely service times in ascending order (the quantiles 0.005, 0.015 ... 0.995)."""
    response_bytes: int
    """The mean size of an answer, headers included."""

    @property
    def wait_seconds(self) -> float:
        """What a request waits for something other than a CPU."""
        return max(self.service_seconds - self.cpu_seconds, 0.0)

    @property
    def wait_ratio(self) -> float:
        """Waiting divided by computing."""
        return self.wait_seconds / self.cpu_seconds if self.cpu_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCost:
    """What the processes need with the app warmed up under load: PSS and USS; RSS would count shared pages often.

    A tree of W workers with T threads needs ``arbiter_bytes`` + W × (``worker_bytes`` + T × ``thread_bytes``).
    """

    arbiter_bytes: int
    """The arbiter and what all processes share."""
    worker_bytes: int
    """What one more worker needs of its own."""
    thread_bytes: int
    """What one more thread of a worker needs once it has served requests; ``UNMEASURED_THREAD_BYTES`` where no thread
    was measured."""
    growth_bytes_per_1000_requests: int
    """How much a worker grew over 1,000 requests after its warm-up; 0 where no growth was shown."""

    def total_bytes(self, workers: int, threads: int) -> int:
        """The memory of the whole tree."""
        return self.arbiter_bytes + workers * (self.worker_bytes + (threads if threads > 1 else 0) * self.thread_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCost:
    """One app under one mix of requests."""

    request: RequestCost
    memory: MemoryCost
