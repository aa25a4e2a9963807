"""Sends bounded loads to one server, and reads what its worker computed for them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from advisor.load.run import run_load
from advisor.load.samples import Kind, Samples
from advisor.load.spec import ClosedLoop, Connections, LoadRequest, LoadSpec
from advisor.measure.profile.answers import refusal
from advisor.measure.profile.cpu_clock import settled_cpu_seconds
from advisor.measure.profile.hang import what_it_does
from advisor.measure.profile.probe import Answer, probe, shown
from advisor.measure.profile.run_queue import queued_between, read_queued
from advisor.measure.server import RunningServer
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.errors import ServerFailed

# As long as a user waits without wondering; the phases below are made for it.
PROFILE_SECONDS = 20.0

# Of a phase that is begun when the time is over.
_LEAST_SECONDS = 0.1

# Whole answers: their cost is known, whatever their status.
_WHOLE = frozenset({Kind.ANSWERED, Kind.CLIENT_ERROR, Kind.SERVER_ERROR})


class Budget:
    """The time for sending requests, and the memory that an app which never gives any back may take."""

    def __init__(self, seconds: float, growth_bytes: int) -> None:
        self.seconds = seconds
        self.spent_seconds = 0.0
        self.growth_bytes = growth_bytes
        self.growth_bytes_per_request = 0.0
        """How much a worker grew with each request so far; it bounds the number of requests."""

    def part(self, seconds: float) -> float:
        """The time for a phase that takes so long in a profile of the usual length; less when that is nearly over."""
        return min(seconds * min(self.seconds / PROFILE_SECONDS, 1.0), max(self.left_seconds, _LEAST_SECONDS))

    @property
    def left_seconds(self) -> float:
        """What is left of the time."""
        return max(self.seconds - self.spent_seconds, 0.0)

    @property
    def most_requests(self) -> int | None:
        """How many requests one server may get; None for as many as come."""
        if self.growth_bytes_per_request <= 0:
            return None
        return max(int(self.growth_bytes / self.growth_bytes_per_request), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """One load: its samples, what the worker computed for it, and how long it lasted."""

    samples: Samples
    cpu_seconds: float
    elapsed_seconds: float
    queued_seconds: float | None
    """How long the worker was ready to compute and had no CPU; None where the system does not tell."""

    @property
    def whole(self) -> int:
        """The requests that got a whole answer."""
        kinds = self.samples.kinds()
        return sum(kinds.get(kind, 0) for kind in _WHOLE)

    @property
    def timeouts(self) -> int:
        """The requests that got no whole answer in time."""
        return self.samples.kinds().get(Kind.TIMEOUT, 0)

    @property
    def cpu_seconds_per_request(self) -> float:
        """The CPU time of one request. Raises ZeroDivisionError when there was none."""
        return self.cpu_seconds / len(self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One answer, with what the worker computed for it, and how long it had no CPU (None: not told)."""

    answer: Answer
    cpu_seconds: float
    queued_seconds: float | None


class Client:
    """Sends to one server with one worker, within the budget; ``sent`` counts its requests."""

    def __init__(self, server: RunningServer, spec: ServerSpec, budget: Budget, timeout_seconds: float) -> None:
        self.server = server
        self.spec = spec
        self.budget = budget
        self.timeout_seconds = timeout_seconds
        self.worker = server.worker_pids[0]
        self.sent = 0

    def probe(self, request: LoadRequest) -> Probed:
        """Send one request alone.

        Raises ServerFailed or BadInput when the app does not answer it, or refuses it.
        """
        before, queued = self._cpu(), read_queued(self.worker)
        answer = probe(self.server.url, request, timeout_seconds=self.timeout_seconds)
        self.budget.spent_seconds += answer.seconds
        self.sent += 1
        if answer.kind is Kind.TIMEOUT and answer.size_bytes:
            raise ServerFailed(
                f"{shown(request)} has no end within {self.timeout_seconds:g} s",
                why=f"{answer.size_bytes:,} bytes of an answer had come; one that goes on, such as a stream of events, "
                "cannot be measured",
                hint="name another request with --path, or allow more with --timeout",
                log=self.server.log(),
            )
        if answer.kind is Kind.TIMEOUT:
            doing = what_it_does(self.server, self.worker, self.spec)
            raise ServerFailed(
                f"{shown(request)} is not answered within {self.timeout_seconds:g} s",
                why=f"the worker {doing}",
                hint="see whether something that the app waits for is missing, name another request with --path, or "
                "allow more with --timeout",
                log=self.server.log(),
            )
        failed = refusal(answer, self.server.log())
        if failed is not None:
            raise failed
        return Probed(
            answer=answer,
            cpu_seconds=self._cpu() - before,
            queued_seconds=queued_between(queued, read_queued(self.worker)),
        )

    def load(
        self,
        requests: tuple[LoadRequest, ...],
        *,
        clients: int,
        seconds: float,
        most_requests: int | None = None,
        connections: Connections = Connections.NEW,
        timeout_seconds: float | None = None,
    ) -> LoadRun:
        """Send the requests by their weights, each client one after another.

        Raises ServerFailed when the worker ends, and KeyboardInterrupt at Ctrl-C.
        """
        before, queued = self._cpu(), read_queued(self.worker)
        began = time.monotonic()
        result = run_load(
            LoadSpec(
                url=self.server.url,
                loop=ClosedLoop(clients=clients),
                seconds=seconds,
                requests=requests,
                connections=connections,
                timeout_seconds=timeout_seconds or self.timeout_seconds,
                most_requests=most_requests,
            )
        )
        self.budget.spent_seconds += time.monotonic() - began
        self.sent += result.started
        if result.interrupted:
            raise KeyboardInterrupt
        return LoadRun(
            samples=result.samples,
            cpu_seconds=self._cpu() - before,
            elapsed_seconds=result.elapsed_seconds,
            queued_seconds=queued_between(queued, read_queued(self.worker)),
        )

    def idle_cpus(self, seconds: float) -> float:
        """What the worker computes for so long without any request, in CPUs."""
        before = self._cpu()
        began = time.monotonic()
        time.sleep(seconds)
        return (self._cpu() - before) / (time.monotonic() - began)

    def _cpu(self) -> float:
        seconds = settled_cpu_seconds(self.worker) if self.worker in self.server.worker_pids else None
        if seconds is None:
            raise ServerFailed(
                "the worker ended while it was measured",
                why="the app, or a library of it, ended its process",
                hint="look at the log; with --path name a request that does not",
                log=self.server.log(),
            )
        return seconds
