"""A plan as terminal text: facts, settings with reasons, limits with arithmetic, capacity, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.facts import Fact, Origin
from advisor.report.columns import columns, wrap
from advisor.sizing.capacity import requests_per_second
from advisor.sizing.plan import Limit, Plan, SettingValue
from advisor.units import count, show_bytes, show_cpus, show_duration, show_number

if TYPE_CHECKING:
    from advisor.measure.verify import Verification

# A response time to give an idea of the throughput where none was stated.
EXAMPLE_RESPONSE_SECONDS = 0.2
# The CPUs are named as what holds the throughput down when the slots alone would allow so many times as much.
_CPUS_DECIDE = 1.1


def recommend_text(
    plan: Plan, *, width: int, next_steps: Sequence[tuple[str, str]] = (), verification: Verification | None = None
) -> str:
    """The whole recommendation as text of at most ``width`` columns.

    ``next_steps`` are what to do and the command that does it; a command is never wrapped, so that it can be copied.
    """
    sections = [
        _section("Host", columns(facts(plan), width=width)),
        _section("Settings", columns(_settings(plan), width=width)),
        _section("Limits", columns([_limit(limit) for limit in plan.limits], width=width)),
        _section("Capacity", wrap(capacity_text(plan), width=width, indent=2)),
        _section("Predicted", _predicted(plan, width)),
        _section("Assumed", _bullets(plan.assumptions, width)),
        _section("Warnings", _bullets(plan.warnings, width)),
        _section("Verified", _verified(verification, width)),
        _section("Next", [line for what, command in next_steps for line in (f"  - {what}:", f"      {command}")]),
    ]
    return "\n".join(line for section in sections for line in section).rstrip("\n") + "\n"


def show_value(value: SettingValue) -> str:
    """A setting's value as it is shown and as Python writes it: ``5``, ``"sync"``, ``True``."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def show_limit(limit: Limit) -> str:
    """What a limit allows: ``5 workers``, ``1 thread``, ``520 requests/s``, ``none``."""
    if limit.value is None:
        return "none"
    return f"{limit.value:,} {limit.unit}" if "/" in limit.unit else count(limit.value, limit.unit.removesuffix("s"))


def facts(plan: Plan) -> list[tuple[str, str, str]]:
    """What the plan was made from: name, value, source."""
    host, workload = plan.host, plan.workload
    cpus = "unknown" if host.cpus.value is None else show_number(host.cpus.value)
    memory = "unknown" if host.memory_bytes.value is None else show_bytes(host.memory_bytes.value)
    ratio = workload.wait_ratio
    origin = _origin(ratio, measured=plan.measured is not None)
    rows = [
        ("CPUs", cpus, host.cpus.source),
        ("memory", memory, host.memory_bytes.source),
        ("platform", host.platform.value or "unknown", host.platform.source),
        ("Gunicorn", host.gunicorn.value or "unknown", host.gunicorn.source),
        ("workload", workload.kind.value, f"wait ratio {show_number(ratio.value or 0.0)}, {origin}"),
    ]
    if plan.choice is not None:
        from advisor.report.recommend_predicted import measured_rows

        rows += measured_rows(plan.choice, workload)
    elif workload.response_time_seconds.value is not None:
        seconds = show_duration(workload.response_time_seconds.value)
        rows.append(("response time", seconds, f"of one request, {workload.response_time_seconds.source}"))
    return rows


def _origin(fact: Fact[float], *, measured: bool) -> str:
    return fact.source if measured or fact.origin is Origin.FILE else fact.origin.value


def capacity_text(plan: Plan) -> str:
    """What the plan amounts to, in one sentence without its full stop."""
    capacity = plan.capacity
    if not plan.has_slots:
        return f"{_event_loops(plan)}; {_memory_text(plan)}"
    promise = "serves" if capacity.delivered else "has slots for"
    connections = f"needs up to {count(capacity.database_connections, 'database connection')}"
    capped = any(limit.name == "database connections" and limit.value is not None for limit in plan.limits)
    parts = [
        f"{promise} {count(capacity.concurrent_requests, 'request')} at once",
        _throughput(plan),
        connections + ("" if capped else " (--max-db-connections caps them)"),
        _memory_text(plan),
    ]
    return "; ".join(parts)


def _event_loops(plan: Plan) -> str:
    loops = "1 event loop" if plan.workers == 1 else f"{plan.workers:,} event loops"
    return f"has {loops}: any number of requests can wait in each, and one can compute"


def _memory_text(plan: Plan) -> str:
    capacity = plan.capacity
    memory = f"about {show_bytes(capacity.memory_bytes)}"
    if plan.host.memory_bytes.value is None:
        memory += " of memory"
    else:
        memory += f" of {show_bytes(plan.host.memory_bytes.value)}"
    if capacity.memory_budget_bytes is not None:
        memory += f", {show_bytes(capacity.memory_budget_bytes)} of which this app may use"
    return memory


def _throughput(plan: Plan) -> str:
    if plan.choice is not None:
        from advisor.report.recommend_predicted import throughput_text

        return throughput_text(plan.choice)
    given = plan.workload.response_time_seconds.value
    seconds = EXAMPLE_RESPONSE_SECONDS if given is None else given
    cpus, ratio = plan.host.cpus.value or 0.0, plan.workload.wait_ratio.value or 0.0
    per_second = requests_per_second(plan.slots, cpus, seconds, ratio)
    rate = f"{per_second:,.0f}" if per_second >= 10 else show_number(per_second)
    text = f"at {show_duration(seconds)}" if given is not None else f"if each took {show_duration(seconds)},"
    text += f" {'about' if plan.capacity.delivered else 'at most'} {rate} requests/s"
    if plan.slots / seconds > _CPUS_DECIDE * per_second:
        text += f", which is all that {show_cpus(cpus)} can compute"
    return text


def _settings(plan: Plan) -> list[tuple[str, str, str]]:
    return [(setting.name, show_value(setting.value), setting.reason) for setting in plan.settings]


def _limit(limit: Limit) -> tuple[str, str, str]:
    return (limit.name, show_limit(limit) + (" ◄ binds" if limit.binding else ""), limit.arithmetic)


def _predicted(plan: Plan, width: int) -> list[str]:
    if plan.choice is None:
        return []
    from advisor.report.recommend_predicted import HEADER, predicted_rows, predicted_sentences

    rows = columns([HEADER, *predicted_rows(plan.choice)], width=width)
    return [*rows, *(line for text in predicted_sentences(plan.choice) for line in wrap(text, width=width, indent=2))]


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
