"""What the user states wins over what was measured: the cost of a request and of a worker with the stated figures."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from advisor.facts import Fact
from advisor.units import show_bytes, show_duration, show_number
from advisor.workload.cost import AppCost, RequestCost
from advisor.workload.workload import Workload

# The names of the workload's figures that a measured cost holds too.
WAIT_RATIO, RESPONSE_TIME, WORKER_MEMORY = "wait_ratio", "response_time_seconds", "worker_memory_bytes"


def adjusted(cost: AppCost, workload: Workload, stated: Set[str]) -> tuple[AppCost, Workload, tuple[str, ...]]:
    """The cost with the figures of the workload that were ``stated``, the workload that agrees with it, and the words.

    A wait ratio alone leaves the CPU time as measured, and so does a response time, as far as it fits into it; both
    together make the CPU time.
    """
    told = tuple(_told(cost, workload, stated))
    request = _request(cost.request, workload, stated)
    memory = cost.memory
    if WORKER_MEMORY in stated:
        memory = replace(memory, worker_bytes=workload.worker_memory_bytes.value or memory.worker_bytes)
    if {WAIT_RATIO, RESPONSE_TIME} & stated:
        follows = workload.wait_ratio.source if WAIT_RATIO in stated else workload.response_time_seconds.source
        source = f"follows from the measured CPU time and what was {follows}"
        if RESPONSE_TIME not in stated:
            seconds = Fact(value=request.service_seconds, source=source, origin=workload.wait_ratio.origin)
            workload = replace(workload, response_time_seconds=seconds)
        if WAIT_RATIO not in stated:
            ratio = Fact(value=request.wait_ratio, source=source, origin=workload.response_time_seconds.origin)
            workload = replace(workload, wait_ratio=ratio)
    return replace(cost, request=request, memory=memory), workload, told


def _request(request: RequestCost, workload: Workload, stated: Set[str]) -> RequestCost:
    ratio = workload.wait_ratio.value if WAIT_RATIO in stated else None
    seconds = workload.response_time_seconds.value if RESPONSE_TIME in stated else None
    if seconds is not None:
        service = seconds
        cpu = min(request.cpu_seconds, service) if ratio is None else service / (1 + ratio)
    elif ratio is not None:
        cpu = request.cpu_seconds
        service = cpu * (1 + ratio)
    else:
        return request
    longer = service / request.service_seconds if request.service_seconds > 0 else 1.0
    computing = cpu / request.cpu_seconds if request.cpu_seconds > 0 else 1.0
    return replace(
        request,
        service_seconds=service,
        cpu_seconds=cpu,
        gil_seconds=request.gil_seconds * computing,
        quantiles_seconds=tuple(one * longer for one in request.quantiles_seconds),
    )


def _told(cost: AppCost, workload: Workload, stated: Set[str]) -> Iterator[str]:
    request, memory = cost.request, cost.memory
    if WAIT_RATIO in stated:
        yield (
            f"The wait ratio {show_number(workload.wait_ratio.value or 0.0)} was {workload.wait_ratio.source} and "
            f"replaces the measured {show_number(request.wait_ratio)}."
        )
    if RESPONSE_TIME in stated:
        given = workload.response_time_seconds
        yield (
            f"The response time {show_duration(given.value or 0.0)} was {given.source} and replaces the measured "
            f"{show_duration(request.service_seconds)}."
        )
    if WORKER_MEMORY in stated:
        yield (
            f"The {show_bytes(workload.worker_memory_bytes.value or 0)} of a worker were "
            f"{workload.worker_memory_bytes.source} and replace the measured {show_bytes(memory.worker_bytes)}."
        )
