"""Takes from a profile's file all that a prediction needs, where it is there."""

from __future__ import annotations

import math

from advisor.workload.cost import QUANTILES, UNMEASURED_THREAD_BYTES, AppCost, MemoryCost, RequestCost
from advisor.workload.profile_file import ProfileFile


def cost_of(file: ProfileFile) -> AppCost | None:
    """The cost, or None for a file of the least form, which has the four figures alone.

    What is null in it was not measured, and counts as what claims least: no hand-over, no saving, all CPU time under
    the GIL, no growth; a thread counts as ``UNMEASURED_THREAD_BYTES``. Raises BadInput when a figure makes no sense.
    """
    if not file.has("request", "variation", "response_bytes", "quantiles_ms") or not file.has(
        "worker", "arbiter_bytes"
    ):
        return None
    cpu_ms = file.number("request", "cpu_ms", least=0.0)
    return AppCost(
        request=RequestCost(
            service_seconds=file.number("request", "wall_ms", least=0.0) / 1000,
            cpu_seconds=cpu_ms / 1000,
            gil_seconds=file.number_or("request", "gil_ms", cpu_ms) / 1000,
            handover_seconds=file.number_or("request", "handover_ms", 0.0) / 1000,
            kept_alive_saves_seconds=file.number_or("request", "kept_alive_saves_ms", 0.0) / 1000,
            variation=file.number("request", "variation"),
            quantiles_seconds=tuple(each / 1000 for each in file.ascending("request", "quantiles_ms", QUANTILES)),
            response_bytes=math.ceil(file.number("request", "response_bytes")),
        ),
        memory=MemoryCost(
            arbiter_bytes=math.ceil(file.number("worker", "arbiter_bytes")),
            worker_bytes=math.ceil(file.number("worker", "memory_bytes", least=0.0)),
            thread_bytes=math.ceil(file.number_or("worker", "thread_bytes", UNMEASURED_THREAD_BYTES)),
            growth_bytes_per_1000_requests=math.ceil(file.number_or("worker", "growth_bytes_per_1000_requests", 0.0)),
        ),
    )
