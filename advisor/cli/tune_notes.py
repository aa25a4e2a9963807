"""Says what ``tune`` leaves out and why, and what its figures do not show."""

from __future__ import annotations

from dataclasses import replace

from advisor.cli.app_input import AppInput
from advisor.measure.tune.space import Limits, Space, rule
from advisor.units import show_bytes
from advisor.workload.cost import AppCost

GEVENT = "gevent"


def against_the_rule(app: AppInput, cost: AppCost, limits: Limits) -> str | None:
    """Why the rule's configuration is not started, so that it cannot win either; None where nothing is against it."""
    workers = rule(limits.cpus).shape.workers
    needed = cost.memory.total_bytes(workers, 1)
    if app.is_asgi:
        return "sync workers do not serve an ASGI app"
    if limits.max_workers is not None and workers > limits.max_workers:
        return f"--max-workers is {limits.max_workers:,}"
    if limits.db_connections is not None and workers > limits.db_connections:
        return f"--max-db-connections is {limits.db_connections:,}"
    if limits.memory_bytes is not None and needed > limits.memory_bytes:
        return f"it would need {show_bytes(needed)}, and {show_bytes(limits.memory_bytes)} may be used"
    return None


def with_notes(
    found: Space,
    app: AppInput,
    loops: tuple[str, ...],
    limits: Limits,
    *,
    against_rule: str | None,
    against_own: str | None,
    threads_fail: str | None,
) -> Space:
    """The space with what a reader should know of it; what stands against something is why it is left out."""
    notes = list(found.notes)
    if against_own is not None:
        notes.append(against_own)
    if threads_fail is not None:
        notes.append(f"threads do not work for the app, so none were tried: {threads_fail}")
    if against_rule is not None:
        notes.append(f"the (2 × cores) + 1 rule, {rule(limits.cpus).name}, is left out: {against_rule}")
    if GEVENT in loops:
        notes.append(
            "gevent replaces blocking calls of the standard library; whether the app and its drivers are safe with "
            "that is not known, and a benchmark does not show it"
        )
    if loops and limits.db_connections is not None:
        notes.append("an event loop takes any number of requests: --max-db-connections does not bound it")
    if app.is_asgi:
        notes.append("the model knows no event loops: their figures are measured alone")
    return replace(found, notes=tuple(notes))
