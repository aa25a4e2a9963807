"""When the growth of a worker is told at all."""

from __future__ import annotations

import pytest

from advisor.measure.profile.growth import steady_growth
from advisor.units import KIB, MIB


def steps(requests: int, each_bytes: int, looks: int = 6) -> list[tuple[int, int]]:
    """A worker that grows with each request, looked at so many times."""
    served = [requests * number // (looks - 1) for number in range(looks)]
    return [(number, number * each_bytes) for number in served]


@pytest.mark.parametrize(
    ("requests", "each_bytes", "known"),
    [
        (19, 10 * MIB, False),
        (72, round(2.3 * KIB), False),  # what an interpreter takes for itself
        (72, MIB, True),
        (199, 2 * KIB, False),
        (200, 2 * KIB, True),
    ],
)
def test_few_requests_show_growth_only_where_it_is_plain(requests: int, each_bytes: int, known: bool) -> None:
    found = steady_growth(steps(requests, each_bytes))
    assert found == (pytest.approx(each_bytes) if known else None)


def test_enough_requests_without_growth_show_none() -> None:
    assert steady_growth(steps(1000, 0)) == 0


def test_without_any_request_nothing_is_known() -> None:
    assert steady_growth([(0, 0)]) is None
