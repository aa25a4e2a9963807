"""A plan as JSON: ``gcadvise.recommend/1``, described by schemas/recommend.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.facts import Fact
from advisor.report.inspect import host_json
from advisor.sizing.plan import Plan
from advisor.workload.workload import Workload

if TYPE_CHECKING:
    from advisor.measure.verify import Verification


def recommend_json(plan: Plan, verification: Verification | None = None) -> dict[str, object]:
    """The body of the envelope."""
    capacity = plan.capacity
    body: dict[str, object] = {
        "host": host_json(plan.host),
        "workload": _workload(plan.workload),
        "settings": {setting.name: setting.value for setting in plan.settings},
        "reasons": {setting.name: setting.reason for setting in plan.settings},
        "variables": {setting.name: setting.variable for setting in plan.settings if setting.variable},
        "limits": [
            {
                "name": limit.name,
                "value": limit.value,
                "unit": limit.unit,
                "binding": limit.binding,
                "arithmetic": limit.arithmetic,
            }
            for limit in plan.limits
        ],
        "capacity": {
            "concurrent_requests": capacity.concurrent_requests if plan.has_slots else None,
            "delivered": capacity.delivered if plan.has_slots else None,
            "requests_per_second": capacity.requests_per_second if plan.has_slots else None,
            "memory_bytes": capacity.memory_bytes,
            "memory_budget_bytes": capacity.memory_budget_bytes,
            "database_connections": capacity.database_connections if plan.has_slots else None,
        },
        "assumptions": list(plan.assumptions),
        "warnings": list(plan.warnings),
    }
    if plan.choice is not None and plan.measured is not None:
        from advisor.report.recommend_predicted_json import predicted_json

        body |= predicted_json(plan.choice, plan.measured)
    if verification is not None:
        body["verification"] = _verification(verification)
    return body


def _verification(verification: Verification) -> dict[str, object]:
    from advisor.report.concurrency_json import result_json

    results = [verification.planned, *([verification.rule] if verification.rule else [])]
    return {
        "kept": verification.planned.kept,
        "app": verification.app,
        "path": verification.path,
        "notes": list(verification.notes),
        "results": [result_json(result) for result in results],
    }


def _workload(workload: Workload) -> dict[str, object]:
    facts: dict[str, Fact[float] | Fact[int] | Fact[bool]] = {
        "wait_ratio": workload.wait_ratio,
        "worker_memory_bytes": workload.worker_memory_bytes,
        "thread_safe": workload.thread_safe,
        "response_time_seconds": workload.response_time_seconds,
        "rate_per_second": workload.rate_per_second,
        "concurrency": workload.concurrency,
    }
    values: dict[str, object] = {name: fact.value for name, fact in facts.items()}
    return {"kind": workload.kind.value, **values, "source": {name: fact.origin.value for name, fact in facts.items()}}
