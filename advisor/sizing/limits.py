"""Weighs every limit, finds workers and threads, and keeps the arithmetic of each limit for the reader."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.host.host import Host
from advisor.sizing.constraints import Constraints
from advisor.sizing.demand import Demand, demand, rule_workers
from advisor.sizing.memory import ARBITER_BYTES, THREAD_BYTES, budget, plan_bytes, show_budget
from advisor.sizing.plan import Limit
from advisor.sizing.split import Bounds, LimitName, Split, binding_limit, split
from advisor.units import count, show_bytes, show_cpus
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.errors import BadInput, DoesNotFit

# Where few requests are asked for, still one worker that serves while the other one restarts.
MINIMUM_WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Workers and threads, what was aimed for, and the limits that were weighed."""

    split: Split
    demand: Demand
    limits: tuple[Limit, ...]
    binding: LimitName


def size(host: Host, workload: Workload, constraints: Constraints) -> Size:
    """Find workers and threads for a workload on a host.

    Raises BadInput when the number of CPUs is unknown, DoesNotFit when the memory does not hold one worker.
    """
    cpus = host.cpus.value
    if cpus is None:
        raise BadInput("the number of CPUs is unknown", why=host.cpus.source, hint="give it, as in --cpus 2")
    wanted = demand(cpus, workload)
    worker_bytes = workload.worker_memory_bytes.value or 0
    memory = budget(host, constraints)
    bounds = Bounds(
        aim=wanted.slots,
        rule=rule_workers(cpus),
        demand=max(MINIMUM_WORKERS, wanted.slots) if wanted.asked else None,
        max_threads=_max_threads(workload, constraints),
        connections=constraints.max_db_connections,
        memory_bytes=None if memory.value is None else memory.value - ARBITER_BYTES,
        worker_bytes=worker_bytes,
        thread_bytes=THREAD_BYTES,
    )
    found = split(bounds)
    if found is None:
        raise DoesNotFit(
            "not even one worker fits into the memory",
            why=f"arbiter {show_bytes(ARBITER_BYTES)} + worker {show_bytes(worker_bytes)} + thread "
            f"{show_bytes(THREAD_BYTES)} = {show_bytes(plan_bytes(1, 1, worker_bytes))}, and "
            f"{show_budget(host, constraints)} = {show_bytes(memory.value or 0)}",
            hint="give the host more memory, or state what a worker really needs with --worker-memory",
        )
    weighed = [LimitName.MEMORY, LimitName.DATABASE, LimitName.THREADS, LimitName.RULE, LimitName.DEMAND]
    binding = binding_limit(bounds, found, weighed)
    rows = (
        _rule_row(cpus, bounds),
        _memory_row(host, constraints, bounds, found),
        _database_row(bounds),
        _threads_row(workload, bounds),
        _demand_row(wanted),
    )
    return Size(split=found, demand=wanted, limits=tuple(_bind(row, binding) for row in rows), binding=binding)


def _max_threads(workload: Workload, constraints: Constraints) -> int:
    if workload.kind is Kind.CPU_BOUND or workload.thread_safe.value is False:
        return 1
    return constraints.max_threads


def _bind(row: Limit, binding: LimitName) -> Limit:
    if row.name != binding.value:
        return row
    return Limit(name=row.name, value=row.value, unit=row.unit, arithmetic=row.arithmetic, binding=True)


def _rule_row(cpus: float, bounds: Bounds) -> Limit:
    return Limit(
        name=LimitName.RULE.value,
        value=bounds.rule,
        unit="workers",
        arithmetic=f"(2 × {show_cpus(cpus)}) + 1" + ("" if float(2 * cpus).is_integer() else ", rounded down"),
    )


def _memory_row(host: Host, constraints: Constraints, bounds: Bounds, found: Split) -> Limit:
    name = LimitName.MEMORY.value
    if bounds.memory_bytes is None:
        return Limit(name=name, value=None, unit="workers", arithmetic=f"unknown, because {host.memory_bytes.source}")
    each = bounds.worker_bytes + found.threads * bounds.thread_bytes
    return Limit(
        name=name,
        value=bounds.memory_bytes // each,
        unit="workers",
        arithmetic=f"({show_budget(host, constraints)} − arbiter {show_bytes(ARBITER_BYTES)}) ÷ "
        f"(worker {show_bytes(bounds.worker_bytes)} + {count(found.threads, 'thread')} × "
        f"{show_bytes(bounds.thread_bytes)})",
    )


def _database_row(bounds: Bounds) -> Limit:
    return Limit(
        name=LimitName.DATABASE.value,
        value=bounds.connections,
        unit="slots",
        arithmetic="none given (--max-db-connections)" if bounds.connections is None else "one connection a slot",
    )


def _threads_row(workload: Workload, bounds: Bounds) -> Limit:
    if workload.kind is Kind.CPU_BOUND:
        why = "a CPU-bound request holds the GIL, so a second thread would only wait for it"
    elif workload.thread_safe.value is False:
        why = "the app is not thread-safe"
    else:
        why = "more threads contend for one GIL and one accept loop; --max-threads raises it"
    return Limit(name=LimitName.THREADS.value, value=bounds.max_threads, unit="threads", arithmetic=why)


def _demand_row(wanted: Demand) -> Limit:
    return Limit(name=LimitName.DEMAND.value, value=wanted.slots, unit="slots", arithmetic=wanted.arithmetic)
