"""What the model says of one shape under one load."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.model.shape import Shape


class Ceiling(enum.Enum):
    """What bounds the throughput; the least one binds."""

    CLIENTS = "clients"
    """No more requests are under way than there are clients."""
    SLOTS = "slots"
    """No more requests are in handlers than there are workers × threads."""
    GIL = "GIL"
    """A process computes for one request at a time."""
    CORES = "cores"
    """All processes together have so many CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The load that is asked about: either ``clients`` in a closed loop, or an arrival ``rate_per_second``, or both.

    ``generator_cpu_seconds`` is what a load generator on the same CPUs takes for each request; 0 in production.
    """

    cpus: float
    clients: int
    rate_per_second: float | None = None
    kept_alive: bool = False
    generator_cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Requests per second at saturation, with the band that it is expected in, and what bounds it."""

    per_second: float
    low: float
    high: float
    binding: Ceiling
    ceilings: Mapping[Ceiling, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Response times at an arrival rate, in seconds."""

    mean_seconds: float
    p99_seconds: float
    utilisation: float
    """The share of the throughput at saturation that the rate takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One shape; ``latency`` is None without a rate, or when the rate is above what the shape reaches."""

    shape: Shape
    throughput: Throughput
    memory_bytes: int
    latency: Latency | None
