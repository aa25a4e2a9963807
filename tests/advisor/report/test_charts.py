"""Bars and series of characters, to scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report.charts import ASCII, BLOCKS, ChartMarks, bar, chart_marks, series
from advisor.report.figures import rate_text, scale_texts, share_text, time_text


@pytest.mark.parametrize(
    ("value", "blocks", "ascii_only"),
    [(0, "", ""), (0.001, "▏", "#"), (5, "█████", "#####"), (2.56, "██▌", "###"), (10, "██████████", "##########")],
)
def test_a_bar_is_to_scale_and_never_hides_what_is_there(value: float, blocks: str, ascii_only: str) -> None:
    assert bar(value, 10, 10, BLOCKS) == blocks
    assert bar(value, 10, 10, ASCII) == ascii_only


@given(st.floats(0, 1000), st.integers(1, 80), st.sampled_from([BLOCKS, ASCII]))
def test_a_bar_is_never_wider_than_its_room(value: float, width: int, marks: ChartMarks) -> None:
    assert len(bar(value, 1000, width, marks)) <= width


def test_a_series_is_drawn_from_zero() -> None:
    assert series([0, 50, 100], 100, 10, BLOCKS) == "▁▅█"
    assert series([100, 100], 100, 10, ASCII) == "##"
    assert series([0, 0], 0, 10, BLOCKS) == ""


@given(st.lists(st.integers(0, 500), max_size=700), st.integers(1, 100))
def test_a_long_series_fits_its_room(values: list[int], width: int) -> None:
    assert len(series(values, 500, width, BLOCKS)) <= width


def test_a_long_series_shows_means() -> None:
    assert series([0, 100, 100, 100], 100, 2, BLOCKS) == "▅█"


@pytest.mark.parametrize(
    ("encoding", "marks"), [("utf-8", BLOCKS), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII), ("none", ASCII)]
)
def test_blocks_are_used_where_the_output_has_them(encoding: str | None, marks: ChartMarks) -> None:
    assert chart_marks(encoding) is marks


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.000124, "0.124 ms"),
        (0.0124, "12.4 ms"),
        (0.1244, "124 ms"),
        (0.9999, "1.00 s"),
        (1.24, "1.24 s"),
    ],
)
def test_times_have_three_digits(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(0, "0"), (0.5, "0.500"), (9.87, "9.87"), (62.34, "62.3"), (12345.6, "12,346")]
)
def test_rates_have_three_digits(rate: float, text: str) -> None:
    assert rate_text(rate) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.0002, "0.02 %"), (0.0314, "3.1 %"), (0.42, "42 %")])
def test_shares_are_percentages(share: float, text: str) -> None:
    assert share_text(share) == text


@pytest.mark.parametrize(
    ("seconds", "texts"),
    [
        ([0.0, 0.05, 0.1], ["0 ms", "50 ms", "100 ms"]),
        ([1.05, 1.055, 1.06, 1.0812], ["1.050 s", "1.055 s", "1.060 s", "1.081 s"]),
        ([0.0205, 0.021, 0.0266], ["20.5 ms", "21.0 ms", "26.6 ms"]),
        ([0.0, 0.2, 35.0], ["0.0 s", "0.2 s", "35.0 s"]),
        ([0.5, 0.5], ["500 ms", "500 ms"]),
        ([], []),
    ],
)
def test_marks_of_a_scale_have_one_unit_and_differ(seconds: list[float], texts: list[str]) -> None:
    assert scale_texts(seconds) == texts
