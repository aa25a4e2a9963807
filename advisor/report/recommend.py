"""A plan as terminal text: facts, settings with reasons, limits with arithmetic, capacity, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report.columns import columns, wrap
from advisor.sizing.capacity import requests_per_second
from advisor.sizing.plan import Limit, Plan, SettingValue
from advisor.units import count, show_bytes, show_number

if TYPE_CHECKING:
    from advisor.measure.verify import Verification

# A response time to give an idea of the throughput where none was stated.
EXAMPLE_RESPONSE_SECONDS = 0.2


def show_value(value: SettingValue) -> str:
    """A setting's value as it is shown and as Python writes it: ``5``, ``"sync"``, ``True``."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def recommend_text(
    plan: Plan, *, width: int, next_steps: tuple[str, ...] = (), verification: Verification | None = None
) -> str:
    """The whole recommendation as text of at most ``width`` columns."""
    sections = [
        _section("Host", columns(_facts(plan), width=width)),
        _section("Settings", columns(_settings(plan), width=width)),
        _section("Limits", columns([_limit(limit) for limit in plan.limits], width=width)),
        _section("Capacity", wrap(capacity_text(plan), width=width, indent=2)),
        _section("Assumed", _bullets(plan.assumptions, width)),
        _section("Warnings", _bullets(plan.warnings, width)),
        _section("Verified", _verified(verification, width)),
        _section("Next", _bullets(next_steps, width)),
    ]
    return "\n".join(line for section in sections for line in section)


def capacity_text(plan: Plan) -> str:
    """What the plan amounts to, in one sentence."""
    capacity = plan.capacity
    promise = "serves" if capacity.delivered else "has slots for"
    parts = [f"{promise} {count(capacity.concurrent_requests, 'request')} at once", _throughput(plan)]
    if plan.capacity.database_connections > 1 or plan.threads == 1:
        connections = f"needs up to {count(capacity.database_connections, 'database connection')}"
        parts.append(connections + ("" if _connections_capped(plan) else " (--max-db-connections caps them)"))
    memory = f"about {show_bytes(capacity.memory_bytes)}"
    if plan.host.memory_bytes.value is not None:
        memory += f" of {show_bytes(plan.host.memory_bytes.value)}"
        if capacity.memory_budget_bytes is not None:
            memory += f", {show_bytes(capacity.memory_budget_bytes)} of which the plan may use"
    parts.append(memory)
    return "; ".join(parts)


def _throughput(plan: Plan) -> str:
    per_second = plan.capacity.requests_per_second
    seconds = plan.workload.response_time_seconds.value
    if per_second is None or seconds is None:
        seconds = EXAMPLE_RESPONSE_SECONDS
        per_second = requests_per_second(
            plan.slots, plan.host.cpus.value or 0.0, seconds, plan.workload.wait_ratio.value or 0.0
        )
        return f"if each took {_milliseconds(seconds)}, about {_rate(per_second)} requests/s"
    return f"at {_milliseconds(seconds)} about {_rate(per_second)} requests/s"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else show_number(per_second)


def _milliseconds(seconds: float) -> str:
    return f"{show_number(seconds * 1000)} ms" if seconds < 1 else f"{show_number(seconds)} s"


def _connections_capped(plan: Plan) -> bool:
    return any(limit.name == "database connections" and limit.value is not None for limit in plan.limits)


def _facts(plan: Plan) -> list[tuple[str, str, str]]:
    host, workload = plan.host, plan.workload
    cpus = "unknown" if host.cpus.value is None else show_number(host.cpus.value)
    memory = "unknown" if host.memory_bytes.value is None else show_bytes(host.memory_bytes.value)
    rows = [
        ("CPUs", cpus, host.cpus.source),
        ("memory", memory, host.memory_bytes.source),
        ("platform", host.platform.value or "unknown", host.platform.source),
        ("Gunicorn", host.gunicorn.value or "unknown", host.gunicorn.source),
        ("workload", workload.kind.value, f"wait ratio {show_number(workload.wait_ratio.value or 0.0)}"),
    ]
    if workload.response_time_seconds.value is not None:
        rows.append(("response time", _milliseconds(workload.response_time_seconds.value), "of one request, given"))
    return rows


def _settings(plan: Plan) -> list[tuple[str, str, str]]:
    return [(setting.name, show_value(setting.value), setting.reason) for setting in plan.settings]


def _limit(limit: Limit) -> tuple[str, str, str]:
    value = "none" if limit.value is None else f"{limit.value:,} {limit.unit if limit.value != 1 else limit.unit[:-1]}"
    return (limit.name, value, limit.arithmetic + (" ◄ binds" if limit.binding else ""))


def _verified(verification: Verification | None, width: int) -> list[str]:
    if verification is None:
        return []
    from advisor.report.verification import HEADER, verification_rows, verification_sentences

    rows = columns([HEADER, *verification_rows(verification)], width=width)
    sentences = verification_sentences(verification)
    return [*rows, *(line for text in sentences for line in wrap(text, width=width, indent=2))]


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *lines, ""] if lines else []


def _bullets(texts: tuple[str, ...], width: int) -> list[str]:
    return [line for text in texts for line in wrap(text, width=width, indent=4, first="- ")]


