"""What a reader of a plan must know before trusting it: promises that may not hold, and where reality differs."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.host.host import Host
from advisor.sizing.limits import Size
from advisor.sizing.memory import ARBITER_BYTES, plan_bytes
from advisor.sizing.plan import Capacity
from advisor.sizing.split import LimitName
from advisor.sizing.worker_settings import CLOSING_WAITS_SINCE, CURED_SINCE, HANGS_BEFORE, HANGS_FROM
from advisor.units import GIB, count, show_bytes, show_cpus, show_number
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release

# A wait ratio from which on a request waits more than it computes by so much that one thread a worker wastes the CPU.
CLEARLY_WAITING = 1.0
# How much of an App Service plan's memory was in use with two tiny apps of about 70 MB each: plan size's memory and
# share in use. From yeongseon/azure-paas-troubleshooting-labs, labs of 2026-04-02 and 2026-04-11; a third party's
# single observation of B1, P1v3 and P2v3, not verified.
APP_SERVICE_IN_USE = ((int(1.75 * GIB), 0.73), (8 * GIB, 0.27), (16 * GIB, 0.15))
# MemTotal in the container was within this share of the plan size's memory in the same lab.
_SAME_SIZE = 0.05


def warnings(
    host: Host, workload: Workload, size: Size, capacity: Capacity, platform: Platform, release: Release
) -> Iterator[str]:
    """The warnings of a plan, each a sentence, the gravest first."""
    yield from not_delivered(capacity, release)
    yield from closing_waits(size, platform, release)
    yield from _short_of_slots(workload, size)
    yield from _rate(host, workload, capacity)
    yield from low_memory(host, capacity)
    yield from shared_plan(host, capacity, platform)
    yield from _workload(workload)
    yield from free_threaded(host)
    yield from platform.notes


def not_delivered(capacity: Capacity, release: Release) -> Iterator[str]:
    """That this release cannot be made to fill all slots."""
    if not capacity.delivered:
        why = (
            "in this release a low worker_connections hangs workers"
            if HANGS_FROM <= release < HANGS_BEFORE
            else "in this release that is not known well enough"
        )
        yield (
            f"Gunicorn {release} does not fill all {capacity.concurrent_requests:,} slots before requests queue: a "
            "gthread worker takes connections although its threads are busy, while another worker idles. From "
            f"{CURED_SINCE} on, worker_connections = threads with keepalive = 0 cures it; {why}, so it is "
            "left alone here."
        )


def closing_waits(size: Size, platform: Platform, release: Release) -> Iterator[str]:
    """That closing each connection is dear without a proxy in front."""
    behind_a_front_end = not platform.container or platform.request_timeout_seconds is not None
    if size.split.threads > 1 and release >= CLOSING_WAITS_SINCE and not behind_a_front_end:
        yield (
            "Put a reverse proxy in front: from Gunicorn 26 on, closing a connection waits up to 2 s for the other "
            "side to close its end, the worker accepts nothing meanwhile, and with keepalive = 0 every request ends "
            "so. A proxy closes at once; for clients that closed 0.1 s after the answer, 200 requests took 2.9 s "
            "instead of 1.3 s (docs/gthread.md)."
        )


def _short_of_slots(workload: Workload, size: Size) -> Iterator[str]:
    aim, slots = size.demand.slots, size.split.slots
    if slots >= aim:
        return
    text = f"{count(slots, 'request')} at once, {aim:,} aimed for: the limit on {size.binding.bounded} binds."
    if workload.thread_safe.value is False and workload.kind is not Kind.CPU_BOUND:
        memory = next(limit.value for limit in size.limits if limit.name == LimitName.MEMORY.value)
        most = aim if memory is None else min(aim, memory)
        if most > size.split.workers:
            worker_bytes = workload.worker_memory_bytes.value or 0
            needed = plan_bytes(most, 1, worker_bytes)
            text += (
                f" Without threads only more workers help: WEB_CONCURRENCY={most} serves {most:,} at once in about "
                f"{show_bytes(needed)}."
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
        f"keeps {show_number(rate * seconds)} slots and {show_cpus(rate * computing)} busy; the plan has "
        f"{count(capacity.concurrent_requests, 'slot')} and {show_cpus(host.cpus.value or 0.0)}."
    )


def low_memory(host: Host, capacity: Capacity) -> Iterator[str]:
    """That the memory is unknown, or that less of it is free than the plan needs."""
    if capacity.memory_budget_bytes is None:
        yield (
            f"The memory is unknown ({host.memory_bytes.source}), so it limits nothing here; the plan needs about "
            f"{show_bytes(capacity.memory_bytes)}. Give --memory."
        )
    available = None if host.described else host.available_memory_bytes.value
    if available is not None and capacity.memory_bytes > available + ARBITER_BYTES:
        yield (
            f"The plan needs about {show_bytes(capacity.memory_bytes)}, and only {show_bytes(available)} of the memory "
            "is free now."
        )


def shared_plan(host: Host, capacity: Capacity, platform: Platform) -> Iterator[str]:
    """That an App Service plan holds more than the app."""
    memory = host.memory_bytes.value
    if platform.name != "app-service" or memory is None:
        return
    for size, in_use in APP_SERVICE_IN_USE:
        left = int(memory * (1 - in_use))
        if abs(memory - size) <= _SAME_SIZE * size and capacity.memory_bytes > left:
            yield (
                f"The plan needs about {show_bytes(capacity.memory_bytes)}, and of an App Service plan with "
                f"{show_bytes(size)} a third party's lab found {in_use * 100:.0f} % in use with two tiny apps "
                "(yeongseon/azure-paas-troubleshooting-labs, 2026-04; not verified): about "
                f"{show_bytes(left)} may be left. Look at the plan's memory percentage before you rely on more."
            )


def _workload(workload: Workload) -> Iterator[str]:
    ratio = workload.wait_ratio.value or 0.0
    if workload.kind is Kind.CPU_BOUND:
        if ratio >= CLEARLY_WAITING:
            yield (
                f"A request that waits {show_number(ratio)} times as long as it computes is not CPU-bound; compare "
                "with --mixed or --io-bound."
            )
        yield (
            "The rule, (2 × cores) + 1, is where to start, not a measured best: for computing alone, one worker a CPU "
            "can serve as much with shorter queues on the CPU."
        )


def free_threaded(host: Host) -> Iterator[str]:
    """That the plan does not count on what a free-threaded Python can do."""
    python = host.python.value
    if python is not None and python.free_threaded:
        yield "This Python is free-threaded: threads can compute in parallel, which the plan does not count on."
