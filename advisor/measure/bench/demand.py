"""The load of a measurement as the model takes it: clients or a rate, CPUs, and what the generator takes of them."""

from __future__ import annotations

from advisor.measure.bench.pinning import Pinning
from advisor.model.prediction import Demand
from advisor.workload.cost import RequestCost

# What the load engine computes for a request with a new connection beside a server on the same CPUs: 75 µs for an
# empty handler at 7,000/s, 90 to 130 µs at 350 to 650/s (measured on 2 CPUs).
GENERATOR_CPU_SECONDS = 100e-6
# The same with a connection that is used again: 34 µs at 6,500/s, 54 µs at 570/s (what gcadvise bench --keep-alive
# shows of its generator, CPU seconds ÷ requests, on 2 CPUs).
GENERATOR_KEPT_ALIVE_CPU_SECONDS = 50e-6
# And for each byte of the answer: 140 µs more for 512 KiB.
GENERATOR_CPU_SECONDS_PER_BYTE = 140e-6 / (512 * 1024)


def demand_of(
    request: RequestCost,
    *,
    cpus: float,
    clients: int,
    kept_alive: bool,
    pinning: Pinning,
    rate_per_second: float | None = None,
) -> Demand:
    """The demand; generators with CPUs of their own take none of the server's, unless a quota is less than these."""
    generator = generator_cpu_seconds(request, kept_alive=kept_alive)
    if pinning.server and len(pinning.server) < cpus:
        cpus, generator = len(pinning.server), 0.0
    return Demand(
        cpus=cpus,
        clients=clients,
        rate_per_second=rate_per_second,
        kept_alive=kept_alive,
        generator_cpu_seconds=generator,
    )


def generator_cpu_seconds(request: RequestCost, *, kept_alive: bool) -> float:
    """What the load generator is taken to compute for one request, before it has shown it."""
    each = GENERATOR_KEPT_ALIVE_CPU_SECONDS if kept_alive else GENERATOR_CPU_SECONDS
    return each + GENERATOR_CPU_SECONDS_PER_BYTE * request.response_bytes
