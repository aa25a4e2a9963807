"""How many slots a plan aims for: from the wait ratio, from Little's law, or from the concurrency asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.units import count, show_cpus, show_number
from advisor.workload.workload import Kind, Workload

# Requests arrive at random: with every slot busy on average the queue grows without end. At four fifths busy, one
# request in five waits for one of 25 slots, and then for a fifth of a response time (Erlang C, M/M/25).
TARGET_UTILISATION = 0.8
# Floating-point slack, so that 0.1 × 30 slots do not become 4 instead of 3.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The slots aimed for."""

    slots: int
    arithmetic: str
    asked: bool
    """Whether a rate or a concurrency was asked for; otherwise the CPUs and the wait ratio decide."""


def rule_workers(cpus: float) -> int:
    """Gunicorn's starting rule, (2 × cores) + 1, for a CPU budget that may be a fraction."""
    return math.floor(2 * cpus) + 1


def demand(cpus: float, workload: Workload) -> Demand:
    """The slots aimed for on ``cpus`` CPUs.

    By default ``cpus × (1 + wait ratio)``, the number that keeps every CPU busy while the others wait (Goetz,
    Java Concurrency in Practice, 8.2). A concurrency asked for replaces it; so does a rate, by Little's law
    ``rate × response time``, with a reserve of a fifth. With both, the larger one counts.
    """
    asked = [found for found in (_from_concurrency(workload), _from_rate(workload)) if found is not None]
    if asked:
        return max(asked, key=lambda one: one.slots)
    ratio = workload.wait_ratio.value or 0.0
    knee = math.ceil(cpus * (1 + ratio) - _SLACK)
    if workload.kind is Kind.CPU_BOUND and rule_workers(cpus) >= knee:
        slots = rule_workers(cpus)
        return Demand(
            slots=slots, arithmetic=f"a CPU-bound app aims for the rule's {count(slots, 'slot')}", asked=False
        )
    return Demand(
        slots=max(1, knee),
        arithmetic=f"{show_cpus(cpus)} × (1 + wait ratio {show_number(ratio)}) = {count(max(1, knee), 'slot')}",
        asked=False,
    )


def _from_concurrency(workload: Workload) -> Demand | None:
    wanted = workload.concurrency.value
    if wanted is None:
        return None
    return Demand(slots=wanted, arithmetic=f"{count(wanted, 'request')} in flight asked for", asked=True)


def _from_rate(workload: Workload) -> Demand | None:
    rate, seconds = workload.rate_per_second.value, workload.response_time_seconds.value
    if rate is None or seconds is None:
        return None
    busy = rate * seconds
    slots = max(1, math.ceil(busy / TARGET_UTILISATION - _SLACK))
    return Demand(
        slots=slots,
        arithmetic=(
            f"{show_number(rate)} requests/s × {show_number(seconds)} s = {show_number(busy)} in flight on average "
            f"(Little's law), ÷ {show_number(TARGET_UTILISATION)} as reserve = {count(slots, 'slot')}"
        ),
        asked=True,
    )
