"""MSER-5 on series whose warm-up is known."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.steady_state import SteadyState, find_steady_state


def _noisy(level: float, generator: random.Random) -> float:
    return generator.gauss(level, 0.03 * level)


def test_a_step_is_cut_at_its_end() -> None:
    generator = random.Random(1)
    counts = [_noisy(10, generator) for _ in range(20)] + [_noisy(40, generator) for _ in range(80)]
    assert find_steady_state(counts) == SteadyState(warm_up_windows=20, found=True)


def test_a_step_within_a_batch_is_cut_after_that_batch() -> None:
    counts = [10.0] * 18 + [40.0] * 82
    assert find_steady_state(counts) == SteadyState(warm_up_windows=20, found=True)


def test_of_an_exponential_approach_little_is_left() -> None:
    generator = random.Random(1)
    found = [
        find_steady_state([_noisy(40 * (1 - math.exp(-window / 8)), generator) for window in range(100)])
        for _ in range(1000)
    ]
    # after 15 windows 15 % are missing, after 45 nothing that the noise would not hide
    assert sum(steady.found and 15 <= steady.warm_up_windows <= 45 for steady in found) >= 850


def test_a_steady_series_is_rarely_cut_by_much_or_called_unsteady() -> None:
    generator = random.Random(4)
    found = [find_steady_state([_noisy(40, generator) for _ in range(100)]) for _ in range(1000)]
    assert sum(not steady.found for steady in found) <= 50
    assert sum(steady.warm_up_windows <= 25 for steady in found) >= 850


def test_a_series_that_never_settles_has_no_steady_state() -> None:
    generator = random.Random(3)
    assert not find_steady_state([_noisy(10 + window, generator) for window in range(100)]).found


@pytest.mark.parametrize("warm_up", [50, 55, 60, 70, 80])
def test_a_warm_up_of_half_or_more_is_no_steady_state(warm_up: int) -> None:
    assert not find_steady_state([10.0] * warm_up + [40.0] * (100 - warm_up)).found


def test_a_constant_series_keeps_all() -> None:
    assert find_steady_state([7.0] * 50) == SteadyState(warm_up_windows=0, found=True)


@pytest.mark.parametrize("windows", [0, 1, 49])
def test_too_few_windows_cannot_tell(windows: int) -> None:
    assert find_steady_state([7.0] * windows) == SteadyState(warm_up_windows=0, found=False)


@given(st.lists(st.integers(0, 1000), min_size=50, max_size=120))
def test_the_cut_is_where_the_formula_is_least(counts: list[int]) -> None:
    batches = [sum(counts[start : start + 5]) / 5 for start in range(0, len(counts) - 4, 5)]

    def mser(cut: int) -> float:
        rest = batches[cut:]
        middle = sum(rest) / len(rest)
        return sum((batch - middle) ** 2 for batch in rest) / len(rest) ** 2

    steady = find_steady_state(counts)
    least = min(mser(cut) for cut in range(len(batches) // 2 + 1))
    assert steady.warm_up_windows % 5 == 0
    assert mser(steady.warm_up_windows // 5) == pytest.approx(least, rel=1e-6, abs=1e-6)
    if steady.found:
        assert steady.warm_up_windows < 5 * (len(batches) // 2)


@given(st.lists(st.integers(0, 1000), min_size=50, max_size=100), st.integers(2, 50))
def test_the_unit_of_the_counts_does_not_matter(counts: list[int], factor: int) -> None:
    # a power of two, so that rounding does not decide between equals
    scaled = [count * 2.0**factor for count in counts]
    assert find_steady_state(scaled) == find_steady_state(counts)
