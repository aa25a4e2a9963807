"""The schedule of a comparison: who is measured when, when it ends, and what becomes of those that fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.compare import compare, failures_text, order_of_round
from advisor.measure.bench.compare_result import CompareResult, Phase
from advisor.measure.bench.compare_time import MOST_LATENCY_SECONDS, Step, seconds_beforehand
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.measure.statistics.comparison import Verdict
from gunicorn_conf.errors import BadInput, DoesNotFit, ServerFailed
from tests.advisor.measure.bench.contenders import (
    PLAN,
    Behaviour,
    FakeExecutor,
    candidates,
    cut_short,
    make_trial,
    raising,
)


def _noisy(rate: float, seed: int) -> Behaviour:
    """About this rate, and so unsteady from start to start that no interval comes to be clear."""
    generator = random.Random(seed)
    return Behaviour(rates=[rate * generator.uniform(0.6, 1.6) for _ in range(12)])


def _no_start(log: str = "") -> ServerFailed:
    return ServerFailed("Gunicorn did not start", why="it ended before it was ready", log=log)


def test_two_are_measured_in_turns_and_neither_is_always_first() -> None:
    execute = FakeExecutor(behaviours={"A": _noisy(100, 1), "B": _noisy(100, 2)})
    result = compare(candidates("AB"), PLAN, rounds=5, execute=execute, latency=False)
    assert execute.names() == "ABBABAABAB"
    assert (result.rounds, result.finished, result.interrupted) == (5, True, False)


def test_a_round_is_made_when_all_have_been_measured_in_it() -> None:
    rounds: list[int] = []
    execute = FakeExecutor(behaviours={"A": Behaviour(rates=[500]), "B": Behaviour(rates=[500])})
    compare(
        *(candidates("AB"), PLAN),
        rounds=3,
        latency=False,
        execute=execute,
        on_trial=lambda so_far: rounds.append(so_far.rounds),
    )
    assert rounds == [0, 1, 1, 2, 2, 3]


def test_three_come_in_all_six_orders() -> None:
    assert {order_of_round("ABC", number) for number in range(6)} == {
        ("A", "B", "C"),
        ("A", "C", "B"),
        ("B", "A", "C"),
        ("B", "C", "A"),
        ("C", "A", "B"),
        ("C", "B", "A"),
    }


@given(st.integers(2, 8), st.integers(0, 50))
def test_every_round_measures_each_once(number: int, turn: int) -> None:
    names = "ABCDEFGH"[:number]
    assert sorted(order_of_round(names, turn)) == list(names)


@given(st.integers(2, 8))
def test_over_twice_as_many_rounds_as_there_are_each_is_first_twice(number: int) -> None:
    names = "ABCDEFGH"[:number]
    first = [order_of_round(names, turn)[0] for turn in range(2 * number)]
    assert sorted(first) == sorted(names * 2)


def test_a_steady_slowdown_of_the_machine_favours_neither() -> None:
    speed = iter([1000 * 0.97**step for step in range(24)])

    def execute(candidate: Candidate, plan: TrialPlan) -> Trial:
        return make_trial(candidate.name, plan, Behaviour(rates=()), next(speed))

    result = compare(candidates("AB"), PLAN, rounds=12, execute=execute, latency=False)
    (pairing,) = result.pairings
    assert pairing.comparison.ratio == pytest.approx(1.0, abs=0.02)
    assert pairing.comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN


def test_it_ends_after_three_rounds_when_the_difference_is_clear() -> None:
    execute = FakeExecutor(behaviours={"A": Behaviour(rates=[100, 101, 99]), "B": Behaviour(rates=[200, 203, 199])})
    result = compare(candidates("AB"), PLAN, rounds=5, execute=execute, latency=False)
    assert execute.names() == "ABBABA"
    (pairing,) = result.pairings
    assert (pairing.first, pairing.second, pairing.comparison.verdict) == ("A", "B", Verdict.HIGHER)
    assert pairing.comparison.ratio == pytest.approx(2.0, rel=0.01)


def test_it_goes_on_while_any_comparison_is_open() -> None:
    behaviours = {"A": Behaviour(rates=[100, 101, 99]), "B": Behaviour(rates=[200, 202, 199]), "C": _noisy(150, 3)}
    result = compare(candidates("ABC"), PLAN, rounds=6, execute=FakeExecutor(behaviours=behaviours), latency=False)
    assert result.rounds == 6


def test_the_two_fastest_are_compared_too() -> None:
    behaviours = {
        "A": Behaviour(rates=[100, 101, 99]),
        "B": Behaviour(rates=[200, 203, 199]),
        "C": Behaviour(rates=[300, 302, 297]),
    }
    result = compare(candidates("ABC"), PLAN, rounds=5, execute=FakeExecutor(behaviours=behaviours), latency=False)
    assert [(one.first, one.second) for one in result.pairings] == [("A", "B"), ("A", "C")]
    assert result.best_two is not None
    assert (result.best_two.first, result.best_two.second) == ("B", "C")
    assert result.best_two.comparison.ratio == pytest.approx(1.5, rel=0.02)
    assert result.top == result.best_two


def test_when_the_first_one_leads_it_is_shown_beside_the_next() -> None:
    behaviours = {
        "A": Behaviour(rates=[300, 302, 297]),
        "B": Behaviour(rates=[100, 101, 99]),
        "C": Behaviour(rates=[200, 203, 199]),
    }
    result = compare(candidates("ABC"), PLAN, rounds=5, execute=FakeExecutor(behaviours=behaviours), latency=False)
    assert result.best_two is None
    assert result.top is not None
    assert (result.top.first, result.top.second) == ("C", "A")
    assert result.top.comparison.verdict is Verdict.HIGHER
    assert result.top.comparison.interval is not None
    assert result.top.comparison.interval.low < 1.5 < result.top.comparison.interval.high


def test_all_starts_of_a_round_have_the_same_seed_and_rounds_differ() -> None:
    execute = FakeExecutor(behaviours={"A": _noisy(100, 1), "B": _noisy(100, 2)})
    compare(candidates("AB"), replace(PLAN, seed=7), rounds=3, execute=execute, latency=False)
    assert [plan.seed for _, plan in execute.calls] == [7, 7, 8, 8, 9, 9]


def test_latencies_are_of_all_at_seven_tenths_of_the_least_capacity() -> None:
    behaviours = {"A": Behaviour(rates=[100, 101, 99]), "B": Behaviour(rates=[200, 203, 199])}
    execute = FakeExecutor(behaviours=behaviours)
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    plans = [plan for _, plan in execute.calls if isinstance(plan.loop, OpenLoop)]
    assert execute.names(OpenLoop) == "ABBA"
    (rate,) = {plan.loop.rate_per_second for plan in plans if isinstance(plan.loop, OpenLoop)}
    assert rate == pytest.approx(70)
    assert [plan.seed for plan in plans] == [0, 0, 1, 1]
    (seconds,) = {plan.seconds for plan in plans}
    assert seconds * 70 * 2 >= 1000
    assert [len(one.latency_trials) for one in result.contenders] == [2, 2]
    assert result.latency_plan == plans[0]


def test_a_slow_configuration_is_not_measured_for_ever() -> None:
    behaviours = {"A": Behaviour(rates=[2, 2.2, 1.8]), "B": Behaviour(rates=[200, 203, 199])}
    execute = FakeExecutor(behaviours=behaviours)
    compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    assert {plan.seconds for _, plan in execute.calls if isinstance(plan.loop, OpenLoop)} == {MOST_LATENCY_SECONDS}


def test_a_rate_that_cannot_be_sent_leaves_the_throughput() -> None:
    refused = DoesNotFit("3 requests/s do not fit the limit of open files", why="8 are allowed")
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100]), "B": Behaviour(rates=[200, 203, 199])},
        instead={("A", OpenLoop, 0): raising(refused)},
    )
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    assert result.finished
    assert result.latency_why_not == "3 requests/s do not fit the limit of open files: 8 are allowed"
    assert result.pairings[0].comparison.verdict is Verdict.HIGHER


def test_one_that_does_not_start_is_kept_and_the_others_go_on() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100, 99]), "B": Behaviour(rates=[1]), "C": Behaviour(rates=[200, 203])},
        instead={("B", ClosedLoop, 0): raising(_no_start("no such class"))},
    )
    result = compare(candidates("ABC"), PLAN, rounds=3, execute=execute, latency=False)
    assert execute.names() == "ABCCACA"
    failure = result.contender("B").failure
    assert failure is not None
    assert failure.what == "Gunicorn did not start: it ended before it was ready"
    assert (failure.phase, failure.log) == (Phase.SATURATION, "no such class")
    assert [one.second for one in result.pairings] == ["C"]


def test_one_that_dies_later_is_compared_no_longer() -> None:
    execute = FakeExecutor(
        behaviours={"A": _noisy(100, 1), "B": _noisy(100, 2), "C": _noisy(100, 3)},
        instead={("B", ClosedLoop, 2): raising(ServerFailed("Gunicorn died while it served the requests"))},
    )
    result = compare(candidates("ABC"), PLAN, rounds=4, execute=execute, latency=False)
    assert len(result.contender("B").trials) == 2
    assert [one.second for one in result.pairings] == ["C"]
    assert result.rounds == 4


def test_when_the_first_one_fails_the_next_takes_its_place() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[1]), "B": Behaviour(rates=[100, 99]), "C": Behaviour(rates=[200, 203])},
        instead={("A", ClosedLoop, 0): raising(_no_start())},
    )
    result = compare(candidates("ABC"), PLAN, rounds=3, execute=execute, latency=False)
    assert result.baseline is not None
    assert result.baseline.name == "B"
    assert [(one.first, one.second) for one in result.pairings] == [("B", "C")]


def test_when_only_one_is_left_it_ends() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100]), "B": Behaviour(rates=[1])},
        instead={("B", ClosedLoop, 0): raising(_no_start())},
    )
    result = compare(candidates("AB"), PLAN, rounds=5, execute=execute)
    assert [name for name, _ in execute.calls] == ["A", "B"]
    assert (result.pairings, result.top, result.finished) == ((), None, True)
    assert result.latency_why_not


def test_when_none_starts_the_first_reason_is_the_error() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[1]), "B": Behaviour(rates=[1])},
        instead={
            ("A", ClosedLoop, 0): raising(_no_start("first")),
            ("B", ClosedLoop, 0): raising(_no_start("second")),
        },
    )
    with pytest.raises(ServerFailed) as caught:
        compare(candidates("AB"), PLAN, execute=execute)
    assert caught.value.log == "first"


def test_one_that_answers_errors_is_marked_and_not_compared() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100, 101, 99]), "B": Behaviour(rates=[900], failing=0.5)},
    )
    result = compare(candidates("AB"), PLAN, execute=execute)
    failure = result.contender("B").failure
    assert failure is not None
    assert failure.what == "50 % of its requests failed (status 500)"
    assert not result.contender("B").comparable
    assert len(result.contender("B").trials) == 1
    assert result.pairings == ()


def test_single_failures_do_not_count() -> None:
    trial = make_trial("A", PLAN, Behaviour(rates=(), failing=0.01), 200)
    assert trial.samples.statuses()[500] == 10
    assert failures_text(trial) == ""


def test_nothing_answered_is_a_failure() -> None:
    trial = replace(make_trial("A", PLAN, Behaviour(rates=()), 0.1), answered=0)
    assert failures_text(trial) == "nothing was answered within 5 s"


def test_a_failure_at_the_open_loop_leaves_the_throughput() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100, 101, 99]), "B": Behaviour(rates=[200, 203, 199])},
        instead={("B", OpenLoop, 0): raising(_no_start())},
    )
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    assert execute.names(OpenLoop) == "ABA"
    assert result.contender("B").comparable
    assert result.pairings[0].comparison.verdict is Verdict.HIGHER
    failure = result.contender("B").failure
    assert failure is not None
    assert failure.phase is Phase.LATENCY


def test_different_apps_are_refused_as_soon_as_they_are_seen() -> None:
    execute = FakeExecutor(behaviours={"A": Behaviour(rates=[100]), "B": Behaviour(rates=[200], app="shop:app")})
    with pytest.raises(BadInput, match="different apps") as caught:
        compare(candidates("AB"), PLAN, execute=execute)
    assert caught.value.why == "A serves sample_app:app, B serves shop:app"
    assert len(execute.calls) == 2


def test_an_interruption_keeps_what_was_measured_before_it() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100]), "B": Behaviour(rates=[200, 203, 199])},
        instead={("A", ClosedLoop, 1): cut_short},
    )
    result = compare(candidates("AB"), PLAN, rounds=5, execute=execute)
    assert execute.names() == "ABBA"
    assert (result.interrupted, result.finished, result.rounds) == (True, False, 1)
    assert result.pairings[0].comparison.pairs == 1
    assert execute.names(OpenLoop) == ""


def test_an_interruption_that_is_raised_keeps_it_too() -> None:
    execute = FakeExecutor(
        behaviours={"A": Behaviour(rates=[100]), "B": Behaviour(rates=[200, 203, 199])},
        instead={("B", OpenLoop, 0): raising(KeyboardInterrupt())},
    )
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    assert (result.interrupted, result.rounds) == (True, 3)
    assert result.pairings[0].comparison.verdict is Verdict.HIGHER


@pytest.mark.parametrize("end", [cut_short, raising(KeyboardInterrupt())])
def test_an_interruption_of_the_first_trial_leaves_nothing_to_show(end: Callable[[Trial], Trial]) -> None:
    execute = FakeExecutor(behaviours={"A": Behaviour(rates=[100])}, instead={("A", ClosedLoop, 0): end})
    with pytest.raises(KeyboardInterrupt):
        compare(candidates("AB"), PLAN, execute=execute)


def test_each_trial_is_told_beforehand_and_the_time_left_goes_down() -> None:
    steps: list[Step] = []
    results: list[CompareResult] = []
    execute = FakeExecutor(behaviours={"A": _noisy(100, 1), "B": _noisy(100, 2)})
    compare(candidates("AB"), PLAN, rounds=4, execute=execute, on_step=steps.append, on_trial=results.append)
    at_saturation = [step for step in steps if step.phase is Phase.SATURATION]
    assert [(step.name, step.round, step.rounds) for step in at_saturation[:3]] == [
        ("A", 1, 4),
        ("B", 1, 4),
        ("B", 2, 4),
    ]
    assert [(step.name, step.round, step.rounds) for step in steps[len(at_saturation) :]] == [
        ("A", 1, 2),
        ("B", 1, 2),
        ("B", 2, 2),
        ("A", 2, 2),
    ]
    left = [step.seconds_left for step in steps[len(at_saturation) - 1 :]]
    assert left == sorted(left, reverse=True)
    assert len(results) == len(steps)
    assert not any(result.finished for result in results)


def test_the_time_is_estimated_from_the_fewest_to_the_most_rounds() -> None:
    least, most = seconds_beforehand(PLAN, candidates=2, rounds=5, latency=False)
    assert most / least == pytest.approx(5 / 3)
    assert seconds_beforehand(PLAN, candidates=4, rounds=5, latency=False) == pytest.approx((2 * least, 2 * most))
    longer = seconds_beforehand(PLAN, candidates=2, rounds=5, latency=True)
    assert longer[0] > least
    assert longer[1] > most
