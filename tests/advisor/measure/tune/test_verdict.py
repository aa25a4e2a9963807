"""Who wins a confirmation: by what was shown, and where nothing was shown, by memory."""

from __future__ import annotations

import pytest

from advisor.measure.tune.confirm import Confirmation
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.option import Option
from advisor.measure.tune.runs import Phase, Run
from advisor.measure.tune.verdict import Lost, decide
from advisor.model.shape import limited, sync
from advisor.units import MIB
from tests.advisor.measure.tune.fakes import contender

LARGE, SMALL = (
    contender(Option(shape=sync(32)), name="large"),
    contender(Option(shape=limited(3, 32)), name="small"),
)


def run(name: str, number: int, per_second: float, memory_bytes: int) -> Run:
    return Run(
        phase=Phase.CONFIRM,
        name=name,
        number=number,
        predicted_per_second=None,
        rate_per_second=None,
        throughput_per_second=per_second,
        latencies=None,
        late_share=None,
        error_share=0.0,
        memory_bytes=memory_bytes,
        cpu_seconds_per_request=None,
        settings=None,
        failure=None,
        began="",
        elapsed_seconds=1.0,
    )


def confirmation(large: list[float], small: list[float], small_mib: int = 73) -> Confirmation:
    finalists: tuple[Contender, ...] = (LARGE, SMALL)
    runs = {
        "large": tuple(run("large", number, value, 525 * MIB) for number, value in enumerate(large, 1)),
        "small": tuple(run("small", number, value, small_mib * MIB) for number, value in enumerate(small, 1)),
    }
    return Confirmation(finalists=finalists, runs=runs, planned_rounds=3, dropped=())


def test_a_lead_that_is_not_shown_buys_no_memory() -> None:
    decision = decide(confirmation([660, 700, 640], [640, 630, 650]))
    assert decision is not None
    assert decision.winner is SMALL
    outcome = decision.of("large")
    assert outcome is not None
    assert outcome.lost is Lost.COSTS_MORE


def test_a_lead_that_is_shown_wins_whatever_it_weighs() -> None:
    decision = decide(confirmation([660, 662, 661], [620, 621, 622]))
    assert decision is not None
    assert decision.winner is LARGE


def test_who_is_far_behind_does_not_win_for_want_of_runs() -> None:
    decision = decide(confirmation([660, 600], [520, 560]))
    assert decision is not None
    assert decision.winner is LARGE


@pytest.mark.parametrize(("small", "winner"), [([640, 640, 640], LARGE), ([659, 661, 660], SMALL)])
def test_of_the_same_memory_the_faster_wins_and_of_equals_the_one_with_fewer_threads(
    small: list[float], winner: Contender
) -> None:
    few = contender(Option(shape=limited(3, 32)), name="large")
    found = confirmation([660, 660, 660], small, small_mib=525)
    finalists = (few, contender(Option(shape=limited(3, 16)), name="small"))
    decision = decide(
        Confirmation(finalists=finalists, runs=found.runs, planned_rounds=found.planned_rounds, dropped=())
    )
    assert decision is not None
    assert decision.winner.name == winner.name
