"""What was measured stands beside what was predicted of the same thing, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.facts import Fact
from advisor.measure.bench.beside import Beside, beside
from advisor.measure.bench.summary import summarise
from advisor.measure.bench.trial import Trial
from tests.advisor.measure.bench.predictions import AT_RATE, AT_SATURATION, predicted
from tests.advisor.measure.bench.trials import closed_trial, open_trial, overloaded_trial


def _beside(*trials: Trial, then: tuple[Trial, ...] = ()) -> Beside:
    made = beside(trials, summarise(trials), then, summarise(then) if then else None)
    assert made is not None
    assert made.value is not None
    return made.value


def test_clients_that_never_pause_are_compared_by_throughput_and_memory() -> None:
    found = _beside(predicted(closed_trial(500), AT_SATURATION))
    assert found.throughput_error == pytest.approx(0.1)
    assert found.memory_error == pytest.approx(90 / 120 - 1)
    assert (found.predicted_p99_seconds, found.p99_error, found.rate_per_second) == (None, None, None)


def test_a_rate_that_is_held_is_compared_by_its_p99_alone() -> None:
    found = _beside(predicted(open_trial(400), AT_RATE))
    assert found.throughput_error is None
    assert found.p99_error == pytest.approx(0.04 / 0.05 - 1)
    assert found.rate_per_second == 400


def test_an_overload_is_compared_by_what_was_answered() -> None:
    found = _beside(predicted(overloaded_trial(rate=400, capacity=300), AT_RATE))
    assert found.throughput_error == pytest.approx(550 / 300 - 1, rel=0.02)
    assert found.p99_error is None


def test_response_times_measured_later_have_the_prediction_of_their_own_load() -> None:
    later = (predicted(open_trial(400), AT_RATE),)
    found = _beside(predicted(closed_trial(500), AT_SATURATION), then=later)
    assert found.throughput_error == pytest.approx(0.1)
    assert found.p99_error == pytest.approx(0.04 / 0.05 - 1)
    assert found.rate_per_second == 400


def test_too_few_samples_for_a_p99_leave_nothing_to_compare() -> None:
    found = _beside(predicted(open_trial(100), AT_RATE))
    assert found.predicted_p99_seconds == 0.04
    assert found.p99_error is None


def test_without_a_prediction_there_is_nothing_and_without_a_reason_to_predict_neither() -> None:
    trial = closed_trial()
    assert beside([trial], summarise([trial])) is None
    assert beside([], None) is None
    asked = replace(trial, predicted=Fact.unknown("the model knows nothing of ASGI apps"))
    made = beside([asked], summarise([asked]))
    assert made is not None
    assert (made.value, made.source) == (None, "the model knows nothing of ASGI apps")
