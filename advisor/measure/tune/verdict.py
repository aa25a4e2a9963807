"""Names the winner of the confirmation, and says of each other finalist why it is not.

Ties go to the configuration that needs less memory, then to the one with fewer threads: what cannot be told apart by
its throughput is chosen by what it costs.
"""

from __future__ import annotations

import enum
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.statistics.comparison import Comparison, Verdict, compare_pairs
from advisor.measure.tune.confirm import Confirmation
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.search import CLEARLY_LESS, SAME_MEMORY, TIE
from advisor.measure.tune.slo import LatencyLimit, holds

# Threads that wait cost next to nothing, so among configurations of the same memory the faster one is taken as soon as
# it is faster by this.
_AS_FAST = 0.01
# A difference that was not shown counts for nothing up to this, where the memory differs by more than a tenth; beyond
# it the runs are too few to say anything.
_NOT_SHOWN = 0.10


class Lost(enum.Enum):
    """Why a finalist is not the winner."""

    SLOWER = "slower"
    """The pairs show it."""
    BEHIND = "behind"
    """More than 3 % lower as measured, which the pairs do not show to be more than chance."""
    COSTS_MORE = "costs more"
    """As fast, with more memory or more threads."""
    SAME = "the same"
    """As fast, as cheap."""
    MISSED = "missed"
    """It did not hold the limit of latency at the rate."""
    DISQUALIFIED = "disqualified"
    TOO_FEW = "too few runs"
    """There was no round in which both were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One finalist beside the winner: ``comparison`` is its throughput as a multiple of the winner's."""

    contender: Contender
    lost: Lost
    comparison: Comparison | None
    dropped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The winner, and the other finalists in the order of the confirmation."""

    winner: Contender
    others: tuple[Outcome, ...]

    def of(self, name: str) -> Outcome | None:
        """What became of a finalist; None for the winner."""
        return next((outcome for outcome in self.others if outcome.contender.name == name), None)

    def as_good(self, name: str) -> bool:
        """Whether a finalist is the winner, or as fast as it."""
        outcome = self.of(name)
        return name == self.winner.name or (outcome is not None and outcome.lost in (Lost.COSTS_MORE, Lost.SAME))


def decide(confirmation: Confirmation) -> Decision | None:
    """The winner; None when every finalist was disqualified."""
    alive = [one for one in confirmation.finalists if confirmation.mean(one.name) > 0]
    if not alive:
        return None
    best = max(alive, key=lambda one: confirmation.mean(one.name))
    tied = [one for one in alive if one is best or _ties(confirmation, best, one)]
    winner = _cheapest(confirmation, tied)
    others = [_outcome(confirmation, winner, one) for one in confirmation.finalists if one is not winner]
    return Decision(winner=winner, others=tuple(others))


def decide_rate(confirmation: Confirmation, limit: LatencyLimit) -> Decision | None:
    """Of those that held the limit at the rate where all were confirmed, the cheapest; None when none did."""
    holding = [one for one in confirmation.finalists if holds(confirmation.runs[one.name][0], limit)]
    if not holding:
        return None
    winner = _cheapest(confirmation, holding)
    others = []
    for one in confirmation.finalists:
        if one is winner:
            continue
        if confirmation.failed(one.name) is not None:
            lost = Lost.DISQUALIFIED
        elif one not in holding:
            lost = Lost.MISSED
        else:
            lost = _by_cost(confirmation, winner, one)
        others.append(Outcome(contender=one, lost=lost, comparison=None, dropped=False))
    return Decision(winner=winner, others=tuple(others))


def _cheapest(confirmation: Confirmation, tied: Sequence[Contender]) -> Contender:
    """The least memory; among those with about the same, the most throughput, or the fewest threads for as much."""
    least = min(tied, key=lambda one: _cost(confirmation, one))
    same = [one for one in tied if _same_memory(confirmation, least, one)]
    most = max(confirmation.mean(one.name) for one in same)
    near = [one for one in same if confirmation.mean(one.name) >= (1 - _AS_FAST) * most]
    return min(near, key=lambda one: (_threads(confirmation, one), -confirmation.mean(one.name)))


def _outcome(confirmation: Confirmation, winner: Contender, other: Contender) -> Outcome:
    comparison = _compare(confirmation, winner, other)
    return Outcome(
        contender=other,
        lost=_lost(confirmation, winner, other, comparison),
        comparison=comparison,
        dropped=other.name in confirmation.dropped,
    )


def _lost(confirmation: Confirmation, winner: Contender, other: Contender, comparison: Comparison | None) -> Lost:
    if confirmation.failed(other.name) is not None:
        return Lost.DISQUALIFIED
    if comparison is None:
        return Lost.TOO_FEW
    if not _tie(confirmation, winner, other, comparison):
        shown = comparison.verdict is Verdict.LOWER or other.name in confirmation.dropped
        return Lost.SLOWER if shown else Lost.BEHIND
    return _by_cost(confirmation, winner, other)


def _by_cost(confirmation: Confirmation, winner: Contender, other: Contender) -> Lost:
    cheaper = _cost(confirmation, winner) < _cost(confirmation, other)
    more_threads = _threads(confirmation, other) > _threads(confirmation, winner)
    same_memory = _same_memory(confirmation, winner, other)
    return Lost.COSTS_MORE if (cheaper and not same_memory) or (same_memory and more_threads) else Lost.SAME


def _ties(confirmation: Confirmation, best: Contender, other: Contender) -> bool:
    comparison = _compare(confirmation, best, other)
    return comparison is not None and _tie(confirmation, best, other, comparison)


def _tie(confirmation: Confirmation, one: Contender, other: Contender, comparison: Comparison) -> bool:
    """Whether the other is at most 3 % below.

    Where no difference is shown, the median of the pairs may say so as well: a single disturbed run among three moves
    their mean by several per cent. And a lead that is not shown to be one buys no memory: who needs clearly less of it
    may seem to be further behind.
    """
    if comparison.ratio >= 1 - TIE:
        return True
    if comparison.verdict is not Verdict.NO_DIFFERENCE_SHOWN or other.name in confirmation.dropped:
        return False
    cheaper = _cost(confirmation, other) < CLEARLY_LESS * _cost(confirmation, one)
    if cheaper and comparison.ratio >= 1 - _NOT_SHOWN:
        return True
    pairs = zip(confirmation.throughputs(one.name), confirmation.throughputs(other.name), strict=False)
    return statistics.median(second / first for first, second in pairs) >= 1 - TIE


def _compare(confirmation: Confirmation, one: Contender, other: Contender) -> Comparison | None:
    first, second = confirmation.throughputs(one.name), confirmation.throughputs(other.name)
    both = min(len(first), len(second), confirmation.planned_rounds)
    if not both or min(*first[:both], *second[:both]) <= 0:
        return None
    return compare_pairs(first[:both], second[:both], planned_pairs=confirmation.planned_rounds)


def _cost(confirmation: Confirmation, one: Contender) -> float:
    known = confirmation.memory_bytes(one.name)
    return float("inf") if known is None else float(known)


def _same_memory(confirmation: Confirmation, one: Contender, other: Contender) -> bool:
    first, second = _cost(confirmation, one), _cost(confirmation, other)
    return first == second or abs(first - second) <= SAME_MEMORY * statistics.fmean((first, second))


def _threads(confirmation: Confirmation, one: Contender) -> int:
    if one.option is not None:
        return one.option.threads
    return next((run.settings.threads for run in confirmation.runs[one.name] if run.settings is not None), 1)
