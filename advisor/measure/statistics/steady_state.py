"""Where the warm-up ends: MSER-5 on the counts per window.

White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997); batches of
five: Spratt (1998) and White, Cobb, Spratt, "A comparison of five steady-state truncation heuristics for simulation"
(Winter Simulation Conference 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.statistics.validity import drift

BATCH_WINDOWS = 5
WINDOW_SECONDS = 0.1
# 5 s of windows of 0.1 s. Chance alone makes 11 % of steady series of that length look unsteady, and 3 % of those of
# 10 s (simulated with a noise of 3 %); with fewer windows it would be more still.
FEWEST_BATCHES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyState:
    """How many windows at the beginning are warm-up.

    ``found`` is False when the series changes until its second half, when what is left after the cut drifts, or when
    there are too few windows to tell; then nothing that was measured is known to be at a steady state.
    """

    warm_up_windows: int
    found: bool


def find_steady_state(counts: Sequence[float]) -> SteadyState:
    """Cut where the mean of the rest is known best: the least sum of squares over the square of the number left.

    At most half is cut: a least value at that border means that the series still changes there. What changes later
    than that, such as a step in the second half, shows as a drift of what is left.
    """
    batches = [
        sum(counts[start : start + BATCH_WINDOWS]) / BATCH_WINDOWS
        for start in range(0, len(counts) - BATCH_WINDOWS + 1, BATCH_WINDOWS)
    ]
    if len(batches) < FEWEST_BATCHES:
        return SteadyState(warm_up_windows=0, found=False)
    border = len(batches) // 2
    best, least = border, float("inf")
    middle = squares = 0.0
    for number, batch in enumerate(reversed(batches), 1):  # backwards, so that each is taken in once (Welford)
        cut = len(batches) - number
        step = batch - middle
        middle += step / number
        squares += step * (batch - middle)
        if cut <= border and squares / number**2 <= least:  # of equal ones the earliest, which keeps the most
            best, least = cut, squares / number**2
    rest = drift(counts[best * BATCH_WINDOWS :])
    found = best < border and (rest is None or not rest.too_large)
    return SteadyState(warm_up_windows=best * BATCH_WINDOWS, found=found)
