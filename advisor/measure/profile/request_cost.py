"""Derives what the model takes of a request from the runs with one client and with threads. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.facts import Fact
from advisor.measure.profile.mix import mixed_mean, mixed_quantiles, mixed_variation
from advisor.measure.profile.result import EndpointProfile
from advisor.measure.profile.threads import Threads
from advisor.workload.cost import RequestCost

# A process that computes for less of the time than this is not busy: its caches are as cold as with one client, and
# whether it could compute in two threads at once was not seen.
_BUSY_FROM_CPUS = 0.7


def request_cost(endpoints: Sequence[EndpointProfile], threads: Threads) -> tuple[RequestCost, Fact[float]]:
    """The cost of the mix, and what of its CPU time holds the GIL."""
    alone = mixed_mean(endpoints, [endpoint.cpu_seconds for endpoint in endpoints])
    cpu = _cpu_seconds(alone, threads)
    gil = _gil(cpu, threads)
    cost = RequestCost(
        service_seconds=mixed_mean(endpoints, [endpoint.service_seconds for endpoint in endpoints]),
        cpu_seconds=cpu,
        gil_seconds=cpu if gil.value is None else gil.value,
        handover_seconds=threads.handover_seconds.value or 0.0,
        kept_alive_saves_seconds=threads.kept_alive_saves_seconds.value or 0.0,
        variation=mixed_variation(endpoints),
        quantiles_seconds=mixed_quantiles(endpoints),
        response_bytes=round(mixed_mean(endpoints, [endpoint.response_bytes for endpoint in endpoints])),
    )
    return cost, gil


def _cpu_seconds(alone: float, threads: Threads) -> float:
    """The lesser of what one client showed, and of what a busy worker with threads showed, without its hand-over.

    A CPU that rests between requests finds its caches cold and its clock low when the next one comes: a handler of
    3 ms that then waits 12 ms took 4.3 ms of CPU time alone, and 3.5 ms on a worker that was busy all the time
    (measured on 2 CPUs). The throughput that a worker reaches follows from the latter.
    """
    found, handover = threads.profile.value, threads.handover_seconds.value
    if found is None or handover is None or found.cpus_used < _BUSY_FROM_CPUS:
        return alone
    busy = found.cpu_seconds - handover
    return min(alone, busy) if busy > 0 else alone


def _gil(cpu_seconds: float, threads: Threads) -> Fact[float]:
    found = threads.profile.value
    if found is None:
        return Fact.unknown(threads.profile.source)
    used = f"{found.threads} threads used {found.cpus_used:.2f} CPUs"
    if found.releases_gil:
        return Fact(value=min(cpu_seconds, 1 / found.per_second), source=f"{used}: at most this holds the GIL")
    if found.cpus_used < _BUSY_FROM_CPUS:
        return Fact.unknown(f"{used}, too few to tell")
    return Fact(value=cpu_seconds, source=f"{used}: no part without the GIL was shown")
