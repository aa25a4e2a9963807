"""Comparisons hold the true ratio as often as they say, although they stop as soon as it is clear."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.comparison import (
    LOOK_ERRORS,
    MOST_PAIRS,
    Comparison,
    Verdict,
    compare_pairs,
)
from advisor.measure.statistics.estimate import Interval
from advisor.measure.statistics.student import t_quantile
from tests.advisor.measure.statistics.simulated import coverage

_rates = st.floats(1, 1e5)


def _until_finished(generator: random.Random, ratio: float, planned: int, noise: float = 0.05) -> Comparison:
    """One comparison as it is made: a pair at a time, on a machine that slows down meanwhile."""
    first: list[float] = []
    second: list[float] = []
    speed = 400.0
    while True:
        speed *= generator.uniform(0.9, 1.0)
        first.append(speed * math.exp(generator.gauss(0, noise)))
        second.append(speed * ratio * math.exp(generator.gauss(0, noise)))
        comparison = compare_pairs(first, second, planned_pairs=planned)
        if comparison.finished:
            return comparison


def test_the_ratio_of_three_pairs_by_hand() -> None:
    comparison = compare_pairs([100, 100, 100], [100, 110, 121], planned_pairs=3)
    step = math.log(1.1)
    half = 4.302653 * step / math.sqrt(3)
    assert comparison.ratio == pytest.approx(1.1)
    assert comparison.interval == pytest.approx((math.exp(step - half), math.exp(step + half)), rel=1e-5)
    assert comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN
    assert comparison.finished


@pytest.mark.parametrize("planned", [3, 5, 8, 12])
@pytest.mark.parametrize("ratio", [1.0, 1.1, 0.6])
def test_intervals_hold_the_true_ratio_although_they_stop_early(ratio: float, planned: int) -> None:
    def experiment(generator: random.Random) -> Interval | None:
        return _until_finished(generator, ratio, planned).interval

    # where it stops early the other looks' share of the error is not used up, so it may be above 98 %
    assert 0.92 <= coverage(experiment, ratio, seed=planned) <= (0.98 if ratio == 1.0 else 1.0)


@pytest.mark.parametrize("planned", sorted(LOOK_ERRORS))
def test_equals_are_called_different_in_about_5_per_cent(planned: int) -> None:
    generator = random.Random(planned)
    different = sum(
        _until_finished(generator, 1.0, planned).verdict is not Verdict.NO_DIFFERENCE_SHOWN for _ in range(1000)
    )
    assert 20 <= different <= 80


def test_a_large_difference_needs_few_pairs() -> None:
    generator = random.Random(1)
    needed = [_until_finished(generator, 1.7, 10).pairs for _ in range(200)]
    assert sum(needed) / len(needed) < 4.5


def test_a_difference_is_found_in_its_direction() -> None:
    generator = random.Random(6)
    found = [_until_finished(generator, ratio, 8, noise=0.01).verdict for ratio in (1.3, 0.7)]
    assert found == [Verdict.HIGHER, Verdict.LOWER]


def test_a_narrow_interval_about_1_ends_it_with_no_difference_shown() -> None:
    comparison = compare_pairs([100, 100, 100, 100], [100.1, 99.9, 100.2, 99.8], planned_pairs=10)
    assert comparison.finished
    assert comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN


@pytest.mark.parametrize("pairs", [1, 2])
def test_before_the_third_pair_nothing_is_said_however_clear_it_looks(pairs: int) -> None:
    comparison = compare_pairs([100.0] * pairs, [200.0] * pairs, planned_pairs=5)
    assert not comparison.finished
    assert comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN
    assert (comparison.interval is None) == (pairs == 1)


def test_two_planned_pairs_end_without_a_verdict() -> None:
    comparison = compare_pairs([100, 101], [200, 205], planned_pairs=2)
    assert comparison.finished
    assert comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN


def test_pairs_that_differ_beyond_all_numbers_still_give_an_interval() -> None:
    comparison = compare_pairs([1e-300, 1e300], [1e300, 1e-300], planned_pairs=3)
    assert comparison.interval is not None
    assert all(map(math.isfinite, comparison.interval))


def test_more_looks_are_each_stricter() -> None:
    errors = [LOOK_ERRORS[planned] for planned in range(3, MOST_PAIRS + 1)]
    assert errors == sorted(errors, reverse=True)
    assert t_quantile(1 - errors[0], 2) == pytest.approx(4.303, abs=1e-3)


@given(st.lists(st.tuples(_rates, _rates), min_size=1, max_size=8))
def test_the_other_way_round_is_the_inverse(pairs: list[tuple[float, float]]) -> None:
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    one, other = compare_pairs(first, second, planned_pairs=8), compare_pairs(second, first, planned_pairs=8)
    assert one.ratio == pytest.approx(1 / other.ratio)
    assert one.finished == other.finished
    opposite = {Verdict.HIGHER: Verdict.LOWER, Verdict.LOWER: Verdict.HIGHER}
    assert one.verdict is opposite.get(other.verdict, other.verdict)


@given(st.lists(st.tuples(_rates, _rates), min_size=1, max_size=8))
def test_a_verdict_is_what_the_interval_shows(pairs: list[tuple[float, float]]) -> None:
    comparison = compare_pairs([pair[0] for pair in pairs], [pair[1] for pair in pairs], planned_pairs=12)
    if comparison.interval is not None and comparison.pairs >= 3:
        clear = not comparison.interval.holds(1.0)
        assert clear == (comparison.verdict is not Verdict.NO_DIFFERENCE_SHOWN)


@pytest.mark.parametrize(
    ("first", "second", "planned"),
    [([], [], 3), ([1.0], [1.0, 2.0], 3), ([0.0], [1.0], 3), ([1.0] * 4, [1.0] * 4, 3), ([1.0], [1.0], 13)],
)
def test_what_are_no_pairs_is_refused(first: list[float], second: list[float], planned: int) -> None:
    with pytest.raises(ValueError, match="pairs"):
        compare_pairs(first, second, planned_pairs=planned)
