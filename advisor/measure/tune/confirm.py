"""Confirms on fresh runs: the finalists take turns, restart after restart, until it is clear or the time is up.

The best of several noisy runs looks better than it is (the winner's curse), so nothing that the search measured is
quoted: only what is measured here.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.measure.bench.trial import TrialPlan
from advisor.measure.statistics.comparison import FEWEST_PAIRS, Comparison, compare_pairs
from advisor.measure.tune.ledger import Contender, Ledger
from advisor.measure.tune.runs import Phase, Run

# More rounds than this narrow the interval by less than a tenth each.
MOST_ROUNDS = 8
# A finalist so far below the leader in two rounds out of two is not worth the time of a third.
HOPELESS = 0.85
# Nor that of a second one, when it was predicted to be far below too, and its first run was this far below.
_AS_PREDICTED = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The fresh runs of each finalist, in rounds; the first finalist is the one that the others are compared with.

    ``planned_rounds`` were fixed beforehand. ``dropped`` names finalists that were not run to the end, since they were
    far behind. Runs at the same position belong to the same round.
    """

    finalists: tuple[Contender, ...]
    runs: dict[str, tuple[Run, ...]]
    planned_rounds: int
    dropped: tuple[str, ...]

    def throughputs(self, name: str) -> tuple[float, ...]:
        """Requests per second in each round, until the finalist failed or was dropped."""
        return tuple(run.throughput_per_second for run in self.runs[name] if run.failure is None)

    def failed(self, name: str) -> Run | None:
        """The run that disqualified a finalist, if one did."""
        return next((run for run in self.runs[name] if run.failure is not None), None)

    def mean(self, name: str) -> float:
        """The geometric mean over the rounds; 0 without one, or when it was disqualified."""
        values = self.throughputs(name)
        if not values or self.failed(name) is not None:
            return 0.0
        return statistics.geometric_mean(values)

    def memory_bytes(self, name: str) -> int | None:
        """The greatest sum of PSS in any run; None when it is not known."""
        return max((run.memory_bytes for run in self.runs[name] if run.memory_bytes is not None), default=None)


def planned_rounds(finalists: int, *, run_seconds: float, left_seconds: float) -> int:
    """How many rounds to plan, so that they fit if those far behind are dropped at once."""
    staying = min(finalists, 2)
    behind = finalists - staying
    rounds = int((left_seconds - behind * run_seconds) // (staying * run_seconds))
    return max(FEWEST_PAIRS, min(rounds, MOST_ROUNDS))


def confirm(
    finalists: Sequence[Contender],
    plan: TrialPlan,
    ledger: Ledger,
    *,
    on_run: Callable[[Contender, int, int], None],
    least_seconds: float = 0.0,
) -> Confirmation:
    """Measure the finalists in turns; who begins changes from round to round.

    It ends early once it is clear, but not before ``least_seconds``, which narrow the interval of what is quoted.

    ``on_run`` hears of each run before it begins: which finalist, in which round, of how many. One round is run
    whatever it takes; afterwards no run begins that the budget does not hold, nor one that could not be paired.
    """
    rounds = planned_rounds(len(finalists), run_seconds=ledger.expected_seconds(plan), left_seconds=ledger.left_seconds)
    runs: dict[str, list[Run]] = {finalist.name: [] for finalist in finalists}
    staying = list(finalists)
    dropped: list[str] = []
    for number in range(rounds):
        fitting = int(ledger.left_seconds // ledger.expected_seconds(plan)) if number else len(staying)
        turn = _turn(staying, runs, rounds, number, fitting)
        for finalist in turn:
            if number and ledger.expected_seconds(plan) > ledger.left_seconds:
                return _confirmation(finalists, runs, rounds, dropped)
            on_run(finalist, number + 1, rounds)
            runs[finalist.name].append(ledger.measure(Phase.CONFIRM, finalist, plan))
        if len(turn) < len(staying):  # what is left is for less than a round
            break
        staying = [one for one in staying if runs[one.name][-1].failure is None]
        hopeless = _hopeless(staying, runs) if number else _as_predicted(staying, runs)
        dropped += hopeless
        staying = [one for one in staying if one.name not in hopeless]
        if not staying:
            break
        enough = sum(run.elapsed_seconds for run in ledger.of(Phase.CONFIRM)) >= least_seconds
        if number + 1 >= FEWEST_PAIRS and enough and _clear(staying, runs, rounds):
            break
    return _confirmation(finalists, runs, rounds, dropped)


def _confirmation(
    finalists: Sequence[Contender], runs: dict[str, list[Run]], rounds: int, dropped: list[str]
) -> Confirmation:
    return Confirmation(
        finalists=tuple(finalists),
        runs={name: tuple(found) for name, found in runs.items()},
        planned_rounds=rounds,
        dropped=tuple(dropped),
    )


def _turn(
    staying: Sequence[Contender], runs: dict[str, list[Run]], rounds: int, number: int, fitting: int
) -> list[Contender]:
    """Who is run in a round, in which order, when so many runs are ``fitting`` into what is left.

    Where that is less than a round, the first one that stays and those whose comparison with it is still open; nobody
    where that would be one alone, whose run could not be paired.
    """
    if fitting >= len(staying):
        shift = number % len(staying)
        return [*staying[shift:], *staying[:shift]]
    first, *others = staying
    undecided = [other for other in others if not _compared(first, other, runs, rounds).finished]
    chosen = undecided[: max(fitting - 1, 0)]
    return [first, *chosen] if chosen else []


def _hopeless(staying: Sequence[Contender], runs: dict[str, list[Run]]) -> list[str]:
    """Those that were far below the leader in every round."""
    values = {one.name: [run.throughput_per_second for run in runs[one.name]] for one in staying}
    leader = max(values.values(), key=statistics.geometric_mean, default=[])
    return [
        name
        for name, found in values.items()
        if all(value < HOPELESS * best for value, best in zip(found, leader, strict=True))
    ]


def _as_predicted(staying: Sequence[Contender], runs: dict[str, list[Run]]) -> list[str]:
    """Those that were predicted to be far below the leader, and were so in the first round."""
    if not staying:
        return []
    leader = max(staying, key=lambda one: runs[one.name][0].throughput_per_second)
    best, predicted = runs[leader.name][0].throughput_per_second, leader.predicted_per_second
    return [
        one.name
        for one in staying
        if runs[one.name][0].throughput_per_second < _AS_PREDICTED * best
        and predicted is not None
        and one.predicted_per_second is not None
        and one.predicted_per_second < HOPELESS * predicted
    ]


def _clear(staying: Sequence[Contender], runs: dict[str, list[Run]], rounds: int) -> bool:
    """Whether more rounds would teach nothing: each comparison with the first one that stays is finished."""
    first, *others = staying
    return all(_compared(first, other, runs, rounds).finished for other in others)


def _compared(first: Contender, other: Contender, runs: dict[str, list[Run]], rounds: int) -> Comparison:
    """The other beside the first, over the rounds so far; both were run in each."""
    before, after = ([run.throughput_per_second for run in runs[one.name]] for one in (first, other))
    return compare_pairs(before, after, planned_pairs=rounds)
