"""Which option is measured next, and what is believed after some runs."""

from __future__ import annotations

import random

import pytest

from advisor.measure.tune.option import Forecast
from advisor.measure.tune.runs import Failure, FailureKind, Phase, Run
from advisor.measure.tune.search import Why, excluded, next_step, standings, undisturbed
from advisor.units import MIB
from tests.advisor.measure.tune.fakes import forecast


def run(name: str, per_second: float, *, number: int = 1, failure: Failure | None = None) -> Run:
    return Run(
        phase=Phase.SEARCH,
        name=name,
        number=number,
        predicted_per_second=None,
        rate_per_second=None,
        throughput_per_second=per_second,
        latencies=None,
        late_share=None,
        error_share=0.0,
        memory_bytes=None,
        cpu_seconds_per_request=None,
        settings=None,
        failure=failure,
        began="",
        elapsed_seconds=4.0,
    )


_SPACE = [
    forecast(workers, threads, 60.0 * min(workers * threads, 8))
    for workers in (1, 2, 3, 5, 8)
    for threads in (1, 2, 4, 8, 16)
]
_BY_NAME = {one.option.name: one for one in _SPACE}


def test_the_first_is_what_the_model_predicts_best() -> None:
    step = next_step(_SPACE, [])
    assert step is not None
    assert step.why is Why.MODEL
    assert step.forecast.per_second == max(one.per_second for one in _SPACE)


def test_an_option_is_never_measured_twice_without_a_reason() -> None:
    runs = [run("1 × 8 gthread", 420.0), run("2 × 8 gthread", 460.0), run("3 × 8 gthread", 470.0)]
    step = next_step(_SPACE, runs)
    assert step is not None
    assert step.forecast.option.name not in {one.name for one in runs}


def test_the_search_ends_when_the_model_is_right_everywhere() -> None:
    runs: list[Run] = []
    while (step := next_step(_SPACE, runs)) is not None:
        runs.append(run(step.forecast.option.name, step.forecast.per_second))
        assert len(runs) < len(_SPACE)
    assert len(runs) >= 3


def test_it_says_by_how_much_an_option_could_be_better() -> None:
    runs = [run("1 × 8 gthread", 240.0), run("1 × 16 gthread", 240.0)]
    step = next_step(_SPACE, runs)
    assert step is not None
    assert step.up_to is not None
    assert step.up_to > 0.1


def test_a_run_far_below_what_its_neighbours_say_is_repeated() -> None:
    runs = [
        run("2 × 8 gthread", 250.0),
        run("2 × 16 gthread", 480.0),
        run("1 × 8 gthread", 480.0),
        run("3 × 8 gthread", 480.0),
        run("2 × 4 gthread", 480.0),
    ]
    step = next_step(_SPACE, runs)
    assert step is not None
    assert step.why is Why.AGAIN
    assert step.forecast.option.name == "2 × 8 gthread"


def test_a_low_run_is_not_repeated_where_its_neighbours_are_no_good_either() -> None:
    runs = [
        run("1 × 4 gthread", 120.0),
        run("1 × 8 gthread", 300.0),
        run("1 × 16 gthread", 300.0),
        run("5 × 16 gthread", 500.0),
        run("8 × 16 gthread", 500.0),
    ]
    step = next_step(_SPACE, runs)
    assert step is None or step.why is not Why.AGAIN


def test_of_two_runs_far_apart_the_lower_one_was_disturbed() -> None:
    assert undisturbed([250.0, 480.0]) == [480.0]
    assert undisturbed([470.0, 480.0]) == [470.0, 480.0]


def test_a_disqualified_option_is_tried_no_more() -> None:
    crashed = Failure(FailureKind.CRASH, "2 workers died under the load")
    assert excluded(_SPACE, [run("8 sync", 400.0, failure=crashed)]) == {"8 sync"}


def test_what_needs_as_much_memory_as_one_that_needed_too_much_is_tried_no_more() -> None:
    too_big = Failure(FailureKind.MEMORY, "needed 600 MiB, and 512 MiB may be used")
    out = excluded(_SPACE, [run("5 × 2 gthread", 400.0, failure=too_big)])
    assert out == {one.option.name for one in _SPACE if one.option.shape.workers >= 5}


def test_nothing_is_left_when_all_failed() -> None:
    crashed = Failure(FailureKind.START, "it ended")
    assert next_step(_SPACE[:2], [run(one.option.name, 0.0, failure=crashed) for one in _SPACE[:2]]) is None


def test_the_order_follows_the_runs_and_not_the_model() -> None:
    runs = [run("1 × 8 gthread", 250.0), run("2 × 8 gthread", 470.0), run("5 × 16 gthread", 520.0)]
    names = [one.forecast.option.name for one in standings(_SPACE, runs) if one.measured]
    assert names == ["5 × 16 gthread", "2 × 8 gthread", "1 × 8 gthread"]


def _truth(one: Forecast, misfit: dict[str, float]) -> float:
    return one.per_second * misfit[one.option.name]


@pytest.mark.parametrize("seed", range(5))
def test_bad_outliers_do_not_keep_a_good_option_from_being_found(seed: int) -> None:
    chance = random.Random(seed)
    # The model sees no difference beyond 8 slots; the truth prefers few workers with more threads.
    misfit = {name: 1.0 - 0.08 * abs(one.option.shape.workers - 2) ** 0.5 for name, one in _BY_NAME.items()}
    runs: list[Run] = []
    while (step := next_step(_SPACE, runs)) is not None and len(runs) < 14:
        name = step.forecast.option.name
        value = _truth(step.forecast, misfit) * chance.lognormvariate(0.0, 0.03)
        value *= 0.6 if chance.random() < 0.05 else 1.0
        number = sum(one.name == name for one in runs) + 1
        runs.append(run(name, value, number=number))
    best = max(_truth(one, misfit) for one in _SPACE)
    found = next(one for one in standings(_SPACE, runs) if one.measured)
    assert _truth(found.forecast, misfit) > 0.9 * best


def test_memory_of_a_forecast_counts_in_mebibytes() -> None:
    assert forecast(2).memory_bytes == 52 * MIB
