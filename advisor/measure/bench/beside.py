"""Puts what was measured beside what had been predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.spec import OpenLoop
from advisor.measure.bench.summary import Summary
from advisor.measure.bench.trial import Trial
from advisor.model.prediction import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One configuration: the predictions that were made before its loads, and what these loads showed.

    ``at_rate`` is the prediction for an open loop, None without one. What was measured is None where it cannot be
    compared: no throughput of an open loop that was held, no p99 without one or from too few samples.
    """

    saturation: Prediction
    at_rate: Prediction | None
    rate_per_second: float | None
    throughput_per_second: float | None
    p99_seconds: float | None
    memory_bytes: int | None

    @property
    def predicted_p99_seconds(self) -> float | None:
        """The predicted p99 at the rate; None without a rate, or where the rate is more than is predicted."""
        return None if self.at_rate is None or self.at_rate.latency is None else self.at_rate.latency.p99_seconds

    @property
    def throughput_error(self) -> float | None:
        """By which share of what was measured the prediction is above it, or below."""
        return _error(self.saturation.throughput.per_second, self.throughput_per_second)

    @property
    def p99_error(self) -> float | None:
        """The same of the p99."""
        return _error(self.predicted_p99_seconds, self.p99_seconds)

    @property
    def memory_error(self) -> float | None:
        """The same of the memory, as PSS."""
        return _error(self.saturation.memory_bytes, self.memory_bytes)


def beside(
    trials: Sequence[Trial],
    summary: Summary | None,
    latency_trials: Sequence[Trial] = (),
    latency: Summary | None = None,
) -> Fact[Beside] | None:
    """Trials of one configuration beside their prediction; None where none was asked for, unknown where none was made.

    ``trials`` may be of either loop; ``latency_trials`` are of an open one that followed.
    """
    made = trials[0].predicted if trials else None
    if made is None or summary is None:
        return None
    held = isinstance(trials[0].plan.loop, OpenLoop) and not summary.overloaded
    at_rate, of_rate = (trials[0], summary) if isinstance(trials[0].plan.loop, OpenLoop) else (None, None)
    if latency_trials:
        at_rate, of_rate = latency_trials[0], latency
    return made.map(
        lambda prediction: Beside(
            saturation=prediction,
            at_rate=None if at_rate is None or at_rate.predicted is None else at_rate.predicted.value,
            rate_per_second=None if at_rate is None else _rate(at_rate),
            throughput_per_second=None if held else summary.achieved_per_second,
            p99_seconds=None if of_rate is None or of_rate.overloaded else of_rate.response.at(99),
            memory_bytes=None if summary.use is None else summary.use.pss_bytes.value,
        )
    )


def _rate(trial: Trial) -> float | None:
    return trial.plan.loop.rate_per_second if isinstance(trial.plan.loop, OpenLoop) else None


def _error(predicted: float | None, measured: float | None) -> float | None:
    return predicted / measured - 1 if predicted is not None and measured else None
