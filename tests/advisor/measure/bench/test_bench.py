"""The schedule of a bench: fresh starts, what is reported after each, and what an interruption leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.measure.bench.bench import Bench, bench
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from gunicorn_conf.errors import ServerFailed
from tests.advisor.measure.bench.trials import CANDIDATE, CLOSED, RUNNING, closed_trial


class FakeExecutor:
    """Gives prepared trials in turn; an exception among them is raised."""

    def __init__(self, *outcomes: Trial | BaseException) -> None:
        self.outcomes = list(outcomes)
        self.plans: list[TrialPlan] = []

    def __call__(self, candidate: Candidate, plan: TrialPlan) -> Trial:
        self.plans.append(plan)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def test_each_restart_is_one_trial_and_is_reported() -> None:
    trials = [closed_trial(rate) for rate in (480, 500, 520)]
    reported: list[Bench] = []
    done = bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(*trials), on_trial=reported.append)
    assert done.trials == tuple(trials)
    assert [len(each.trials) for each in reported] == [1, 2, 3]
    assert [each.partial for each in reported] == [True, True, False]
    assert (done.partial, done.interrupted) == (False, False)


def test_each_trial_has_a_seed_of_its_own_and_the_same_ones_the_next_time() -> None:
    execute = FakeExecutor(*[closed_trial()] * 3)
    bench(CANDIDATE, replace(CLOSED, seed=7), restarts=3, execute=execute)
    assert [plan.seed for plan in execute.plans] == [7, 8, 9]


def test_an_interruption_between_trials_keeps_those_that_are_whole() -> None:
    done = bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(closed_trial(), KeyboardInterrupt()))
    assert (len(done.trials), done.partial, done.interrupted) == (1, True, True)


def test_an_interruption_while_a_trial_is_reported_keeps_it() -> None:
    def interrupted(_: Bench) -> None:
        raise KeyboardInterrupt

    done = bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(closed_trial()), on_trial=interrupted)
    assert (len(done.trials), done.partial, done.interrupted) == (1, True, True)


def test_an_interruption_before_anything_was_measured_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(KeyboardInterrupt()))


@pytest.mark.parametrize(("seconds", "kept"), [(4.0, 2), (1.0, 1)])
def test_a_trial_cut_short_counts_beside_a_whole_one_from_half_of_its_length_on(seconds: float, kept: int) -> None:
    cut = closed_trial(seconds=seconds, interrupted=True)
    execute = FakeExecutor(closed_trial(), cut, closed_trial())
    reported: list[Bench] = []
    done = bench(CANDIDATE, CLOSED, restarts=3, execute=execute, on_trial=reported.append)
    assert (len(done.trials), done.interrupted, len(execute.outcomes)) == (kept, True, 1)
    assert reported[-1] == done


def test_a_first_trial_cut_short_is_better_than_nothing() -> None:
    done = bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(closed_trial(seconds=1.0, interrupted=True)))
    assert (len(done.trials), done.partial) == (1, True)


def test_an_interruption_that_left_no_whole_window_leaves_nothing() -> None:
    with pytest.raises(KeyboardInterrupt):
        bench(CANDIDATE, CLOSED, restarts=3, execute=FakeExecutor(closed_trial(windows=(), interrupted=True)))


def test_a_server_that_dies_ends_it_after_what_was_measured_was_reported() -> None:
    reported: list[Bench] = []
    execute = FakeExecutor(closed_trial(), ServerFailed("Gunicorn died while it served the requests"))
    with pytest.raises(ServerFailed, match="died"):
        bench(CANDIDATE, CLOSED, restarts=3, execute=execute, on_trial=reported.append)
    assert [(len(each.trials), each.partial) for each in reported] == [(1, True)]


@pytest.mark.parametrize(("candidate", "restarted"), [(CANDIDATE, True), (RUNNING, False)])
def test_a_server_that_runs_already_is_not_restarted(candidate: Candidate, restarted: bool) -> None:
    assert bench(candidate, CLOSED, restarts=1, execute=FakeExecutor(closed_trial())).restarted is restarted
