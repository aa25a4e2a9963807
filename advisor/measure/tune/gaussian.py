"""A Gaussian process over workers and threads: what measured points tell of those that were not measured.

Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1; plain Python, since there are a
dozen points and some hundred places to ask about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """Where an option lies. Options of another group share less with it."""

    log2_workers: float
    log2_threads: float
    group: str


class Belief(NamedTuple):
    """A mean with its standard deviation."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """How much two places have in common, as standard deviations: what all share, what a group shares, local misfit.

    The local part is a squared exponential with ``length`` in doublings of workers or threads. ``own`` is what a place
    shares with none.
    """

    shared: float
    group: float
    local: float
    length: float
    own: float = 0.0

    def __call__(self, one: Place, other: Place) -> float:
        """The covariance."""
        common = self.shared**2
        if one.group == other.group:
            common += self.group**2
        distance = (one.log2_workers - other.log2_workers) ** 2 + (one.log2_threads - other.log2_threads) ** 2
        if one == other:
            common += self.own**2
        return common + self.local**2 * math.exp(-distance / (2 * self.length**2))


class Process:
    """The process with some points measured; ``noises`` are their standard deviations."""

    def __init__(
        self,
        places: Sequence[Place],
        values: Sequence[float],
        noises: Sequence[float],
        kernel: Callable[[Place, Place], float],
    ) -> None:
        self._places = places
        self._kernel = kernel
        covariance = [
            [kernel(one, other) + (noises[row] ** 2 if row == column else 0.0) for column, other in enumerate(places)]
            for row, one in enumerate(places)
        ]
        self._factor = cholesky(covariance)
        self._weights = _solve_transposed(self._factor, _solve(self._factor, values))

    def at(self, place: Place) -> Belief:
        """What is believed of a place, without the noise of a measurement."""
        shared = [self._kernel(place, known) for known in self._places]
        mean = math.fsum(part * weight for part, weight in zip(shared, self._weights, strict=True))
        explained = _solve(self._factor, shared)
        variance = self._kernel(place, place) - math.fsum(part * part for part in explained)
        return Belief(mean, math.sqrt(max(variance, 0.0)))


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower triangle L with L·Lᵀ = matrix. Raises ValueError when the matrix is not positive definite."""
    factor: list[list[float]] = []
    for row, values in enumerate(matrix):
        new: list[float] = []
        for column in range(row + 1):
            above = new if column == row else factor[column]
            rest = values[column] - math.fsum(new[k] * above[k] for k in range(column))
            if column < row:
                new.append(rest / factor[column][column])
            elif rest <= 0:
                raise ValueError("the matrix is not positive definite")
            else:
                new.append(math.sqrt(rest))
        factor.append(new)
    return factor


def expected_improvement(belief: Belief, best: float) -> float:
    """By how much a place is expected to exceed ``best``, counting what falls short of it as nothing.

    Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", 1998, equation 15.
    """
    gain, deviation = belief.mean - best, belief.deviation
    if deviation <= 0:
        return max(gain, 0.0)
    score = gain / deviation
    density = math.exp(-score * score / 2) / math.sqrt(2 * math.pi)
    return gain * 0.5 * math.erfc(-score / math.sqrt(2)) + deviation * density


def _solve(factor: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """The x with L·x = values."""
    found: list[float] = []
    for row, value in enumerate(values):
        found.append((value - math.fsum(factor[row][k] * found[k] for k in range(row))) / factor[row][row])
    return found


def _solve_transposed(factor: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """The x with Lᵀ·x = values."""
    size = len(values)
    found = [0.0] * size
    for row in range(size - 1, -1, -1):
        rest = values[row] - math.fsum(factor[k][row] * found[k] for k in range(row + 1, size))
        found[row] = rest / factor[row][row]
    return found
