"""Predictions that stand beside made-up trials."""

from __future__ import annotations

from dataclasses import replace

from advisor.facts import Fact
from advisor.measure.bench.trial import Trial
from advisor.model.prediction import Ceiling, Latency, Prediction, Throughput
from advisor.model.shape import limited
from advisor.units import MIB

AT_SATURATION = Prediction(
    shape=limited(2, 16),
    throughput=Throughput(per_second=550, low=500, high=600, binding=Ceiling.CORES, ceilings={Ceiling.CORES: 560}),
    memory_bytes=90 * MIB,
    latency=None,
)
AT_RATE = replace(AT_SATURATION, latency=Latency(mean_seconds=0.02, p99_seconds=0.04, utilisation=0.7))


def predicted(trial: Trial, prediction: Prediction) -> Trial:
    """The trial as it is when this had been predicted of it."""
    return replace(trial, predicted=Fact(value=prediction, source="measured, profile.json"))
