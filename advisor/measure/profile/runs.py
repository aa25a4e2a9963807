"""Starts the servers of a profile, and measures each: one worker, one with threads beside it, two workers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.facts import Fact
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS, LoadRequest
from advisor.measure.profile.connections import LOOP_SOCKETS
from advisor.measure.profile.load_run import Budget, Client
from advisor.measure.profile.memory_run import WORKERS, TreeMemory, measure_memory, preload_saves
from advisor.measure.profile.mix import mixed_mean
from advisor.measure.profile.more_samples import take_more, workers_for_more
from advisor.measure.profile.one_client import SLOW_SECONDS, OneClient, measure_one_client
from advisor.measure.profile.result import EndpointProfile
from advisor.measure.profile.start import started, with_arguments
from advisor.measure.profile.threads import Threads, measure_threads, threads_for
from advisor.measure.server_events import ServerSettings
from advisor.measure.server_spec import ServerSpec
from advisor.units import MIB, show_bytes
from gunicorn_conf.errors import GcadviseError
from gunicorn_conf.release import Release

# Beyond the time that an answer is waited for: gcadvise, not Gunicorn, is to say that a request takes too long.
_WORKER_TIMEOUT_MARGIN_SECONDS = 60
# Of a gthread worker whose connections are used again; Gunicorn's default is 2 s.
_KEEP_ALIVE_SECONDS = 75
# An event loop serves many at once; this is enough for all its parts to have been used.
_ASGI_CLIENTS = 8
# From this release on a gthread worker with worker_connections = threads takes no more than it serves, and does not
# hang (benoitc/gunicorn issues 3146 and 3407 for earlier ones).
_LIMITED_FROM = Release(25)

# gcadvise itself while it measures: its VmHWM was 39 MiB on Python 3.11.
_OWN_BYTES = 40 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be profiled, and within which bounds."""

    spec: ServerSpec
    mix: tuple[LoadRequest, ...]
    worker_class: str
    """What serves one request at a time: ``sync``, or the class for an ASGI app."""
    wsgi: bool
    budget: Budget
    timeout_seconds: float
    progress: Callable[[str], None]
    cpus: float = 1.0
    """What the app may use of them."""
    memory_bytes: int | None = None
    """What the app and gcadvise may use in all; None where it is unknown."""

    def server(self, *, workers: int, worker_class: str, threads: int = 1, **settings: int) -> ServerSpec:
        """The app on such a server; what would end workers in between is off."""
        return with_arguments(
            self.spec,
            {
                "max-requests": 0,
                "timeout": math.ceil(self.timeout_seconds) + _WORKER_TIMEOUT_MARGIN_SECONDS,
                "workers": workers,
                "worker-class": worker_class,
                "threads": threads,
                **{name.replace("_", "-"): value for name, value in settings.items()},
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRuns:
    """What one worker showed, with one client and with threads."""

    settings: ServerSettings
    start_seconds: float
    printed_bytes_per_request: float
    one: OneClient
    threads: Threads

    @property
    def service_seconds(self) -> float:
        """Of a request of the mix, as one client saw it."""
        return mixed_mean(self.one.endpoints, [endpoint.seen_seconds for endpoint in self.one.endpoints])


def measure_workers(order: Order) -> WorkerRuns:
    """Measure one worker with one client, then one with threads. Raises GcadviseError when the first cannot be."""
    order.progress("measuring one request at a time, with one worker and one client")
    spec = order.server(workers=1, worker_class=order.worker_class)
    with started(spec) as server:
        client = Client(server, spec, order.budget, order.timeout_seconds)
        printed = server.log_bytes
        one = measure_one_client(client, order.mix)
        printed = server.log_bytes - printed
        one = replace(one, endpoints=_more_samples(order, one))
        sent = client.sent
        threads = (
            _measure_threads(order, client, one)
            if order.wsgi
            else Threads.unknown("an event loop has no threads to hand requests to")
        )
        return WorkerRuns(
            settings=server.settings,
            start_seconds=server.start_seconds,
            printed_bytes_per_request=printed / max(sent, 1),
            one=one,
            threads=threads,
        )


def _more_samples(order: Order, one: OneClient) -> tuple[EndpointProfile, ...]:
    """The endpoints, from more requests where their times vary much and there is room for several workers."""
    workers = workers_for_more(one.endpoints, order.cpus) if order.wsgi else 0
    service = mixed_mean(one.endpoints, [endpoint.seen_seconds for endpoint in one.endpoints])
    if not workers or service > SLOW_SECONDS or _no_memory(order, one, workers=workers + 1, servers=2) is not None:
        return one.endpoints
    order.progress(f"measuring how much the times vary, with {workers} workers and a client each")
    try:
        with started(order.server(workers=workers, worker_class=order.worker_class)) as server:
            return take_more(server, one.endpoints, order.budget, timeout_seconds=order.timeout_seconds)
    except GcadviseError:  # several at a time may be more than the app, or what it talks to, takes
        return one.endpoints


def _measure_threads(order: Order, sync: Client, one: OneClient) -> Threads:
    service = mixed_mean(one.endpoints, [endpoint.seen_seconds for endpoint in one.endpoints])
    cpu = mixed_mean(one.endpoints, [endpoint.cpu_seconds for endpoint in one.endpoints])
    waiting = mixed_mean(one.endpoints, [endpoint.wait_seconds for endpoint in one.endpoints])
    threads = threads_for(waiting / cpu if cpu > 0 else 0.0, one.request_bytes, sync.budget.growth_bytes)
    if _least_seconds(service, cpu, threads) > order.budget.left_seconds:
        return Threads.unknown(_no_time(service))
    lack = _no_memory(order, one, workers=2, servers=2)
    if lack is not None:
        return Threads.unknown(lack)
    order.progress(f"measuring threads, with one worker and {threads} threads")
    spec = order.server(
        workers=1,
        worker_class="gthread",
        threads=threads,
        keep_alive=_KEEP_ALIVE_SECONDS,
        **_limited(sync.server.settings, threads),
    )
    try:
        with started(spec) as server:
            client = Client(server, spec, order.budget, DEFAULT_TIMEOUT_SECONDS)
            return measure_threads(
                client, sync, order.mix, threads=threads, one=one, service_seconds=service, cpu_seconds=cpu
            )
    except GcadviseError as error:
        return Threads.unknown(f"with {threads} threads {error}: {error.why}", stuck=True)


def measure_trees(order: Order, workers: WorkerRuns) -> tuple[TreeMemory, Fact[int]]:
    """The memory of two workers, and what preload_app saves of it.

    Where there is no time for them, the memory of the worker that was measured alone.
    """
    count = threads_of(workers)
    service = workers.service_seconds
    cpu = mixed_mean(workers.one.endpoints, [endpoint.cpu_seconds for endpoint in workers.one.endpoints])
    if count > 1:
        spec = order.server(workers=WORKERS, worker_class="gthread", threads=count, **_limited(workers.settings, count))
    else:
        spec = order.server(workers=WORKERS, worker_class=order.worker_class)
    clients = WORKERS * count * (2 if order.wsgi else _ASGI_CLIENTS)
    least = _least_seconds(service, cpu, clients)
    if least > order.budget.left_seconds:
        return workers.one.as_tree(_no_time(service)), Fact.unknown(_no_time(service))
    lack = _no_memory(order, workers.one, workers=WORKERS, servers=1)
    if lack is not None:
        return workers.one.as_tree(lack), Fact.unknown(lack)
    order.progress(f"measuring memory, with {WORKERS} workers")
    try:
        own = 0 if order.wsgi else LOOP_SOCKETS
        plain = measure_memory(spec, order.mix, clients=clients, budget=order.budget, own_unix_sockets=own)
    except GcadviseError as error:
        reason = f"with {WORKERS} workers {error}: {error.why}"
        return workers.one.as_tree(reason), Fact.unknown(reason)
    if least > order.budget.left_seconds:
        return plain, Fact.unknown(_no_time(service))
    order.progress("measuring memory, with preload_app")
    try:
        preloaded = measure_memory(
            with_arguments(spec, {}, "--preload"), order.mix, clients=clients, budget=order.budget
        )
    except GcadviseError as error:
        return plain, Fact.unknown(f"with preload_app {error}: {error.why}")
    return plain, preload_saves(plain, preloaded)


def threads_of(workers: WorkerRuns) -> int:
    """The threads with which memory is measured: those that the app was seen to serve with."""
    found = workers.threads.profile.value
    return 1 if found is None else found.threads


def _limited(settings: ServerSettings, threads: int) -> dict[str, int]:
    """The setting with which a worker leaves to the other what it cannot serve yet."""
    return {"worker_connections": threads} if Release.parse(settings.gunicorn) >= _LIMITED_FROM else {}


def _least_seconds(service_seconds: float, cpu_seconds: float, clients: int) -> float:
    """One round of so many clients, and one request before it."""
    return 2 * service_seconds + clients * cpu_seconds


def _no_memory(order: Order, one: OneClient, *, workers: int, servers: int) -> str | None:
    """Why so many workers are not started at once; None where their memory is there.

    The kernel would end one of them, or gcadvise, and the figures would be those of a worker that had just begun.
    """
    if order.memory_bytes is None:
        return None
    alone = one.as_tree("")
    needed = servers * alone.arbiter_bytes + workers * alone.worker_bytes + _OWN_BYTES
    if needed <= order.memory_bytes:
        return None
    return (
        f"{workers} workers at once, and gcadvise, need about {show_bytes(needed)}; "
        f"{show_bytes(order.memory_bytes)} may be used"
    )


def _no_time(service_seconds: float) -> str:
    return f"a request takes {service_seconds:.3g} s: there was no time left for it"
