"""Percentiles are samples that were measured, shown only from enough of them, with intervals that hold the truth."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.estimate import Interval
from advisor.measure.statistics.percentiles import (
    PERCENTS,
    at_percent,
    needed_samples,
    percentiles,
    with_failures,
)
from tests.advisor.measure.statistics.simulated import autoregressive, coverage

_latencies = st.lists(st.floats(0, 60), min_size=1, max_size=300)
_percents = st.floats(0.001, 99.999)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (90, 90), (99, 99), (99.9, 100), (1, 1), (0.1, 1), (0.5, 1), (50.5, 51)]
)
def test_percentiles_of_1_to_100(percent: float, expected: int) -> None:
    assert at_percent(range(1, 101), percent) == expected


@pytest.mark.parametrize("percent", [99.9, 99, 95, 90, 57, 29, 7])
def test_ranks_are_whole_numbers_without_rounding_errors(percent: float) -> None:
    # 10000 * 99.9 / 100 is 9990.000000000002 to a computer, and 0.57 * 100 is 56.99999999999999
    assert at_percent(range(1, 10_001), percent) == round(percent * 100)


@given(_latencies, _percents)
def test_at_most_the_rest_lies_above_a_percentile(latencies: list[float], percent: float) -> None:
    value = at_percent(sorted(latencies), percent)
    assert value in latencies
    share = round(percent, 3) / 100
    assert sum(latency <= value for latency in latencies) >= share * len(latencies) - 1e-6
    assert sum(latency < value for latency in latencies) < share * len(latencies) + 1e-6


@given(_latencies, _percents, _percents)
def test_percentiles_rise(latencies: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert at_percent(sorted(latencies), low) <= at_percent(sorted(latencies), high)


@pytest.mark.parametrize(
    ("percent", "needed"), [(50, 20), (90, 100), (95, 200), (99, 1000), (99.9, 10_000), (99.99, 100_000), (1, 1000)]
)
def test_ten_samples_must_lie_beyond(percent: float, needed: int) -> None:
    assert needed_samples(percent) == needed


@pytest.mark.parametrize("missing", [0, 1])
def test_p99_is_shown_from_1000_samples_on(missing: int) -> None:
    shown = {one.name: one for one in percentiles([0.001 * n for n in range(1, 1001 - missing)])}
    assert list(shown) == ["p50", "p90", "p95", "p99", "p99.9"]
    assert (shown["p99"].latency_seconds is None) == bool(missing)
    assert shown["p95"].latency_seconds is not None
    assert (shown["p99.9"].latency_seconds, shown["p99.9"].interval) == (None, None)
    assert (shown["p99.9"].samples, shown["p99.9"].needed_samples) == (1000 - missing, 10_000)


def test_no_samples_have_no_percentiles_at_all() -> None:
    assert all(one.latency_seconds is None and one.samples == 0 for one in percentiles([]))


def test_failures_count_as_the_timeout() -> None:
    latencies = with_failures([0.2, 0.1] * 49, failures=2, timeout_seconds=30)
    assert isinstance(latencies, array)
    assert list(latencies) == [0.1] * 49 + [0.2] * 49 + [30, 30]
    assert at_percent(latencies, 98) == 0.2
    assert at_percent(latencies, 99) == 30


@pytest.mark.parametrize("percent", [50.0, 95.0, 99.0])
def test_intervals_of_independent_latencies_hold_the_truth(percent: float) -> None:
    def experiment(generator: random.Random) -> Interval | None:
        return percentiles([generator.expovariate(50) for _ in range(2000)], [percent])[0].interval

    truth = -math.log(1 - percent / 100) / 50
    assert 0.92 <= coverage(experiment, truth, seed=1) <= 0.98


@pytest.mark.parametrize("percent", [50.0, 90.0])
def test_intervals_of_latencies_that_resemble_their_neighbours_hold_the_truth(percent: float) -> None:
    def experiment(generator: random.Random) -> Interval | None:
        latencies = [math.exp(value) for value in autoregressive(generator, 2000, correlation=0.8)]
        return percentiles(latencies, [percent])[0].interval

    truth = {50.0: 1.0, 90.0: math.exp(1.2815515655446004)}[percent]
    assert 0.92 <= coverage(experiment, truth, seed=2) <= 0.98


def test_an_interval_that_would_reach_beyond_the_samples_is_not_given() -> None:
    # all slow requests in one stretch: effectively one event was seen
    latencies = [0.01] * 980 + [1.0] * 20
    p99 = percentiles(latencies, [99])[0]
    assert p99.latency_seconds == 1.0
    assert p99.interval is None


@given(st.lists(st.floats(0, 60), min_size=20, max_size=3000), st.sampled_from(PERCENTS))
def test_the_interval_holds_the_percentile(latencies: list[float], percent: float) -> None:
    (found,) = percentiles(latencies, [percent])
    if found.interval is not None:
        assert found.latency_seconds is not None
        assert found.interval.holds(found.latency_seconds)


@pytest.mark.parametrize("percent", [0, 100, -1, 101, math.nan])
def test_what_is_no_percentile_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="not a percentile"):
        at_percent([1.0], percent)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        at_percent([], 50)
