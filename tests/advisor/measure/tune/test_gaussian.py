"""The Gaussian process against closed forms."""

from __future__ import annotations

import math

import pytest

from advisor.measure.tune.gaussian import Belief, Kernel, Place, Process, cholesky, expected_improvement

_KERNEL = Kernel(shared=0.0, group=0.0, local=0.1, length=1.0)
_HERE, _NEAR, _FAR = Place(0.0, 0.0, "sync"), Place(1.0, 0.0, "sync"), Place(9.0, 9.0, "sync")


def test_a_factor_times_its_transpose_is_the_matrix() -> None:
    matrix = [[4.0, 2.0, 0.6], [2.0, 5.0, 1.0], [0.6, 1.0, 3.0]]
    factor = cholesky(matrix)
    for row in range(3):
        for column in range(3):
            product = sum(factor[row][k] * factor[column][k] for k in range(min(row, column) + 1))
            assert product == pytest.approx(matrix[row][column])


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        cholesky([[1.0, 2.0], [2.0, 1.0]])


def test_one_point_gives_the_normal_posterior() -> None:
    belief = Process([_HERE], [0.2], [0.05], _KERNEL).at(_HERE)
    assert belief.mean == pytest.approx(0.2 * 0.01 / (0.01 + 0.0025))
    assert belief.deviation == pytest.approx(math.sqrt(0.01 - 0.01**2 / (0.01 + 0.0025)))


def test_two_points_give_the_solution_of_the_two_equations() -> None:
    shared = 0.01 * math.exp(-0.5)
    noise = 0.03**2
    determinant = (0.01 + noise) ** 2 - shared**2
    weights = [
        ((0.01 + noise) * 0.1 - shared * -0.1) / determinant,
        ((0.01 + noise) * -0.1 - shared * 0.1) / determinant,
    ]
    belief = Process([_HERE, _NEAR], [0.1, -0.1], [0.03, 0.03], _KERNEL).at(_HERE)
    assert belief.mean == pytest.approx(0.01 * weights[0] + shared * weights[1])


def test_far_from_every_point_nothing_is_learnt() -> None:
    belief = Process([_HERE], [0.5], [0.01], _KERNEL).at(_FAR)
    assert belief.mean == pytest.approx(0.0, abs=1e-9)
    assert belief.deviation == pytest.approx(0.1)


def test_what_all_share_is_learnt_from_any_point() -> None:
    kernel = Kernel(shared=0.5, group=0.0, local=0.01, length=1.0)
    belief = Process([_HERE], [0.3], [0.01], kernel).at(Place(9.0, 9.0, "gthread"))
    assert belief.mean == pytest.approx(0.3, rel=0.01)


def test_a_group_shares_more_with_itself_than_with_another() -> None:
    kernel = Kernel(shared=0.1, group=0.2, local=0.0, length=1.0)
    process = Process([_HERE], [0.3], [0.01], kernel)
    assert process.at(_FAR).mean > process.at(Place(9.0, 9.0, "gthread")).mean


def test_without_points_the_belief_is_the_prior() -> None:
    assert Process([], [], [], _KERNEL).at(_HERE) == Belief(0.0, pytest.approx(0.1))


def test_expected_improvement_at_the_best_itself_is_the_deviation_over_the_root_of_two_pi() -> None:
    assert expected_improvement(Belief(1.0, 0.2), 1.0) == pytest.approx(0.2 / math.sqrt(2 * math.pi))


@pytest.mark.parametrize(("mean", "gain"), [(1.5, 0.5), (0.5, 0.0)])
def test_without_doubt_the_improvement_is_what_exceeds_the_best(mean: float, gain: float) -> None:
    assert expected_improvement(Belief(mean, 0.0), 1.0) == pytest.approx(gain)


def test_expected_improvement_is_the_mean_of_the_positive_part() -> None:
    belief, best, steps = Belief(0.9, 0.3), 1.0, 20_000
    total = 0.0
    for step in range(-steps, steps):
        x = step / steps * 8
        total += max(belief.mean + belief.deviation * x - best, 0.0) * math.exp(-x * x / 2) * 8 / steps
    assert expected_improvement(belief, best) == pytest.approx(total / math.sqrt(2 * math.pi), rel=1e-4)
