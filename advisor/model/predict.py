"""Predicts throughput, memory and latency of shapes from what one request and one worker cost."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.model.latency import latency_at
from advisor.model.prediction import Demand, Prediction
from advisor.model.request_parts import request_parts
from advisor.model.shape import Shape
from advisor.model.throughput import saturate
from advisor.workload.cost import AppCost


def predict(app: AppCost, shape: Shape, demand: Demand) -> Prediction:
    """What ``shape`` does with ``app`` under ``demand``; docs/model.md has the formulas and their errors.

    The latency is that at ``demand.rate_per_second``: None without one, or when the shape does not reach it.
    """
    parts = request_parts(app.request, shape, demand)
    throughput = saturate(parts, shape, demand, app.request.variation)
    rate = demand.rate_per_second
    return Prediction(
        shape=shape,
        throughput=throughput,
        memory_bytes=app.memory.total_bytes(shape.workers, shape.threads),
        latency=None
        if rate is None
        else latency_at(app.request, parts, shape, demand, rate=rate, reached=throughput.per_second),
    )


def predict_grid(app: AppCost, shapes: Iterable[Shape], demand: Demand) -> tuple[Prediction, ...]:
    """The same for many shapes, in their order."""
    return tuple(predict(app, shape, demand) for shape in shapes)
