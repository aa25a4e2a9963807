"""Runs one generator's share of a load in the process that calls it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from advisor.load import schedule
from advisor.load.connection import Address, Connection, Target
from advisor.load.engine import Engine
from advisor.load.http_request import wire_request
from advisor.load.limits import least_gap_seconds, most_requests
from advisor.load.poller import Poller, best_poller, exact_timers
from advisor.load.result import GeneratorUse
from advisor.load.samples import Samples
from advisor.load.spec import ClosedLoop, Connections, LoadSpec, OpenLoop
from advisor.load.target import host_of, is_tls


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareResult:
    """What one generator measured."""

    samples: Samples
    started: int
    unfinished: int
    dropped_connections: int
    window_seconds: float
    interrupted: bool
    use: GeneratorUse


class Share:
    """One generator's share of a load, made ready: ``run`` may then begin at any moment.

    Generators share what was made from the same seed: of the schedule and of the order of requests each takes every
    n-th, so that the whole is the same however many they are. ``stop_fd`` is a file that becomes readable when the
    run shall end early.
    """

    def __init__(
        self,
        spec: LoadSpec,
        *,
        number: int,
        family: int,
        address: Address,
        stop_fd: int | None = None,
        poller: Poller | None = None,
    ) -> None:
        self._spec = spec
        self._number = number
        authority = urllib.parse.urlsplit(spec.url).netloc
        if not authority.isascii():
            authority = authority.encode("idna").decode()
        targets = [
            Target(wire_request(request, authority=authority, connections=spec.connections), number=position)
            for position, request in enumerate(spec.requests)
        ]
        order = schedule.order([request.weight for request in spec.requests], seed=spec.seed)
        turns = range(number, number + spec.generators * len(order), spec.generators)
        self._due = (
            schedule.due_times(spec.loop, spec.seconds, seed=spec.seed, most_requests=most_requests(spec))[
                number :: spec.generators
            ]
            if isinstance(spec.loop, OpenLoop)
            else None
        )
        self._poller = poller or best_poller()
        self._engine = Engine(
            poller=self._poller,
            family=family,
            address=address,
            targets=[targets[order[turn % len(order)]] for turn in turns],
            keep_alive=spec.connections is Connections.KEPT_ALIVE,
            timeout_seconds=spec.timeout_seconds,
            gap_seconds=least_gap_seconds(spec),
            new_connection=_connections(spec),
            stop_fd=stop_fd,
        )

    def run(self, begin: float) -> ShareResult:
        """Generate the load from the moment ``begin`` (of ``time.perf_counter``) on; Ctrl-C ends it, with a result."""
        interrupted = False
        cpus = self._spec.cpus
        with exact_timers(), _pinned(cpus[self._number % len(cpus)] if cpus else None):
            cpu_before = time.thread_time()
            begun = time.perf_counter()
            try:
                self._run(begin)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                ended = time.perf_counter()
                cpu_seconds = time.thread_time() - cpu_before
                self.close()
        engine = self._engine
        engine.samples.cut_to_whole()
        return ShareResult(
            samples=engine.samples,
            started=engine.started,
            unfinished=engine.started - len(engine.samples),
            dropped_connections=engine.dropped_connections,
            window_seconds=self._window(ended - begin, early=interrupted or engine.stopped),
            interrupted=interrupted or engine.stopped,
            use=GeneratorUse(cpu_seconds=cpu_seconds, elapsed_seconds=ended - begun),
        )

    def close(self) -> None:
        """Close what is open; needed only when ``run`` is never called."""
        self._engine.close()
        self._poller.close()

    def _run(self, begin: float) -> None:
        spec = self._spec
        if isinstance(spec.loop, ClosedLoop):
            self._engine.run_closed(
                schedule.parts(spec.loop.clients, spec.generators)[self._number],
                begin=begin,
                seconds=spec.seconds,
                most_requests=self._most(),
            )
        else:
            assert self._due is not None
            self._engine.run_open(self._due, begin=begin)

    def _window(self, elapsed_seconds: float, *, early: bool) -> float:
        """How long requests were sent: less than was asked for when their number was reached, or at an interruption."""
        spec, engine = self._spec, self._engine
        if early:
            return max(min(spec.seconds, elapsed_seconds), 0.0)
        if engine.started < self._most():
            return spec.seconds
        return min(spec.seconds, max(engine.samples.finished_seconds(), default=spec.seconds))

    def _most(self) -> int:
        """How many requests this generator may send."""
        return schedule.parts(most_requests(self._spec), self._spec.generators)[self._number]


def _connections(spec: LoadSpec) -> Callable[[], Connection]:
    """What makes a connection: a plain one, or one under TLS."""
    if not is_tls(spec.url):
        return Connection
    from advisor.load.tls import TlsConnection, client_context

    context, name = client_context(spec), host_of(spec.url)
    return lambda: TlsConnection(context, name)


@contextlib.contextmanager
def _pinned(cpu: int | None) -> Iterator[None]:
    """Keep this thread on one CPU for the time of the block, where the system can and the CPU is ours."""
    if cpu is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    thread = threading.get_native_id()
    before = os.sched_getaffinity(thread)
    if cpu in before:
        os.sched_setaffinity(thread, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(thread, before)
