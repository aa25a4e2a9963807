"""What a size amounts to: requests at once, requests a second, memory, database connections."""

from __future__ import annotations

from advisor.host.host import Host
from advisor.sizing.constraints import Constraints
from advisor.sizing.limits import Size
from advisor.sizing.memory import budget, plan_bytes
from advisor.sizing.plan import Capacity
from advisor.sizing.worker_settings import delivers_all_slots
from advisor.workload.workload import Workload
from gunicorn_conf.release import Release


def requests_per_second(slots: int, cpus: float, response_time_seconds: float, wait_ratio: float) -> float:
    """The most requests a second: the slots' ceiling or the CPUs' ceiling, whichever is lower.

    A slot serves one request per response time; a CPU one per response time ÷ (1 + wait ratio), its computing part.
    """
    computing = response_time_seconds / (1 + wait_ratio)
    return min(slots / response_time_seconds, cpus / computing)


def capacity(host: Host, workload: Workload, constraints: Constraints, size: Size, release: Release) -> Capacity:
    """The capacity of a size on a host."""
    seconds = workload.response_time_seconds.value
    slots = size.split.slots
    return Capacity(
        concurrent_requests=slots,
        delivered=delivers_all_slots(release, size),
        requests_per_second=None
        if seconds is None
        else requests_per_second(slots, host.cpus.value or 0.0, seconds, workload.wait_ratio.value or 0.0),
        memory_bytes=plan_bytes(size.split.workers, size.split.threads, workload.worker_memory_bytes.value or 0),
        memory_budget_bytes=budget(host, constraints).value,
        database_connections=slots,
    )
