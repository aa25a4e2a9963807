"""What follows from a bench: thresholds against what was observed, and whether it is valid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.load.spec import OpenLoop
from advisor.measure.bench.bench import Bench
from advisor.measure.bench.result import BenchResult, assess, check_thresholds
from advisor.measure.bench.trial import Candidate, GeneratorReport, RunningTarget, Trial
from advisor.measure.statistics.thresholds import Outcome, parse_threshold
from gunicorn_conf.errors import BadInput
from tests.advisor.measure.bench.trials import CANDIDATE, CLOSED, OPEN, closed_trial, open_trial, overloaded_trial


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


@pytest.mark.parametrize(("rate", "refused"), [(20.0, True), (600.0, True), (700.0, False)])
def test_a_percentile_that_a_rate_cannot_give_is_refused_beforehand(rate: float, refused: bool) -> None:
    plan = replace(OPEN, loop=OpenLoop(rate_per_second=rate))  # 3 × 5 s: 10,000 requests are 667/s
    thresholds = [parse_threshold("p99.9<1s"), parse_threshold("errors<1%"), parse_threshold("max<1s")]
    check_thresholds(thresholds[1:], plan, restarts=3)
    check_thresholds(thresholds, CLOSED, restarts=1)
    if refused:
        with pytest.raises(BadInput, match=r"p99\.9<1s could not be judged") as caught:
            check_thresholds(thresholds, plan, restarts=3)
        assert "needs 10,000 samples, and 3 × 5 s at" in caught.value.why
    else:
        check_thresholds(thresholds, plan, restarts=3)


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
