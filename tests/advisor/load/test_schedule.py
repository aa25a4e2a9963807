"""Schedules and orders: what was asked for, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.load.schedule import ORDER_LENGTH, due_times, order, parts
from advisor.load.spec import Arrivals, OpenLoop

POISSON = OpenLoop(rate_per_second=1000)


def test_constant_arrivals_are_equally_spaced_and_none_is_at_the_end() -> None:
    times = due_times(OpenLoop(rate_per_second=4, arrivals=Arrivals.CONSTANT), 1.0, seed=0)
    assert list(times) == [0.0, 0.25, 0.5, 0.75]


@given(rate=st.floats(0.1, 1000), seconds=st.floats(0.01, 5))
def test_constant_arrivals_fill_the_time_and_stay_within_it(rate: float, seconds: float) -> None:
    times = due_times(OpenLoop(rate_per_second=rate, arrivals=Arrivals.CONSTANT), seconds, seed=0)
    assert all(0 <= time < seconds for time in times)
    assert abs(len(times) - rate * seconds) <= 1


def test_poisson_arrivals_have_the_mean_and_the_spread_of_their_kind() -> None:
    times = due_times(POISSON, 60.0, seed=7)
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    # 60,000 gaps: the standard errors of both are 0.4 % and 0.6 %.
    assert len(times) == pytest.approx(60_000, rel=0.02)
    assert deviation / mean == pytest.approx(1.0, abs=0.03)
    assert all(gap >= 0 for gap in gaps)
    assert times[-1] < 60.0


def test_the_seed_decides_the_schedule() -> None:
    assert due_times(POISSON, 1.0, seed=1) == due_times(POISSON, 1.0, seed=1)
    assert due_times(POISSON, 1.0, seed=1) != due_times(POISSON, 1.0, seed=2)


def test_a_schedule_ends_with_the_most_requests() -> None:
    assert len(due_times(POISSON, 1.0, seed=1, most_requests=10)) == 10


@given(weights=st.lists(st.floats(0.001, 1000), min_size=1, max_size=20), seed=st.integers(0, 100))
def test_each_request_comes_as_often_as_its_weight_says(weights: list[float], seed: int) -> None:
    numbers = order(weights, seed=seed)
    assert len(numbers) == ORDER_LENGTH
    counts = Counter(numbers)
    for number, weight in enumerate(weights):
        assert abs(counts[number] - weight / sum(weights) * ORDER_LENGTH) <= 1


def test_requests_are_mixed_and_not_one_kind_after_the_other() -> None:
    changes = sum(before != after for before, after in pairwise(order([1, 1], seed=0)))
    assert changes == pytest.approx(ORDER_LENGTH / 2, rel=0.1)


@given(total=st.integers(0, 1000), count=st.integers(1, 64))
def test_parts_add_up_and_differ_by_one_at_most(total: int, count: int) -> None:
    shares = parts(total, count)
    assert (sum(shares), len(shares)) == (total, count)
    assert max(shares) - min(shares) <= 1
