"""What a reader of a plan must know before trusting it: promises that may not hold, and where reality differs."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.host.host import Host
from advisor.sizing.limits import Size
from advisor.sizing.memory import ARBITER_BYTES, plan_bytes
from advisor.sizing.plan import Capacity
from advisor.sizing.split import LimitName
from advisor.sizing.worker_settings import CURED_SINCE
from advisor.units import count, show_bytes, show_number
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release

# A wait ratio from which on a request waits more than it computes by so much that one thread a worker wastes the CPU.
CLEARLY_WAITING = 1.0


def warnings(
    host: Host, workload: Workload, size: Size, capacity: Capacity, platform: Platform, release: Release
) -> Iterator[str]:
    """The warnings of a plan, the gravest first."""
    yield from _promise(capacity, release)
    yield from _short_of_slots(workload, size)
    yield from _rate(host, workload, capacity)
    yield from _memory(host, capacity)
    yield from _workload(host, workload)
    yield from platform.notes


def _promise(capacity: Capacity, release: Release) -> Iterator[str]:
    if not capacity.delivered:
        yield (
            f"Gunicorn {release} does not fill all {capacity.concurrent_requests:,} slots before requests queue: a "
            "gthread worker takes connections although its threads are busy, while another worker idles. From "
            f"{CURED_SINCE} on, worker_connections = threads with keepalive = 0 cures it; before, a low "
            "worker_connections can hang a worker, so it is left alone here"
        )


def _short_of_slots(workload: Workload, size: Size) -> Iterator[str]:
    aim, slots = size.demand.slots, size.split.slots
    if slots >= aim:
        return
    text = f"{count(slots, 'request')} at once, {aim:,} aimed for: the limit on {size.binding.value} binds"
    if workload.thread_safe.value is False and workload.kind is not Kind.CPU_BOUND:
        memory = next(limit.value for limit in size.limits if limit.name == LimitName.MEMORY.value)
        most = aim if memory is None else min(aim, memory)
        if most > size.split.workers:
            worker_bytes = workload.worker_memory_bytes.value or 0
            needed = plan_bytes(most, 1, worker_bytes)
            text += (
                f". Without threads only more workers help: WEB_CONCURRENCY={most} serves {most:,} at once in about "
                f"{show_bytes(needed)}"
            )
    yield text


def _rate(host: Host, workload: Workload, capacity: Capacity) -> Iterator[str]:
    rate, possible = workload.rate_per_second.value, capacity.requests_per_second
    if rate is None or possible is None or rate <= possible:
        return
    seconds = workload.response_time_seconds.value or 0.0
    ratio = workload.wait_ratio.value or 0.0
    computing = seconds / (1 + ratio)
    yield (
        f"{show_number(rate)} requests/s cannot be held: this plan serves at most {show_number(possible)}. The rate "
        f"keeps {show_number(rate * seconds)} slots and {show_number(rate * computing)} CPUs busy, and there are "
        f"{capacity.concurrent_requests:,} and {show_number(host.cpus.value or 0.0)}"
    )


def _memory(host: Host, capacity: Capacity) -> Iterator[str]:
    if capacity.memory_budget_bytes is None:
        yield (
            f"the memory is unknown ({host.memory_bytes.source}), so it limits nothing here; the plan needs about "
            f"{show_bytes(capacity.memory_bytes)}. Give --memory"
        )
    available = host.available_memory_bytes.value
    if available is not None and capacity.memory_bytes > available + ARBITER_BYTES:
        yield (
            f"the plan needs about {show_bytes(capacity.memory_bytes)}, and only {show_bytes(available)} are not in "
            "use now"
        )


def _workload(host: Host, workload: Workload) -> Iterator[str]:
    ratio = workload.wait_ratio.value or 0.0
    if workload.kind is Kind.CPU_BOUND:
        if ratio >= CLEARLY_WAITING:
            yield (
                f"a request that waits {show_number(ratio)} times as long as it computes is not CPU-bound; compare "
                "with --mixed or --io-bound"
            )
        yield (
            "(2 × cores) + 1 is where to start, not a measured best: for computing alone, one worker a CPU can serve "
            "as much with shorter queues on the CPU"
        )
    python = host.python.value
    if python is not None and python.free_threaded:
        yield "this Python is free-threaded: threads can compute in parallel, which the plan does not count on"
