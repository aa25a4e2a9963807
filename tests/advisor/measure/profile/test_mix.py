"""The arithmetic of several endpoints: closed forms and properties."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.load.spec import LoadRequest
from advisor.measure.profile.mix import (
    LEAST_GROWTH_BYTES,
    grown_after,
    growth_bytes_per_request,
    mixed_growth,
    mixed_mean,
    mixed_quantiles,
    mixed_queued,
    mixed_variation,
    quantiles,
    queued_part,
    variation,
)
from advisor.measure.profile.result import EndpointProfile
from advisor.units import MIB


def endpoint(
    seconds: list[float], *, weight: float = 1.0, cpu_seconds: float = 0.001, queued_seconds: float | None = 0.0
) -> EndpointProfile:
    return EndpointProfile(
        request=LoadRequest(weight=weight),
        samples=len(seconds),
        service_seconds=statistics.fmean(seconds),
        cpu_seconds=cpu_seconds,
        queued_seconds=queued_seconds,
        variation=variation(seconds),
        quantiles_seconds=quantiles(seconds),
        statuses={200: len(seconds)},
        failures={},
        response_bytes=100,
    )


def test_the_quantiles_of_a_hundred_values_are_those_values() -> None:
    values = [float(number) for number in range(100)]
    assert quantiles(values[::-1]) == tuple(values)


def test_one_sample_is_every_quantile() -> None:
    assert quantiles([3.0]) == (3.0,) * 100


def test_weights_say_how_many_quantiles_a_value_takes() -> None:
    found = quantiles([2.0, 1.0], [3.0, 1.0])
    assert (found.count(1.0), found.count(2.0)) == (25, 75)


def test_without_samples_there_are_no_quantiles() -> None:
    with pytest.raises(ValueError, match="no samples"):
        quantiles([])


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=300))
def test_quantiles_ascend_and_are_values_that_were_measured(values: list[float]) -> None:
    found = quantiles(values)
    assert len(found) == 100
    assert list(found) == sorted(found)
    assert set(found) <= set(values)


def test_the_variation_of_equal_values_is_none_and_of_two_known() -> None:
    assert variation([2.0, 2.0]) == 0
    assert variation([1.0, 3.0]) == pytest.approx(0.5)


def test_the_mix_of_two_endpoints_is_that_of_their_samples_by_weight() -> None:
    fast, slow = endpoint([0.010] * 50, weight=3), endpoint([0.050, 0.150] * 25, weight=1)
    samples = [0.010] * 300 + [0.050, 0.150] * 50
    assert mixed_mean([fast, slow], [fast.service_seconds, slow.service_seconds]) == pytest.approx(
        statistics.fmean(samples)
    )
    assert mixed_variation([fast, slow]) == pytest.approx(statistics.pstdev(samples) / statistics.fmean(samples))
    assert mixed_quantiles([fast, slow]) == quantiles(samples)


@pytest.mark.parametrize(
    ("queued", "seen", "cpu", "part"),
    [
        (0.012, 0.035, 0.022, 0.012),
        (0.040, 0.035, 0.022, 0.013),  # four threads that wait at once
        (0.001, 0.020, 0.040, 0.0),  # computed side by side
        (0.0, 0.035, 0.022, 0.0),
    ],
)
def test_waiting_for_a_cpu_explains_no_more_than_what_is_not_computing(
    queued: float, seen: float, cpu: float, part: float
) -> None:
    assert queued_part(queued, seen, cpu) == pytest.approx(part)


@pytest.mark.parametrize(("queued", "mean"), [((0.004, 0.0), 0.003), ((0.0, 0.0), 0.0), ((0.004, None), None)])
def test_the_mix_waits_for_a_cpu_as_its_endpoints_do_where_all_are_known(
    queued: tuple[float, float | None], mean: float | None
) -> None:
    often, seldom = (endpoint([1.0], weight=3 - 2 * n, queued_seconds=one) for n, one in enumerate(queued))
    assert mixed_queued([often, seldom]) == (None if mean is None else pytest.approx(mean))


@given(st.floats(min_value=1e-5, max_value=10), st.floats(min_value=0.01, max_value=100))
def test_one_endpoint_is_its_own_mix(seconds: float, weight: float) -> None:
    one = endpoint([seconds, 2 * seconds], weight=weight)
    assert mixed_variation([one]) == pytest.approx(one.variation, abs=1e-6)
    assert mixed_quantiles([one]) == one.quantiles_seconds


@given(st.integers(min_value=10 * 1024, max_value=2 * MIB), st.integers(min_value=3, max_value=20))
def test_growth_with_each_request_is_found(each: int, looks: int) -> None:
    readings = [(100 * number, 50 * MIB + 100 * number * each) for number in range(looks)]
    assert growth_bytes_per_request(readings) == pytest.approx(each)


def test_a_cache_that_fills_up_is_no_growth() -> None:
    readings = [(number * 100, round(50 * MIB + 5 * MIB * (1 - math.exp(-number)))) for number in range(8)]
    assert growth_bytes_per_request(readings) == 0


@given(st.integers(min_value=1, max_value=9))
def test_growth_at_one_moment_alone_is_no_growth(when: int) -> None:
    readings = [(1000 * number, 50 * MIB + (2 * MIB if number >= when else 0)) for number in range(10)]
    assert growth_bytes_per_request(readings) == 0


@pytest.mark.parametrize(("growth", "mean"), [((None, None), None), ((100.0, None), 75.0), ((0.0, 100.0), 25.0)])
def test_the_growth_of_a_mix_is_that_of_its_endpoints(growth: tuple[float | None, ...], mean: float | None) -> None:
    assert mixed_growth([endpoint([1.0], weight=3), endpoint([1.0])], growth) == mean


@pytest.mark.parametrize(("requests", "grown"), [(0, 0), (5, 0), (10, 100), (99, 100), (5000, 300)])
def test_growth_is_read_off_where_as_many_requests_had_been_served(requests: int, grown: int) -> None:
    assert grown_after([(0, 0), (10, 100), (100, 300)], requests) == grown


def test_what_the_allocator_keeps_is_no_growth() -> None:
    assert growth_bytes_per_request([(0, 0), (1000, LEAST_GROWTH_BYTES // 4), (2000, LEAST_GROWTH_BYTES // 2)]) == 0


@pytest.mark.parametrize("readings", [[], [(0, 0)], [(0, 0), (10, MIB)]])
def test_too_few_readings_show_no_growth(readings: list[tuple[int, int]]) -> None:
    assert growth_bytes_per_request(readings) == 0
