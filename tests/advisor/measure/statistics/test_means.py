"""Means with intervals that hold the truth as often as they say."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.bootstrap import bootstrap_mean
from advisor.measure.statistics.estimate import Basis, Interval
from advisor.measure.statistics.means import estimate_mean, mean, standard_deviation, t_interval
from tests.advisor.measure.statistics.simulated import autoregressive, coverage

_values = st.floats(-1e6, 1e6)


def test_the_t_interval_of_three_values_by_hand() -> None:
    # mean 20, deviation 10, half width 4.302653 × 10 / √3
    interval = t_interval([10, 20, 30])
    assert interval == pytest.approx((20 - 24.8414, 20 + 24.8414), abs=1e-3)


@pytest.mark.parametrize("restarts", [3, 5, 10])
def test_t_intervals_over_restarts_hold_the_mean_in_95_per_cent(restarts: int) -> None:
    def experiment(generator: random.Random) -> Interval:
        return t_interval([generator.gauss(400, 25) for _ in range(restarts)])

    assert 0.92 <= coverage(experiment, 400, seed=restarts) <= 0.98


def test_three_restarts_are_the_unit_however_many_windows_they_have() -> None:
    def experiment(generator: random.Random) -> Interval | None:
        # restarts differ by 40, windows within them by 5 only
        levels = [generator.gauss(400, 40) for _ in range(3)]
        estimate = estimate_mean([[generator.gauss(level, 5) for _ in range(20)] for level in levels])
        assert estimate.basis is Basis.RESTARTS
        assert estimate.values == 3
        return estimate.interval

    assert 0.92 <= coverage(experiment, 400, seed=7) <= 0.98


@pytest.mark.parametrize(
    ("lengths", "correlation"),
    [((20,), 0.0), ((20,), 0.3), ((40,), 0.5), ((100,), 0.3), ((20, 20), 0.3), ((16, 40), 0.0)],
)
def test_block_bootstraps_hold_the_mean_of_windows_that_resemble_their_neighbours(
    lengths: tuple[int, ...], correlation: float
) -> None:
    def experiment(generator: random.Random) -> Interval | None:
        runs = [
            [300 + 20 * value for value in autoregressive(generator, length, correlation=correlation)]
            for length in lengths
        ]
        return bootstrap_mean(runs, resamples=400, seed=generator.randrange(10**9))

    assert 0.92 <= coverage(experiment, 300, seed=5) <= 0.98


def test_the_bootstrap_gives_the_same_interval_for_the_same_seed() -> None:
    windows = autoregressive(random.Random(5), 40, correlation=0.3)
    assert bootstrap_mean([windows], seed=1) == bootstrap_mean([windows], seed=1)
    assert bootstrap_mean([windows], seed=1) != bootstrap_mean([windows], seed=2)


def test_with_two_restarts_the_interval_covers_what_varies_within_them_and_says_so() -> None:
    generator = random.Random(2)
    estimate = estimate_mean([[generator.gauss(level, 5) for _ in range(20)] for level in (380, 420)])
    assert estimate.basis is Basis.WINDOWS
    assert estimate.values == 40
    assert estimate.interval is not None
    assert estimate.interval.holds(estimate.mean)
    assert not estimate.interval.holds(380)
    assert not estimate.interval.holds(420)


def test_too_few_windows_give_a_mean_without_an_interval() -> None:
    estimate = estimate_mean([[9.0, 11.0]])
    assert (estimate.mean, estimate.interval, estimate.basis) == (10, None, Basis.NOTHING)
    assert estimate.relative_half_width is None


def test_a_restart_without_windows_is_left_out() -> None:
    assert estimate_mean([[1.0], [2.0], [], [3.0]]).values == 3


def test_the_relative_half_width_is_what_is_written_after_plus_minus() -> None:
    estimate = estimate_mean([[10.0], [20.0], [30.0]])
    assert estimate.relative_half_width == pytest.approx(24.8414 / 20, abs=1e-4)


def test_nothing_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        estimate_mean([[], []])
    with pytest.raises(ValueError, match="degree of freedom"):
        t_interval([1.0])


@given(st.lists(_values, min_size=2, max_size=30))
def test_the_interval_lies_about_the_mean(values: list[float]) -> None:
    low, high = t_interval(values)
    middle = mean(values)
    assert low <= middle <= high
    assert high - middle == pytest.approx(middle - low, abs=1e-6 + 1e-9 * abs(middle))


@given(st.lists(_values, min_size=2, max_size=30), st.floats(-1e6, 1e6))
def test_the_spread_does_not_depend_on_where_the_values_lie(values: list[float], shift: float) -> None:
    moved = standard_deviation([value + shift for value in values])
    assert math.isclose(moved, standard_deviation(values), rel_tol=1e-6, abs_tol=1e-6)


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), min_size=0, max_size=4), st.integers())
def test_a_bootstrap_has_its_mean_within_or_no_interval(runs: list[list[float]], seed: int) -> None:
    interval = bootstrap_mean(runs, resamples=50, seed=seed)
    if sum(map(len, runs)) < 16:
        assert interval is None
    if interval is not None:
        assert interval.low <= interval.high


@given(st.floats(-1e6, 1e6), st.integers(16, 40))
def test_windows_that_are_all_equal_leave_nothing_unknown(value: float, windows: int) -> None:
    assert bootstrap_mean([[value] * windows], resamples=50) == pytest.approx((value, value))
