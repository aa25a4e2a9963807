"""The load that a choice is for: so many clients, as asked for, or plenty; and whether they keep their connections."""

from __future__ import annotations

import math

from advisor.facts import Fact, Origin
from advisor.model.prediction import Demand
from advisor.sizing.by_model.choice import Load
from advisor.sizing.demand import TARGET_UTILISATION
from advisor.units import count, show_cpus, show_duration, show_number
from advisor.workload.cost import AppCost
from advisor.workload.workload import Workload

# Plenty of clients are so many that they bound nothing: at four times the knee the queue in front of the slots never
# runs empty, whatever the waits vary; and never fewer than 64, so that a fast app is not sized for a handful.
PLENTY_KNEES = 4
PLENTY_LEAST = 64
# A request whose computing is too short to be seen still takes some: what an empty WSGI handler costs at the least.
_LEAST_CPU_SECONDS = 50e-6
# Floating-point slack, so that 0.1 × 30 slots do not become 4 instead of 3.
_SLACK = 1e-9

NEW_CONNECTIONS = (
    "Clients are taken to open a connection for each request, as nginx does by default and as sync workers force them "
    "to; give --clients-keep-alive when the proxy or the clients keep connections."
)


def assumed_new_connections() -> Fact[bool]:
    """That clients open a connection for each request, where nothing was said."""
    return Fact(value=False, source=NEW_CONNECTIONS, origin=Origin.ASSUMED)


def knee(cost: AppCost, cpus: float) -> int:
    """The slots that keep every CPU busy while the others wait: CPUs × service time ÷ CPU time (Goetz)."""
    request = cost.request
    computing = max(request.cpu_seconds, _LEAST_CPU_SECONDS)
    return max(1, math.ceil(cpus * max(request.service_seconds, computing) / computing - _SLACK))


def load_for(cost: AppCost, cpus: float, workload: Workload, kept_alive: Fact[bool]) -> Load:
    """The load: the concurrency or the rate that was asked for, the larger one of both, else plenty of clients.

    A rate becomes clients by Little's law with the same reserve as elsewhere, rate × service time ÷ 0.8. In production
    no load generator takes a share of the CPUs.
    """
    rate, seconds = workload.rate_per_second.value, cost.request.service_seconds
    found: dict[int, str] = {}
    wanted = workload.concurrency.value
    if wanted is not None:
        found[wanted] = f"{count(wanted, 'request')} in flight asked for"
    if rate is not None:
        clients = max(1, math.ceil(rate * seconds / TARGET_UTILISATION - _SLACK))
        found[clients] = (
            f"{show_number(rate)} requests/s × {show_duration(seconds)} ÷ {show_number(TARGET_UTILISATION)} as reserve "
            f"= {count(clients, 'request')} in flight"
        )
    asked = bool(found)
    if not asked:
        slots = knee(cost, cpus)
        plenty = max(PLENTY_LEAST, PLENTY_KNEES * slots)
        found[plenty] = (
            f"No load was given, so it is sized for {plenty:,} clients, more than keep {show_cpus(cpus)} busy "
            f"({count(slots, 'slot')}); --rate or --concurrency sizes it for yours."
        )
    clients = max(found)
    reason = found[clients]
    demand = Demand(cpus=cpus, clients=clients, rate_per_second=rate, kept_alive=bool(kept_alive.value))
    return Load(demand=demand, reason=reason, asked=asked)
