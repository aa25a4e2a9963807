"""The block bootstrap: an interval for a mean from windows that follow one another and so resemble one another."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from advisor.measure.statistics.estimate import CONFIDENCE, Interval
from advisor.measure.statistics.student import t_quantile

# A block is a seventh of a run, and at least 4 windows. Simulated with neighbours that correlate by 0.3, the interval
# then holds the mean in 95 % for one run of 20 or of 100 windows and in 93 % for two of 20; with blocks of 4 throughout
# it is 92 % for 100, and with blocks of 3, 92 % for 20.
_BLOCKS_PER_RUN = 7
_FEWEST_WINDOWS = 4
# Below so many blocks the spread between them is hardly known: the t factor for 3 of them is already 4.3.
FEWEST_BLOCKS = 4
_FEWEST_BLOCKS_PER_RUN = 2
# With 2,000 the ends of the interval move by 2 % of its width from seed to seed.
RESAMPLES = 2000
# The t factor for infinitely many blocks, which the percentiles of the resamples stand for.
_NORMAL = t_quantile(CONFIDENCE, 1_000_000)


def bootstrap_mean(runs: Sequence[Sequence[float]], *, resamples: int = RESAMPLES, seed: int = 0) -> Interval | None:
    """The 95 % interval for the mean over runs of their means, covering the variation within runs only.

    Blocks of windows in a row are drawn from each run, which is closed to a circle, and never across two runs (Politis
    and Romano's circular block bootstrap, 1992). The percentiles of the resamples' means are moved away from the mean,
    as few blocks make them vary too little and are few to learn the spread from (Hesterberg, "What Teachers Should
    Know About the Bootstrap", 2015, section 5.3). None when there are fewer than four blocks, or two in a run.
    """
    if not runs:
        return None
    block = max(_FEWEST_WINDOWS, round(sum(map(len, runs)) / len(runs) / _BLOCKS_PER_RUN))
    drawn = [len(run) // block for run in runs]
    if sum(drawn) < FEWEST_BLOCKS or min(drawn) < _FEWEST_BLOCKS_PER_RUN:
        return None
    generator = random.Random(seed)
    sums = [_block_sums(run, block) for run in runs]
    means = sorted(
        math.fsum(
            math.fsum(generator.choices(of_run, k=number)) / (number * block)
            for of_run, number in zip(sums, drawn, strict=True)
        )
        / len(runs)
        for _ in range(resamples)
    )
    cut = int((1 - CONFIDENCE) / 2 * resamples)
    middle = math.fsum(math.fsum(run) / len(run) for run in runs) / len(runs)
    # Each run has its own mean, which takes one degree of freedom; the run with the fewest blocks weighs most.
    least = min(drawn)
    stretch = t_quantile(CONFIDENCE, len(runs) * (least - 1)) / _NORMAL * math.sqrt(least / (least - 1))
    return Interval(middle + stretch * (means[cut] - middle), middle + stretch * (means[resamples - 1 - cut] - middle))


def _block_sums(run: Sequence[float], block: int) -> list[float]:
    """The sum of each block of neighbours, one beginning at every window."""
    circle = [*run, *run[: block - 1]]
    return [math.fsum(circle[start : start + block]) for start in range(len(run))]
