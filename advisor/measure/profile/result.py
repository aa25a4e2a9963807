"""What profiling an app shows: the cost of a request and of a worker, and how they were measured. Data alone.

What could not be measured is an unknown ``Fact``, whose source is the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.load.spec import LoadRequest
from advisor.workload.cost import AppCost

# A mean of fewer requests than this says little of how much they vary; it is shown with its number of samples.
ENOUGH_SAMPLES = 20
# The app's own failures; 4xx is what it says of the request.
_FAILED_FROM = 500
# One process that takes more than this many CPUs computes in several threads at once, so the GIL is not held all the
# time. Gunicorn's own main thread and the kernel's work for sockets reach 1.07 with the GIL held (measured, an empty
# Flask handler on 1 × 4 threads).
RELEASES_GIL_ABOVE_CPUS = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointProfile:
    """One kind of request, alone, at one worker that served one client at a time.

    ``service_seconds`` is from the connection to the whole answer, less ``queued_seconds``; ``cpu_seconds`` is what the
    worker, with the processes that it started, computed for it. ``statuses`` and ``failures`` (kinds without a whole
    answer) count the requests that were measured.
    """

    request: LoadRequest
    samples: int
    service_seconds: float
    cpu_seconds: float
    queued_seconds: float | None
    """How long the worker was ready to compute and had no CPU, since something else took it, or a limit held it back:
    no part of what the app waits for. None where the system does not tell; it is in ``service_seconds`` then."""
    variation: float
    """The standard deviation of the service time, as a share of its mean."""
    quantiles_seconds: tuple[float, ...]
    """100 equally likely service times in ascending order, each shortened by the same share as their mean."""
    statuses: Mapping[int, int]
    failures: Mapping[Kind, int]
    response_bytes: int
    """The size of an answer on the wire, headers included: the mean of the first few."""

    @property
    def wait_seconds(self) -> float:
        """What a request waits for something other than a CPU."""
        return max(self.service_seconds - self.cpu_seconds, 0.0)

    @property
    def wait_ratio(self) -> float:
        """Waiting divided by computing."""
        return self.wait_seconds / self.cpu_seconds if self.cpu_seconds > 0 else 0.0

    @property
    def seen_seconds(self) -> float:
        """What the client saw, with the waiting for a CPU."""
        return self.service_seconds + (self.queued_seconds or 0.0)

    @property
    def failed_share(self) -> float:
        """The share of requests that were answered with 5xx, or not at all."""
        failed = sum(number for status, number in self.statuses.items() if status >= _FAILED_FROM)
        lost = sum(self.failures.values())
        return (failed + lost) / max(self.samples + lost, 1)

    @property
    def few_samples(self) -> bool:
        """Whether so few requests were measured that their mean may be off."""
        return self.samples < ENOUGH_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsProfile:
    """The mix on one gthread worker with all its threads busy.

    ``alone_per_second`` is what a worker with a single thread answered, on the same machine with all that it had to do:
    1 ÷ the time that its client saw.
    """

    threads: int
    samples: int
    per_second: float
    alone_per_second: float
    cpus_used: float
    """CPU seconds of the process per second."""
    cpu_seconds: float
    """CPU time per request."""

    @property
    def gain(self) -> float:
        """How many times as many requests several threads answer."""
        return self.per_second / self.alone_per_second if self.alone_per_second > 0 else 0.0

    @property
    def releases_gil(self) -> bool:
        """Whether the process computed in several threads at once."""
        return self.cpus_used > RELEASES_GIL_ABOVE_CPUS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCost:
    """What the modules of one package, or one module at the top, took to import."""

    package: str
    seconds: float
    modules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """Importing the app's module in a fresh process, with files in the disk cache: ``dearest`` first, five at most."""

    seconds: float
    modules: int
    dearest: tuple[ImportCost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnections:
    """Connections that workers had to one place: the most that one worker had open at once.

    ``place`` is ``10.0.0.5:5432``, or ``Unix sockets``; ``service`` what usually listens on such a port.
    """

    place: str
    service: str | None
    most_per_worker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProfile:
    """How memory was measured: ``workers`` × ``threads`` of ``worker_class`` after ``requests`` requests.

    ``source`` is where the figures come from, ``smaps_rollup`` for instance; where the system tells neither PSS nor
    USS it says so, and RSS stands for both, which overstates them. ``thread_bytes`` is what each busy thread added.
    ``growth_bytes_per_1000_requests`` is of the worker that ran alone, over ``growth_requests``; 0 where it did not
    grow steadily. ``preload_saves_bytes`` is what a worker's own memory would be less by with ``preload_app``.
    """

    worker_class: str
    workers: int
    threads: int
    requests: int
    source: str
    thread_bytes: Fact[int]
    growth_bytes_per_1000_requests: Fact[int]
    growth_requests: int
    preload_saves_bytes: Fact[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppProfile:
    """One app under one mix of requests.

    ``cost`` is what the model takes; where one of its parts is not known it has the value that claims least (no
    hand-over, no saving, all CPU time under the GIL), a thread's memory that of a plan without measurements; and the
    fact of the same name here has the reason. The mix is the endpoints' figures by their weights. ``began`` is ISO 8601
    in UTC.
    """

    app: str
    wsgi: bool
    worker_class: str
    """What served the app while one request was measured: ``sync``, ``asgi``, ``uvicorn``."""
    gunicorn: str
    python: str
    began: str
    measured_seconds: float
    """How long requests were sent, all runs together."""
    endpoints: tuple[EndpointProfile, ...]
    cost: AppCost
    queued_seconds: Fact[float]
    """How long a request of the mix waited for a CPU, which is not in its cost."""
    handover_seconds: Fact[float]
    kept_alive_saves_seconds: Fact[float]
    gil_seconds: Fact[float]
    threads: Fact[ThreadsProfile]
    memory: MemoryProfile
    start_seconds: float
    """From the start of Gunicorn with one worker until it answered."""
    imports: Fact[Imports]
    connections: Fact[tuple[OpenConnections, ...]]
    notes: tuple[str, ...]
    """What else was seen, a sentence each: ``GET / answers 302 to /login``."""
    threads_fail: str | None = None
    """How requests fail once a worker has several threads; None where that was not seen."""

    @property
    def samples(self) -> int:
        """How many requests the figures per request are of."""
        return sum(endpoint.samples for endpoint in self.endpoints)
