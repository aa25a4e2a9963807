"""The model's part of a plan as JSON: ``measured``, ``predicted``, ``rule`` and ``alternatives`` (recommend.json)."""

from __future__ import annotations

import math

from advisor.model.prediction import Prediction
from advisor.report.recommend_predicted import against_rule, memory_ratio, throughput_ratio
from advisor.sizing.by_model.choice import Choice, Role
from advisor.sizing.plan import Measured


def predicted_json(choice: Choice, measured: Measured) -> dict[str, object]:
    """The keys that a plan of a measured app has besides the others."""
    request, memory, demand = choice.cost.request, choice.cost.memory, choice.load.demand
    rule = choice.alternative(Role.RULE)
    return {
        "measured": {
            "app": measured.app,
            "service_seconds": request.service_seconds,
            "cpu_seconds": request.cpu_seconds,
            "wait_seconds": request.wait_seconds,
            "gil_seconds": request.gil_seconds,
            "arbiter_bytes": memory.arbiter_bytes,
            "worker_bytes": memory.worker_bytes,
            "thread_bytes": memory.thread_bytes,
            "stated": sorted(measured.stated),
        },
        "predicted": {
            **_prediction(choice.chosen),
            "ceilings_per_second": {
                one.value: value for one, value in choice.chosen.throughput.ceilings.items() if math.isfinite(value)
            },
            "load": {
                "cpus": demand.cpus,
                "clients": demand.clients,
                "clients_reason": choice.load.reason,
                "rate_per_second": demand.rate_per_second,
                "clients_keep_alive": demand.kept_alive,
            },
        },
        "rule": {
            **_prediction(choice.rule),
            "fits": rule.fits if rule is not None else True,
            "throughput_ratio": throughput_ratio(choice),
            "memory_ratio": memory_ratio(choice),
            "comparison": f"{against_rule(choice)}.",
        },
        "alternatives": [
            {"role": one.role.value, "fits": one.fits, **_prediction(one.prediction)} for one in choice.alternatives
        ],
    }


def _prediction(one: Prediction) -> dict[str, object]:
    found, latency = one.throughput, one.latency
    return {
        "workers": one.shape.workers,
        "threads": one.shape.threads,
        "worker_class": one.shape.worker_class.value,
        "takes_only_what_it_serves": one.shape.takes_only_what_it_serves,
        "requests_per_second": {"value": found.per_second, "low": found.low, "high": found.high},
        "binding": found.binding.value,
        "memory_bytes": one.memory_bytes,
        "latency_ms": None
        if latency is None
        else {"mean": latency.mean_seconds * 1000, "p99": latency.p99_seconds * 1000, "load": latency.utilisation},
    }
