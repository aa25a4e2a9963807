"""What one request of the app does, and how many of them are to be held; every figure given, assumed or measured."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from advisor.facts import Fact


class Kind(enum.Enum):
    """What a request spends its time on."""

    IO_BOUND = "io-bound"
    CPU_BOUND = "cpu-bound"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One app under its load, as far as it is known."""

    kind: Kind
    wait_ratio: Fact[float]
    """Waiting divided by computing of one request."""
    worker_memory_bytes: Fact[int]
    """What one worker with the app loaded needs, without its threads."""
    thread_safe: Fact[bool]
    response_time_seconds: Fact[float]
    rate_per_second: Fact[float]
    """Requests that arrive each second and are to be held."""
    concurrency: Fact[int]
    """Requests in flight that are to be held."""
