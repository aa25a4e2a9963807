"""Measures what two workers need after they have served, with and without preload_app."""

from __future__ import annotations

import statistics
import urllib.parse
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.run import run_load
from advisor.load.spec import ClosedLoop, LoadRequest, LoadSpec
from advisor.measure.process_sampler import sampled_processes
from advisor.measure.processes import ProcessUse, TreeUse
from advisor.measure.profile.connections import watched_connections
from advisor.measure.profile.load_run import Budget
from advisor.measure.profile.result import OpenConnections
from advisor.measure.profile.start import started
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.errors import ServerFailed

# Two are enough to see what processes share: the sum of PSS is linear in their number (measured with 2, 4 and 8
# workers: within 1 MB).
WORKERS = 2
SECONDS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeMemory:
    """A tree of workers that have served: all that it needs, and what one worker has of its own."""

    workers: int = WORKERS
    total_bytes: int
    worker_bytes: int
    source: str
    requests: int
    connections: Fact[tuple[OpenConnections, ...]]

    @property
    def arbiter_bytes(self) -> int:
        """The arbiter, and what all processes share."""
        return max(self.total_bytes - self.workers * self.worker_bytes, 0)


def measure_memory(
    spec: ServerSpec,
    requests: tuple[LoadRequest, ...],
    *,
    clients: int,
    budget: Budget,
    own_unix_sockets: int = 0,
) -> TreeMemory:
    """Start the server, load it, and read the memory of its processes. Raises GcadviseError.

    ``own_unix_sockets`` is what the worker class itself has of them.
    """
    with started(spec) as server, sampled_processes(server.arbiter_pid) as sampler:
        port = urllib.parse.urlsplit(server.url).port or 0
        with watched_connections(lambda: server.worker_pids, port, own_unix_sockets) as watch:
            result = run_load(
                LoadSpec(
                    url=server.url,
                    loop=ClosedLoop(clients=clients),
                    seconds=budget.part(SECONDS),
                    requests=requests,
                    most_requests=None if budget.most_requests is None else max(budget.most_requests, clients),
                )
            )
        budget.spent_seconds += result.elapsed_seconds
        if result.interrupted:
            raise KeyboardInterrupt
        use = sampler.use()
        if len(use.workers) < WORKERS:
            raise ServerFailed(
                "a worker ended under load",
                why="the app, or a library of it, ended its process",
                hint="look at the log",
                log=server.log(),
            )
        return _tree_memory(use, requests=len(result.samples), connections=watch.found())


def preload_saves(plain: TreeMemory, preloaded: TreeMemory) -> Fact[int]:
    """What a worker's own memory is less by with preload_app; 0 where it saves nothing."""
    return Fact(
        value=max(plain.worker_bytes - preloaded.worker_bytes, 0),
        source=f"{WORKERS} workers with preload_app beside {WORKERS} without",
    )


def _tree_memory(use: TreeUse, *, requests: int, connections: Fact[tuple[OpenConnections, ...]]) -> TreeMemory:
    memory = use.memory
    if memory is None:
        raise ServerFailed(
            "the memory of the workers cannot be read", why="they have ended", hint="look at the server's log"
        )
    own = [_own(worker) for worker in use.workers]
    if memory.pss_bytes.value is None or None in own:
        reason = memory.pss_bytes.source if memory.pss_bytes.value is None else memory.uss_bytes.source
        resident = [worker.memory.rss_bytes for worker in use.workers if worker.memory is not None]
        return TreeMemory(
            total_bytes=memory.rss_bytes,
            worker_bytes=round(statistics.fmean(resident)),
            source=f"RSS, which counts shared memory once for each process ({reason})",
            requests=requests,
            connections=connections,
        )
    return TreeMemory(
        total_bytes=memory.pss_bytes.value,
        worker_bytes=round(statistics.fmean(value for value in own if value is not None)),
        source=memory.pss_bytes.source,
        requests=requests,
        connections=connections,
    )


def _own(worker: ProcessUse) -> int | None:
    return None if worker.memory is None else worker.memory.uss_bytes.value
