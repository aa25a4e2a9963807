"""Measures one gthread worker: the hand-over between threads, kept-alive connections, and whether threads help."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.load.spec import Connections, LoadRequest
from advisor.measure.process_sampler import read_tree
from advisor.measure.profile.hang import what_it_does
from advisor.measure.profile.load_run import Client, LoadRun
from advisor.measure.profile.log_reading import last_exception
from advisor.measure.profile.mix import grown_after, mixed_mean
from advisor.measure.profile.one_client import OneClient
from advisor.measure.profile.result import ThreadsProfile

# The launcher answers this itself, so that what it costs is Gunicorn's work alone.
EMPTY = (LoadRequest(headers=(("X-Gcadvise-Hold", "0"),)),)
# Slices of a load on one server and on the other, in turn: what else the machine does meets both alike, and the median
# of the differences is not moved by one slice that it met alone.
_EMPTY_SLICES = 5
_EMPTY_SECONDS = 0.08

LEAST_THREADS = 4
# A process whose requests wait long needs many threads before it computes all the time; more than this many tell
# nothing new about the GIL, and take memory.
MOST_THREADS = 16
# So many times the threads that keep the process computing while others wait.
_SPARE = 2.0
SECONDS = 2.5
# Beyond the time that a request takes with all threads busy, before threads count as stuck.
_PATIENCE_SECONDS = 3.0
_PATIENCE_TIMES = 4.0
# So many more requests in a hundred that fail with threads are the threads' doing.
_MORE_FAIL = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """What a gthread worker showed beside a sync worker; ``stuck`` says how, when threads hung or failed."""

    profile: Fact[ThreadsProfile]
    thread_bytes: Fact[int]
    handover_seconds: Fact[float]
    kept_alive_saves_seconds: Fact[float]
    stuck: str | None

    @classmethod
    def unknown(cls, reason: str, *, stuck: bool = False) -> Threads:
        """Nothing was measured, for this reason."""
        return cls(
            profile=Fact.unknown(reason),
            thread_bytes=Fact.unknown(reason),
            handover_seconds=Fact.unknown(reason),
            kept_alive_saves_seconds=Fact.unknown(reason),
            stuck=reason if stuck else None,
        )


def threads_for(wait_ratio: float, request_bytes: int, memory_bytes: int) -> int:
    """How many threads show what threads do to this app.

    ``request_bytes`` is what a request takes while it is served; all together must fit into ``memory_bytes``.
    """
    wanted = min(max(math.ceil(_SPARE * (1 + wait_ratio)), LEAST_THREADS), MOST_THREADS)
    return max(min(wanted, memory_bytes // request_bytes if request_bytes > 0 else wanted), 2)


def measure_threads(
    client: Client,
    sync: Client,
    requests: tuple[LoadRequest, ...],
    *,
    threads: int,
    one: OneClient,
    service_seconds: float,
    cpu_seconds: float,
) -> Threads:
    """Measure one worker with so many threads beside the sync worker that served ``one`` client.

    Raises GcadviseError when it ends or cannot be measured.
    """
    at_start = _own(client)
    handover, saves = _empty_costs(client, sync, threads)
    patience = _PATIENCE_SECONDS + _PATIENCE_TIMES * (service_seconds + 2 * threads * cpu_seconds)
    run = client.load(
        requests,
        clients=2 * threads,
        seconds=client.budget.part(SECONDS),
        most_requests=client.budget.most_requests,
        timeout_seconds=patience,
    )
    reason = _stuck(client, run, threads) if run.timeouts else _failing(client, run, one, threads)
    if reason is not None:
        return Threads(
            profile=Fact.unknown(reason),
            thread_bytes=Fact.unknown(reason),
            handover_seconds=handover,
            kept_alive_saves_seconds=saves,
            stuck=reason,
        )
    grown = grown_after(one.growth_curve, len(run.samples))
    return Threads(
        profile=Fact(
            value=ThreadsProfile(
                threads=threads,
                samples=len(run.samples),
                per_second=run.whole / run.elapsed_seconds,
                alone_per_second=1 / service_seconds,
                cpus_used=run.cpu_seconds / run.elapsed_seconds,
                cpu_seconds=run.cpu_seconds_per_request,
            ),
            source=f"measured with 1 worker × {threads} threads",
        ),
        thread_bytes=_thread_bytes(at_start, _own(client), grown),
        handover_seconds=handover,
        kept_alive_saves_seconds=saves,
        stuck=None,
    )


def _empty_costs(client: Client, sync: Client, threads: int) -> tuple[Fact[float], Fact[float]]:
    """What handing over costs, and what a kept connection saves, each for an empty handler."""
    if not (client.server.observed and sync.server.observed):
        reason = "the worker class does not let its calls of the app be seen"
        return Fact.unknown(reason), Fact.unknown(reason)
    handovers, savings = [], []
    for _ in range(_EMPTY_SLICES):
        busy = _empty(client, 2 * threads)
        handovers.append(busy - _empty(sync, 2 * threads))
        savings.append(_empty(client, 1) - _empty(client, 1, Connections.KEPT_ALIVE))
    return (
        Fact(
            value=max(statistics.median(handovers), 0.0),
            source=f"an empty handler with {threads} threads beside one on a sync worker",
        ),
        Fact(value=max(statistics.median(savings), 0.0), source="an empty handler on gthread, with one client"),
    )


def _empty(client: Client, clients: int, connections: Connections = Connections.NEW) -> float:
    """The CPU time of a request that does nothing, for Gunicorn and the kernel."""
    seconds = client.budget.part(_EMPTY_SECONDS)
    return client.load(EMPTY, clients=clients, seconds=seconds, connections=connections).cpu_seconds_per_request


def _stuck(client: Client, run: LoadRun, threads: int) -> str:
    doing = what_it_does(client.server, client.worker, client.spec)
    unanswered = f"{run.timeouts:,} of {len(run.samples):,} requests were not answered"
    return f"with {threads} threads {unanswered}: the worker {doing}"


def _failing(client: Client, run: LoadRun, one: OneClient, threads: int) -> str | None:
    """How requests fail with threads that do not fail with one client; None where no more of them do."""
    kinds = run.samples.kinds()
    failed = len(run.samples) - kinds.get(Kind.ANSWERED, 0) - kinds.get(Kind.CLIENT_ERROR, 0)
    before = mixed_mean(one.endpoints, [endpoint.failed_share for endpoint in one.endpoints])
    if failed <= (before + _MORE_FAIL) * len(run.samples):
        return None
    exception = last_exception(client.server.log())
    why = "" if exception is None else f": {exception}"
    return f"with {threads} threads {failed:,} of {len(run.samples):,} requests failed{why}"


def _own(client: Client) -> tuple[int, int] | None:
    """The worker's own memory and the number of its threads; None where the system does not tell."""
    tree = read_tree(client.worker)
    if tree is None or tree.arbiter.memory is None or tree.arbiter.memory.uss_bytes.value is None:
        return None
    return tree.arbiter.memory.uss_bytes.value, len(tree.arbiter.switches)


def _thread_bytes(before: tuple[int, int] | None, after: tuple[int, int] | None, grown: int) -> Fact[int]:
    """What a thread added, beyond what as many requests make a worker grow by (``grown``) that has no threads."""
    if before is None or after is None:
        return Fact.unknown("the system does not tell how much memory is a process's own")
    more = after[1] - before[1]
    if more <= 0:
        return Fact.unknown("no thread was started under load")
    return Fact(value=max((after[0] - before[0] - grown) // more, 0), source=f"{more} threads that had served")
