"""The limits of a choice as rows with their arithmetic: what was allowed, and the model's ceilings; one binds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from advisor.host.host import Host
from advisor.model.prediction import Ceiling
from advisor.sizing.by_model.choice import Bound, Choice
from advisor.sizing.by_model.settings import duration
from advisor.sizing.constraints import Constraints
from advisor.sizing.memory import budget, show_budget
from advisor.sizing.plan import Limit
from advisor.units import count, show_bytes, show_cpus

PER_SECOND = "requests/s"


def limits(choice: Choice, host: Host, constraints: Constraints, *, thread_safe: bool) -> tuple[Limit, ...]:
    """The rows: memory, database connections, threads, then the ceilings of the chosen configuration."""
    rows = (
        _memory(choice, host, constraints),
        _database(constraints),
        _threads(constraints, thread_safe),
        *_ceilings(choice),
    )
    binding = choice.bound.value if choice.bound is not None else choice.chosen.throughput.binding.value
    return tuple(replace(row, binding=True) if row.name == binding else row for row in rows)


def _memory(choice: Choice, host: Host, constraints: Constraints) -> Limit:
    name, allowed = Bound.MEMORY.value, budget(host, constraints).value
    if allowed is None:
        return Limit(name=name, value=None, unit="workers", arithmetic=f"unknown, because {host.memory_bytes.source}")
    memory, threads = choice.cost.memory, choice.chosen.shape.threads
    each = memory.total_bytes(1, threads) - memory.arbiter_bytes
    with_threads = f" + {count(threads, 'thread')} × {show_bytes(memory.thread_bytes)}" if threads > 1 else ""
    return Limit(
        name=name,
        value=max(0, allowed - memory.arbiter_bytes) // max(1, each),
        unit="workers",
        arithmetic=f"({show_budget(host, constraints)} − arbiter {show_bytes(memory.arbiter_bytes)}) ÷ "
        f"(worker {show_bytes(memory.worker_bytes)}{with_threads}), as measured",
    )


def _database(constraints: Constraints) -> Limit:
    allowed = constraints.max_db_connections
    return Limit(
        name=Bound.DATABASE.value,
        value=allowed,
        unit="slots",
        arithmetic="none given (--max-db-connections)" if allowed is None else "one connection a slot",
    )


def _threads(constraints: Constraints, thread_safe: bool) -> Limit:
    if not thread_safe:
        return Limit(name=Bound.THREADS.value, value=1, unit="threads", arithmetic="the app is not thread-safe")
    return Limit(
        name=Bound.THREADS.value,
        value=constraints.max_threads,
        unit="threads",
        arithmetic="more threads contend for one GIL and one accept loop; --max-threads raises it",
    )


def _ceilings(choice: Choice) -> Iterator[Limit]:
    shape, demand = choice.chosen.shape, choice.load.demand
    for ceiling in Ceiling:
        value = choice.chosen.throughput.ceilings.get(ceiling)
        if value is None or not 0 < value < math.inf:  # what takes nothing bounds nothing
            continue
        match ceiling:
            case Ceiling.CLIENTS:
                amount, text = float(demand.clients), f"{count(demand.clients, 'client')} ÷ {{}} a request"
            case Ceiling.SLOTS:
                amount, text = float(shape.slots), f"{count(shape.slots, 'slot')} ÷ {{}} a request"
            case Ceiling.GIL:
                workers = count(shape.workers, "worker")
                amount, text = float(shape.workers), f"{workers} ÷ {{}} that a request keeps one process computing"
            case Ceiling.CORES:
                amount, text = demand.cpus, f"{show_cpus(demand.cpus)} ÷ {{}} of CPU time a request"
        yield Limit(
            name=ceiling.value,
            value=round(value),
            unit=PER_SECOND,
            arithmetic=text.format(duration(amount / value)),
        )
