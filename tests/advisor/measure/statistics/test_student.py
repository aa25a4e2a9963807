"""The t distribution against its closed forms and the printed tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.student import t_quantile, within


@given(st.floats(0, 1e6))
def test_one_degree_is_the_cauchy_distribution(t: float) -> None:
    assert within(t, 1) == pytest.approx(2 / math.pi * math.atan(t))


@given(st.floats(0, 1e3))
def test_two_degrees_have_a_closed_form(t: float) -> None:
    assert within(t, 2) == pytest.approx(t / math.sqrt(2 + t * t))


@pytest.mark.parametrize(
    ("confidence", "degrees", "expected"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
        (0.95, 1, 12.706),
        (0.95, 2, 4.303),
        (0.95, 3, 3.182),
        (0.95, 4, 2.776),
        (0.95, 9, 2.262),
        (0.95, 30, 2.042),
        (0.95, 100, 1.984),
        (0.99, 2, 9.925),
        (0.99, 7, 3.499),
        (0.90, 5, 2.015),
    ],
)
def test_quantiles_are_those_of_the_tables(confidence: float, degrees: int, expected: float) -> None:
    assert t_quantile(confidence, degrees) == pytest.approx(expected, abs=0.0006)


def test_many_degrees_come_to_the_normal_distribution() -> None:
    assert t_quantile(0.95, 1_000_000) == pytest.approx(1.96, abs=0.003)
    assert within(1.96, 1_000_000) == pytest.approx(0.95, abs=0.0001)


@given(st.floats(0.01, 0.999), st.integers(1, 300))
def test_the_quantile_is_the_inverse(confidence: float, degrees: int) -> None:
    assert within(t_quantile(confidence, degrees), degrees) == pytest.approx(confidence)


@given(st.floats(0.5, 0.999), st.integers(1, 200))
def test_fewer_degrees_are_never_narrower(confidence: float, degrees: int) -> None:
    assert t_quantile(confidence, degrees) > t_quantile(confidence, degrees + 1)


@pytest.mark.parametrize("confidence", [0, 1, -1, math.nan])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_quantile(confidence, 3)


def test_no_degrees_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        within(1, 0)
