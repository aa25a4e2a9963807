"""Figures that tell whether a run may be believed, on runs whose faults are known."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.validity import drift, little_residual, window_variation
from advisor.measure.statistics.windows import counts_per_window


def _poisson(generator: random.Random, rate: float, windows: int) -> list[int]:
    moments = []
    moment = generator.expovariate(rate)
    while moment < windows:
        moments.append(moment)
        moment += generator.expovariate(rate)
    return counts_per_window(moments, window_seconds=1, duration_seconds=windows)


def test_busy_clients_leave_no_residual() -> None:
    assert little_residual(throughput_rps=320, mean_latency_seconds=0.2, clients=64) == pytest.approx(0)


def test_a_client_in_ten_that_stands_still_is_seen() -> None:
    residual = little_residual(throughput_rps=288, mean_latency_seconds=0.2, clients=64)
    assert residual == pytest.approx(-0.1)


def test_a_closed_loop_without_clients_is_refused() -> None:
    with pytest.raises(ValueError, match="clients"):
        little_residual(throughput_rps=1, mean_latency_seconds=1, clients=0)


def test_a_drift_is_a_share_of_the_mean() -> None:
    found = drift([90.0, 90.0, 7.0, 110.0, 110.0])
    assert found is not None
    assert found.change == pytest.approx(20 / (407 / 5))


def test_a_server_that_slows_down_drifts() -> None:
    generator = random.Random(1)
    found = drift([generator.gauss(400 - 10 * window, 8) for window in range(20)])
    assert found is not None
    assert found.change == pytest.approx(-100 / 305, abs=0.03)
    assert found.too_large


def test_a_drift_below_the_limit_is_let_pass() -> None:
    found = drift([100.0, 100.1, 103.0, 103.1])
    assert found is not None
    assert abs(found.change) > found.by_chance
    assert not found.too_large


def test_noise_is_rarely_called_a_drift() -> None:
    generator = random.Random(2)
    found = [drift([generator.gauss(100, 15) for _ in range(10)]) for _ in range(1000)]
    assert sum(one is not None and one.too_large for one in found) <= 70


@pytest.mark.parametrize("windows", [[], [1.0, 2.0, 3.0], [0.0] * 8])
def test_a_drift_of_too_little_is_unknown(windows: list[float]) -> None:
    assert drift(windows) is None


def test_the_variation_of_windows_by_hand() -> None:
    assert window_variation([90, 100, 110]) == pytest.approx(0.1)


def test_random_arrivals_alone_are_no_variation_of_the_server() -> None:
    counts = _poisson(random.Random(3), 100, 200)
    whole, beyond = window_variation(counts), window_variation(counts, random_arrivals=True)
    assert whole == pytest.approx(0.1, abs=0.015)
    assert beyond is not None
    assert beyond < 0.04


def test_a_server_that_stops_now_and_then_varies_even_with_random_arrivals() -> None:
    counts = [0 if window % 5 == 0 else count for window, count in enumerate(_poisson(random.Random(3), 100, 200))]
    beyond = window_variation(counts, random_arrivals=True)
    assert beyond is not None
    assert beyond > 0.4


@pytest.mark.parametrize("counts", [[], [5.0], [0.0, 0.0]])
def test_the_variation_of_too_little_is_unknown(counts: list[float]) -> None:
    assert window_variation(counts) is None


@given(st.lists(st.floats(0.1, 1e4), min_size=4, max_size=40), st.integers(-8, 8))
def test_neither_depends_on_the_unit(windows: list[float], power: int) -> None:
    scaled = [window * 2.0**power for window in windows]
    one, other = drift(windows), drift(scaled)
    assert one is not None
    assert other is not None
    assert math.isclose(one.change, other.change, abs_tol=1e-9)
    variation, of_scaled = window_variation(windows), window_variation(scaled)
    assert variation is not None
    assert of_scaled == pytest.approx(variation)


def test_moments_are_counted_in_their_windows() -> None:
    moments = [-0.01, 0.0, 0.05, 0.1, 0.299, 0.301, 0.35]
    assert counts_per_window(moments, window_seconds=0.1, duration_seconds=0.35) == [2, 1, 1]


def test_five_seconds_are_fifty_windows_of_100_ms() -> None:
    assert len(counts_per_window([], window_seconds=0.1, duration_seconds=5)) == 50
    assert len(counts_per_window([], window_seconds=0.1, duration_seconds=0.3)) == 3


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        counts_per_window([], window_seconds=0, duration_seconds=5)


@given(st.lists(st.floats(-1, 6), max_size=50))
def test_every_moment_of_the_duration_is_counted_once(moments: list[float]) -> None:
    counts = counts_per_window(moments, window_seconds=0.5, duration_seconds=5)
    assert sum(counts) == sum(0 <= moment < 5 for moment in moments)
