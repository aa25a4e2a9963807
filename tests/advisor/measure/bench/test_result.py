"""What follows from a bench: thresholds against what was observed, and whether it is valid."""

from __future__ import annotations

import pytest

from advisor.measure.bench.bench import Bench
from advisor.measure.bench.result import BenchResult, assess
from advisor.measure.bench.trial import Candidate, GeneratorReport, RunningTarget, Trial
from advisor.measure.statistics.thresholds import Outcome, parse_threshold
from tests.advisor.measure.bench.trials import CANDIDATE, closed_trial, open_trial, overloaded_trial


def result(*trials: Trial, thresholds: tuple[str, ...] = (), candidate: Candidate = CANDIDATE) -> BenchResult:
    plan = trials[0].plan if trials else closed_trial().plan
    bench = Bench(candidate=candidate, plan=plan, restarts=3, trials=trials)
    return assess(bench, thresholds=[parse_threshold(text) for text in thresholds], cpus=2.0)


@pytest.mark.parametrize(
    ("threshold", "observed", "outcome"),
    [
        ("p50<31ms", 0.03, Outcome.KEPT),
        ("p95<40ms", 0.05, Outcome.MISSED),
        ("p97.5<=51ms", 0.05, Outcome.KEPT),
        ("max<40ms", 0.05, Outcome.MISSED),
        ("mean<34ms", 0.1 / 3, Outcome.KEPT),
        ("errors<1%", 0.0, Outcome.KEPT),
        ("throughput>300", 400.0, Outcome.KEPT),
        ("p99.9<1s", None, Outcome.UNKNOWN),
    ],
)
def test_each_threshold_is_judged_by_what_was_observed(
    threshold: str, observed: float | None, outcome: Outcome
) -> None:
    (judgement,) = result(*[open_trial()] * 3, thresholds=(threshold,)).judgements
    assert judgement.outcome is outcome
    assert judgement.observed == (None if observed is None else pytest.approx(observed, rel=1e-3))


def test_one_threshold_that_is_missed_or_unknown_is_enough() -> None:
    trials = [open_trial()] * 3
    assert result(*trials, thresholds=("p50<1s", "errors<1%")).kept
    assert not result(*trials, thresholds=("p50<1s", "p95<1ms")).kept
    assert not result(*trials, thresholds=("p50<1s", "p99.9<1s")).kept


def test_response_times_of_an_overload_are_unknown_and_the_reason_is_said() -> None:
    shown = result(overloaded_trial(), thresholds=("p95<10s", "throughput>250"))
    latency, throughput = shown.judgements
    assert (latency.outcome, throughput.outcome) == (Outcome.UNKNOWN, Outcome.KEPT)
    assert "overloaded" in latency.why


def test_before_the_first_trial_nothing_is_valid_and_nothing_is_kept() -> None:
    shown = result(thresholds=("p95<1s",))
    assert (shown.summary, shown.valid, shown.generator_valid, shown.kept) == (None, False, False, False)


def test_a_slow_generator_makes_the_generator_and_the_whole_invalid() -> None:
    busy = GeneratorReport(cpu_seconds=4.5, cpu_share=0.9, lateness_p99_seconds=None, cpus=())
    assert [result(closed_trial()).valid, result(closed_trial()).generator_valid] == [True, True]
    shown = result(closed_trial(generator=busy))
    assert [shown.valid, shown.generator_valid] == [False, False]


def test_a_server_elsewhere_is_not_held_against_littles_law() -> None:
    elsewhere = Candidate(name="x", server=RunningTarget(url="http://app.example", allowed_host="app.example"))
    trial = closed_trial(150, settings=None, use=None)
    for index in range(len(trial.samples)):
        trial.samples.service_seconds[index] = 0.01
    assert result(trial, candidate=elsewhere).valid
    assert not result(trial).valid
