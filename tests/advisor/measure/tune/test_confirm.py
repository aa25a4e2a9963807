"""Rounds of confirming, with an executor that starts nothing."""

from __future__ import annotations

import itertools

import pytest

from advisor.measure.tune.confirm import Confirmation, confirm
from advisor.measure.tune.ledger import Contender, Ledger
from advisor.measure.tune.option import Option
from advisor.model.shape import limited, sync
from tests.advisor.measure.tune.fakes import PLAN, START_SECONDS, FakeExecutor, contender

RUN_SECONDS = START_SECONDS + PLAN.warm_up_seconds + PLAN.seconds
BEST, NEAR, RULE = (
    contender(Option(shape=shape), name=name)
    for shape, name in ((limited(2, 8), "best"), (limited(1, 8), "near"), (sync(5), "rule"))
)


def confirmed(executor: FakeExecutor, *finalists: Contender, runs: int) -> Confirmation:
    """What comes of a budget for so many runs."""
    ledger = Ledger(executor, budget_seconds=(runs + 0.1) * RUN_SECONDS, memory_bytes=None, clock=executor.clock)
    return confirm(finalists, PLAN, ledger, on_run=lambda *_: None)


def unsteady_near() -> FakeExecutor:
    """``near`` cannot be told from ``best``; of ``rule`` it is clear from the third round on that it is slower."""
    near = itertools.cycle([95.0, 106.0])
    return FakeExecutor(truth=lambda name: {"best": 100.0, "rule": 90.0}.get(name) or next(near))


@pytest.mark.parametrize("runs", range(6, 25))
@pytest.mark.parametrize("finalists", [(BEST, NEAR), (BEST, NEAR, RULE)])
def test_every_run_of_the_first_finalist_is_paired_with_one_of_another(
    finalists: tuple[Contender, ...], runs: int
) -> None:
    found = confirmed(unsteady_near(), *finalists, runs=runs)
    first, *others = (len(found.runs[one.name]) for one in finalists)
    assert first == max(others)
    assert min(others) >= 1


@pytest.mark.parametrize(("runs", "counts"), [(9, (3, 3, 3)), (10, (3, 3, 3)), (11, (4, 4, 3)), (12, (4, 4, 4))])
def test_what_is_left_after_whole_rounds_goes_to_the_pair_that_is_open_or_is_left(
    runs: int, counts: tuple[int, int, int]
) -> None:
    found = confirmed(unsteady_near(), BEST, NEAR, RULE, runs=runs)
    assert tuple(len(found.runs[name]) for name in ("best", "near", "rule")) == counts


def test_where_all_is_clear_nothing_more_is_run() -> None:
    steady = FakeExecutor(truth={"best": 100.0, "near": 94.0, "rule": 90.0})
    found = confirmed(steady, BEST, NEAR, RULE, runs=20)
    assert [len(runs) for runs in found.runs.values()] == [3, 3, 3]
