"""Whole tunings with an executor that starts nothing and a clock that it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from advisor.load.spec import OpenLoop
from advisor.measure.tune.ledger import Contender, Ledger
from advisor.measure.tune.option import Forecast
from advisor.measure.tune.result import PRESENT, SearchEnd, TuneResult
from advisor.measure.tune.runs import Phase, Run
from advisor.measure.tune.slo import LatencyLimit
from advisor.measure.tune.space import Space
from advisor.measure.tune.timing import plans
from advisor.measure.tune.tune import Announcement, Question, tune
from advisor.measure.tune.verdict import Lost
from advisor.model.shape import limited
from advisor.units import MIB
from gunicorn_conf.errors import ServerFailed
from tests.advisor.measure.tune.fakes import (
    PLAN,
    FakeExecutor,
    contender,
    forecast,
    of_forecast,
    settings_of,
)

_CONFIRM = replace(PLAN, seconds=2.5)
_FORECASTS = tuple(
    forecast(workers, threads, min(60.0 * workers * threads, 480.0))
    for workers in (1, 2, 3, 5, 8)
    for threads in (1, 2, 4, 8, 16)
)
_RULE = next(of_forecast(one) for one in _FORECASTS if one.option.name == "5 sync")


def _truth(best: str = "2 × 8 gthread", by: float = 1.2) -> dict[str, float]:
    return {one.option.name: one.per_second * (by if one.option.name == best else 1.0) for one in _FORECASTS}


def _memory(name: str) -> int:
    return next((one.memory_bytes for one in _FORECASTS if one.option.name == name), 50 * MIB)


def _question(**changes: Any) -> Question:
    return Question(
        **{
            "space": Space(forecasts=_FORECASTS, notes=()),
            "search_plan": PLAN,
            "confirm_plan": _CONFIRM,
            "contender": of_forecast,
            "rule": _RULE,
            **changes,
        }
    )


def _tune(
    executor: FakeExecutor,
    question: Question | None = None,
    *,
    budget_seconds: float = 60.0,
    memory_bytes: int | None = None,
    recorded: tuple[Run, ...] = (),
    said: list[Announcement] | None = None,
) -> TuneResult:
    ledger = Ledger(
        executor,
        budget_seconds=budget_seconds,
        memory_bytes=memory_bytes,
        recorded=recorded,
        clock=executor.clock,
    )
    return tune(question or _question(), ledger, announce=(said if said is not None else []).append)


def _winner(result: TuneResult) -> str:
    assert result.decision is not None
    return result.decision.winner.name


@pytest.mark.parametrize("budget_seconds", [30.0, 60.0, 90.0, 180.0])
@pytest.mark.parametrize("noise", [0.0, 0.06])
def test_the_budget_is_kept_and_two_fifths_of_it_go_to_confirming(budget_seconds: float, noise: float) -> None:
    executor = FakeExecutor(truth=_truth(), noise=noise, memory_bytes=_memory)
    search_plan, confirm_plan = plans(PLAN, 0.015, budget_seconds)
    question = _question(search_plan=search_plan, confirm_plan=confirm_plan)
    result = _tune(executor, question, budget_seconds=budget_seconds)
    assert executor.now <= budget_seconds
    assert result.search_seconds + result.confirm_seconds == pytest.approx(executor.now)
    # No pair begins that would not fit, so it may be two runs less.
    assert result.confirm_seconds > 0.4 * budget_seconds - 2 * (1.9 + confirm_plan.seconds)
    assert result.search_seconds <= 0.6 * budget_seconds


def test_the_quoted_figures_are_those_of_fresh_runs_alone() -> None:
    result = _tune(FakeExecutor(truth=_truth(), outliers={0: 1.5}, memory_bytes=_memory))
    assert result.confirmation is not None
    assert result.confirmation.mean(_winner(result)) <= max(_truth().values()) * 1.001


@pytest.mark.parametrize("outlier", range(6))
def test_one_bad_run_does_not_decide(outlier: int) -> None:
    executor = FakeExecutor(truth=_truth(by=1.15), outliers={outlier: 0.6}, memory_bytes=_memory)
    assert _truth(by=1.15)[_winner(_tune(executor))] >= 0.97 * 480


def test_every_run_has_the_prediction_that_was_made_before_it() -> None:
    result = _tune(FakeExecutor(truth=_truth(), memory_bytes=_memory))
    assert all(run.predicted_per_second == result.forecast(run.name).per_second for run in result.runs)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"exited": frozenset({"1 × 8 gthread"})}, "1 worker died under the load"),
        ({"failing": {"1 × 8 gthread": 0.02}}, "4 of 200 requests failed, most of them answered with a status 5xx"),
        ({"not_starting": frozenset({"1 × 8 gthread"})}, "ModuleNotFoundError"),
        ({"memory_bytes": lambda name: 900 * MIB if name == "1 × 8 gthread" else _memory(name)}, "needed 900 MiB"),
    ],
)
def test_a_configuration_with_trouble_is_disqualified_and_shown(trouble: Mapping[str, Any], reason: str) -> None:
    executor = FakeExecutor(**{"truth": _truth("1 × 8 gthread", 2.0), "memory_bytes": _memory, **trouble})
    result = _tune(executor, memory_bytes=512 * MIB)
    failures = [run.failure for run in result.runs if run.name == "1 × 8 gthread"]
    assert len(failures) == 1
    assert failures[0] is not None
    assert reason in failures[0].text
    assert _winner(result) != "1 × 8 gthread"


def test_an_app_that_does_not_start_ends_the_tuning_soon() -> None:
    executor = FakeExecutor(truth=_truth(), not_starting=frozenset(one.option.name for one in _FORECASTS))
    with pytest.raises(ServerFailed, match="could not be started"):
        _tune(executor)
    assert len(executor.asked) == 2


def test_a_tie_goes_to_the_cheaper_in_memory() -> None:
    result = _tune(FakeExecutor(truth=_truth(by=1.0), memory_bytes=_memory))
    assert _winner(result) == "1 × 8 gthread"


def test_the_rule_is_confirmed_beside_the_others() -> None:
    result = _tune(FakeExecutor(truth=_truth(), memory_bytes=_memory))
    assert result.decision is not None
    outcome = result.decision.of("5 sync")
    assert outcome is not None
    assert outcome.lost is Lost.SLOWER
    assert result.rule == "5 sync"


def _present(shape_name: str, throughput: float) -> tuple[FakeExecutor, Question]:
    own = replace(contender(_RULE.option, name=PRESENT), option=None)  # type: ignore[arg-type]
    executor = FakeExecutor(
        truth={**_truth(), PRESENT: throughput},
        memory_bytes=_memory,
        settings={PRESENT: settings_of(limited(4, 8))},
    )
    return executor, _question(present=own)


def test_a_present_configuration_may_be_as_good() -> None:
    executor, question = _present("4 × 8", 576.0)
    result = _tune(executor, question)
    assert result.decision is not None
    assert result.decision.as_good(PRESENT)


def test_a_present_configuration_that_is_slower_is_said_to_be() -> None:
    executor, question = _present("4 × 8", 400.0)
    result = _tune(executor, question)
    assert result.decision is not None
    assert not result.decision.as_good(PRESENT)
    outcome = result.decision.of(PRESENT)
    assert outcome is not None
    assert outcome.lost is Lost.SLOWER


@pytest.mark.parametrize("interrupt_at", [0, 1, 3, 6, 9])
def test_what_was_interrupted_and_resumed_ends_as_if_it_had_not_been(interrupt_at: int) -> None:
    whole = _tune(FakeExecutor(truth=_truth(), noise=0.0, memory_bytes=_memory))
    first = _tune(FakeExecutor(truth=_truth(), interrupt_at=interrupt_at, memory_bytes=_memory))
    assert first.interrupted
    assert len(first.runs) == interrupt_at
    second = FakeExecutor(truth=_truth(), memory_bytes=_memory)
    resumed = _tune(second, recorded=first.runs)
    assert [run.key for run in resumed.runs] == [run.key for run in whole.runs]
    assert len(second.asked) == len(whole.runs) - interrupt_at
    assert _winner(resumed) == _winner(whole)


def test_a_run_that_was_kept_does_not_stand_for_one_at_another_rate() -> None:
    executor = FakeExecutor(truth=_truth(), memory_bytes=_memory)
    plan = replace(PLAN, loop=OpenLoop(rate_per_second=100.0))
    kept = Ledger(executor, budget_seconds=60.0, memory_bytes=None, clock=executor.clock).measure(
        Phase.CONFIRM, _RULE, plan
    )
    later = Ledger(executor, budget_seconds=60.0, memory_bytes=None, recorded=(kept,), clock=executor.clock)
    assert later.measure(Phase.CONFIRM, _RULE, replace(plan, loop=OpenLoop(rate_per_second=125.0))) is not kept
    same = Ledger(executor, budget_seconds=60.0, memory_bytes=None, recorded=(kept,), clock=executor.clock)
    assert same.measure(Phase.CONFIRM, _RULE, plan) is kept


def test_before_each_run_it_says_what_and_why() -> None:
    said: list[Announcement] = []
    result = _tune(FakeExecutor(truth=_truth(), memory_bytes=_memory), said=said)
    assert [one.contender.name for one in said] == [run.name for run in result.runs]
    assert all(one.suggestion is not None for one in said if one.phase is Phase.SEARCH)
    left = [one.left_seconds for one in said]
    assert left == sorted(left, reverse=True)


def test_a_small_budget_ends_the_search_for_time() -> None:
    result = _tune(FakeExecutor(truth=_truth(), memory_bytes=_memory), budget_seconds=30.0)
    assert result.search_end is SearchEnd.TIME


_LIMIT = LatencyLimit(percent=99.0, seconds=0.3, text="p99<300ms")


def _with_rates() -> tuple[Forecast, ...]:
    return tuple(replace(one, target_per_second=0.6 * one.per_second) for one in _FORECASTS)


def test_with_a_limit_of_latency_the_highest_rate_that_holds_it_is_found() -> None:
    executor = FakeExecutor(truth=_truth(by=1.0), memory_bytes=_memory, holds_below={"1 × 8 gthread": 333.0})
    question = _question(limit=_LIMIT, space=Space(forecasts=_with_rates(), notes=()))
    result = _tune(executor, question, budget_seconds=180.0)
    assert result.rate is not None
    assert result.rate.bracket.held is not None
    assert 333.0 / 1.1 < result.rate.bracket.held <= 333.0
    assert _winner(result) == "1 × 8 gthread"
    assert executor.now <= 180.0


def test_a_limit_that_no_rate_holds_ends_without_a_winner() -> None:
    nothing = {one.option.name: 0.0 for one in _FORECASTS}
    executor = FakeExecutor(truth=_truth(by=1.0), memory_bytes=_memory, holds_below=nothing)
    result = _tune(executor, _question(limit=_LIMIT, space=Space(forecasts=_with_rates(), notes=())))
    assert result.decision is None
    assert result.rate is not None
    assert result.rate.rate_per_second is None


def test_who_does_not_hold_the_rate_has_missed_it() -> None:
    holds = {"1 × 8 gthread": 333.0, "5 sync": 100.0}
    executor = FakeExecutor(truth=_truth(by=1.0), memory_bytes=_memory, holds_below=holds)
    result = _tune(
        executor, _question(limit=_LIMIT, space=Space(forecasts=_with_rates(), notes=())), budget_seconds=180.0
    )
    assert result.decision is not None
    outcome = result.decision.of("5 sync")
    assert outcome is not None
    assert outcome.lost is Lost.MISSED


def test_each_configuration_is_confirmed_once_even_if_it_is_the_rule_and_a_finalist() -> None:
    result = _tune(FakeExecutor(truth=_truth("5 sync", 2.5), memory_bytes=_memory))
    names = [one.name for one in result.finalists]
    assert len(names) == len(set(names))


def test_a_contender_is_called_as_its_option() -> None:
    one: Contender = of_forecast(_FORECASTS[1])
    assert one.name == "1 × 2 gthread"
