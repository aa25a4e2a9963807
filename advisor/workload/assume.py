"""Fills a Workload from what the user gave and, where nothing was given, from labelled assumptions."""

from __future__ import annotations

from advisor.facts import Fact, Origin
from advisor.units import MIB, show_bytes, show_number
from advisor.workload.workload import Kind, Workload

# 40 slots a CPU. An idle slot costs next to nothing (a thread's stack), a missing one costs throughput: over six
# workloads on 2 cores, 80 slots reached 96 % of the best configuration's throughput, 5 × 5 slots 64 %.
IO_BOUND_WAIT_RATIO = 39.0
# Five slots a CPU: waits four fifths of its time, such as 3 ms of computing around 12 ms of database.
MIXED_WAIT_RATIO = 4.0
# Nothing to overlap: another request on the same CPU only takes turns with the first.
CPU_BOUND_WAIT_RATIO = 0.0

WAIT_RATIOS = {
    Kind.IO_BOUND: IO_BOUND_WAIT_RATIO,
    Kind.MIXED: MIXED_WAIT_RATIO,
    Kind.CPU_BOUND: CPU_BOUND_WAIT_RATIO,
}

# A Django or Flask app with an ORM and a few clients loaded weighs 50 to 200 MiB; a bare Flask app 16 MiB.
WORKER_MEMORY_BYTES = 100 * MIB


def assume(
    kind: Kind,
    *,
    wait_ratio: Fact[float] | None = None,
    worker_memory_bytes: Fact[int] | None = None,
    thread_safe: Fact[bool] | None = None,
    response_time_seconds: Fact[float] | None = None,
    rate_per_second: Fact[float] | None = None,
    concurrency: Fact[int] | None = None,
) -> Workload:
    """Complete a workload: what is not given is assumed where an assumption is reasonable, else unknown."""
    return Workload(
        kind=kind,
        wait_ratio=wait_ratio or _assumed(WAIT_RATIOS[kind], _wait_ratio_reason(kind)),
        worker_memory_bytes=worker_memory_bytes
        or _assumed(
            WORKER_MEMORY_BYTES,
            f"A worker with the app is taken to need {show_bytes(WORKER_MEMORY_BYTES)}; give --worker-memory.",
        ),
        thread_safe=thread_safe
        or _assumed(True, "The app is taken to be thread-safe; give --no-thread-safe if it is not."),
        response_time_seconds=response_time_seconds or Fact.unknown("no --response-time was given"),
        rate_per_second=rate_per_second or Fact.unknown("no --rate was given"),
        concurrency=concurrency or Fact.unknown("no --concurrency was given"),
    )


def _assumed(value: float | int | bool, source: str) -> Fact:  # type: ignore[type-arg]
    return Fact(value=value, source=source, origin=Origin.ASSUMED)


def _wait_ratio_reason(kind: Kind) -> str:
    ratio = WAIT_RATIOS[kind]
    if kind is Kind.CPU_BOUND:
        return "A CPU-bound request is taken to wait for nothing (wait ratio 0); give --wait-ratio."
    return (
        f"A request is taken to wait {show_number(ratio)} times as long as it computes "
        f"({show_number(ratio + 1)} slots a CPU); give --wait-ratio."
    )
