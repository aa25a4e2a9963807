"""How processes that want the same cores slow each other."""

from __future__ import annotations

import pytest

from advisor.model.cores import slowdown


def test_a_process_with_a_core_of_its_own_is_not_slowed() -> None:
    assert slowdown(1, 1.0, 1.0, 2.0) == 1.0


def test_those_that_always_want_a_core_share_them_equally() -> None:
    assert slowdown(6, 1.0, 0.0, 2.0) == 3.0


@pytest.mark.parametrize("wanting", [0.0, 0.01, 0.3, 0.9, 0.999, 0.99999])
@pytest.mark.parametrize("processes", [2, 40, 65, 66, 400, 2000])
def test_however_many_they_are_nobody_is_sped_up_and_nobody_waits_for_more_than_all(
    processes: int, wanting: float
) -> None:
    slow = slowdown(processes, wanting, 0.5, 2.0)
    assert 1.0 <= slow <= (processes + 1) / 2


@pytest.mark.parametrize("wanting", [0.01, 0.05, 0.2, 0.5, 0.9, 0.99])
def test_the_mean_of_many_goes_on_where_the_exact_sum_ends(wanting: float) -> None:
    assert slowdown(66, wanting, 0.3, 2.0) == pytest.approx(slowdown(65, wanting, 0.3, 2.0), rel=0.05)
