"""Which of two configurations is faster: the ratio of their geometric means over interleaved pairs, and when to stop.

A pair is one restart of each, one after the other, so that a machine whose speed drifts treats both alike. To look
after every pair and stop at the first clear answer would call 11 % (of at most 5 pairs) to 18 % (of 12) of equals
different (simulated); so the interval at each look is wider, such that all looks together hold the true ratio in 95 %
(repeated confidence intervals, Jennison and Turnbull, "Interim analyses: the repeated confidence interval approach",
JRSS B 51, 1989).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.statistics.estimate import Interval
from advisor.measure.statistics.means import mean, t_interval

FEWEST_PAIRS = 3
# The error of a single look's interval, by the number of pairs that are planned, when one looks after the third and
# each later one: the 5 % quantile, over 1,000,000 simulated comparisons of equals, of the least p-value of their
# looks. Pocock's table (Jennison and Turnbull, Group Sequential Methods, 2000, table 2.1) has 0.0294, 0.0221, 0.0182
# for two to four looks at a normal distribution.
LOOK_ERRORS = {
    3: 0.05,
    4: 0.0306,
    5: 0.0228,
    6: 0.0187,
    7: 0.0162,
    8: 0.0144,
    9: 0.0130,
    10: 0.0120,
    11: 0.0112,
    12: 0.0105,
}
MOST_PAIRS = max(LOOK_ERRORS)
# A difference below 3 % is no reason to choose, so once the interval is this narrow there is nothing left to find.
NARROW = math.log(1.03)


class Verdict(enum.Enum):
    """What the pairs show about the second configuration."""

    HIGHER = "higher"
    LOWER = "lower"
    NO_DIFFERENCE_SHOWN = "no difference shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The second configuration's value as a multiple of the first's, with its 95 % interval.

    ``interval`` is None with a single pair. ``finished`` says that more pairs are not worth their time: the interval
    is clear of 1, or narrower than ± 3 %, or all planned pairs are there.
    """

    ratio: float
    interval: Interval | None
    pairs: int
    planned_pairs: int
    verdict: Verdict
    finished: bool


def compare_pairs(first: Sequence[float], second: Sequence[float], *, planned_pairs: int) -> Comparison:
    """Compare the pairs so far of the planned ones; the same positions of the two belong together.

    The values are positive, such as requests per second. Call it after each pair and stop once it is finished; before
    the third pair it never is. With fewer than 3 planned pairs it is finished at the last with no difference shown.
    Raises ValueError when the values are not such pairs, or more than 12 are planned.
    """
    if not first or len(first) != len(second) or min(*first, *second) <= 0:
        raise ValueError("a comparison takes pairs of positive values")
    if not len(first) <= planned_pairs <= MOST_PAIRS:
        raise ValueError(f"{len(first)} of {planned_pairs} pairs: at most {MOST_PAIRS} can be planned")
    logarithms = [math.log(after) - math.log(before) for before, after in zip(first, second, strict=True)]
    pairs = len(logarithms)
    bounds = None
    if pairs >= 2:
        bounds = t_interval(logarithms, 1 - LOOK_ERRORS[max(planned_pairs, FEWEST_PAIRS)])
    verdict, enough = _judge(bounds) if bounds and pairs >= FEWEST_PAIRS else (Verdict.NO_DIFFERENCE_SHOWN, False)
    return Comparison(
        ratio=math.exp(mean(logarithms)),
        interval=None if bounds is None else Interval(_exp(bounds.low), _exp(bounds.high)),
        pairs=pairs,
        planned_pairs=planned_pairs,
        verdict=verdict,
        finished=enough or pairs == planned_pairs,
    )


def _judge(bounds: Interval) -> tuple[Verdict, bool]:
    """The verdict from the interval of the ratio's logarithm, and whether the interval is enough to stop."""
    if bounds.low > 0:
        return Verdict.HIGHER, True
    if bounds.high < 0:
        return Verdict.LOWER, True
    return Verdict.NO_DIFFERENCE_SHOWN, (bounds.high - bounds.low) / 2 <= NARROW


# Two pairs far apart give bounds beyond what a double holds; no ratio of two servers is anywhere near.
_LARGEST_LOGARITHM = 700.0


def _exp(logarithm: float) -> float:
    return math.exp(min(max(logarithm, -_LARGEST_LOGARITHM), _LARGEST_LOGARITHM))
