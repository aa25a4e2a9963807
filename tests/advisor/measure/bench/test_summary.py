"""The figures of several trials together, against trials whose figures are known."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from advisor.facts import Fact
from advisor.load.samples import Kind, outcome
from advisor.measure.bench.summary import per_second, summarise
from advisor.measure.process_readings import Memory
from advisor.measure.statistics.estimate import Basis
from advisor.measure.throttling import CgroupThrottling
from advisor.units import MIB
from tests.advisor.measure.bench.trials import OK, closed_trial, even_windows, open_trial, overloaded_trial


def test_throughput_is_the_mean_of_the_restarts_with_the_interval_between_them() -> None:
    summary = summarise([closed_trial(rate) for rate in (400, 500, 600)])
    assert summary.throughput is not None
    assert summary.throughput.mean == pytest.approx(500)
    assert summary.throughput.basis is Basis.RESTARTS
    assert summary.throughput.interval is not None
    assert summary.throughput.interval == pytest.approx(
        (500 - 4.3027 * 100 / 3**0.5, 500 + 4.3027 * 100 / 3**0.5), 1e-3
    )
    assert summary.per_trial == pytest.approx((400, 500, 600))
    assert (summary.trials, summary.seconds, summary.samples) == (3, 15.0, 7500)


def test_one_trial_has_an_interval_that_covers_what_is_within_it_alone() -> None:
    summary = summarise([closed_trial()])
    assert summary.throughput is not None
    assert summary.throughput.basis is Basis.WINDOWS


def test_percentiles_are_of_all_samples_together_and_never_means_of_percentiles() -> None:
    fast, slow = open_trial(times=[0.010]), open_trial(times=[0.100])
    summary = summarise([fast, slow])
    assert summary.response.at(50) == pytest.approx(0.010)
    assert summary.response.at(95) == pytest.approx(0.100)
    assert summary.response.mean_seconds == pytest.approx(0.055)
    assert summary.response.max_seconds == pytest.approx(0.100)
    assert sum(bucket.samples for bucket in summary.histogram) == summary.samples


def test_a_percentile_needs_its_samples() -> None:
    few = summarise([open_trial(100)])  # 500
    assert (few.response.at(95), few.response.at(99)) == (pytest.approx(0.05), None)
    assert summarise([open_trial(100)] * 2).response.at(99) == pytest.approx(0.05)


def test_other_percentiles_can_be_asked_for() -> None:
    summary = summarise([open_trial()], percents=[97.5])
    assert summary.response.at(97.5) == pytest.approx(0.05)


def test_response_times_count_from_the_schedule_and_service_times_from_the_send() -> None:
    trial = open_trial(times=[0.02])
    trial.samples.lateness_seconds[:] = array("f", [0.5] * len(trial.samples))
    summary = summarise([trial])
    assert (summary.response.at(50), summary.service.at(50)) == (pytest.approx(0.52), pytest.approx(0.02))


def test_failures_are_no_throughput_and_count_as_the_timeout() -> None:
    codes = [OK, OK, OK, outcome(Kind.SERVER_ERROR, 503), outcome(Kind.RESET)]
    summary = summarise([closed_trial(500, codes=codes)])
    assert summary.achieved_per_second == pytest.approx(300)
    assert summary.offered_per_second == pytest.approx(500)
    assert summary.errors == {Kind.SERVER_ERROR: 500, Kind.RESET: 500}
    assert (summary.failed, summary.error_share) == (1000, 0.4)
    assert summary.statuses == {200: 1500, 503: 500}
    assert summary.response.at(90) == pytest.approx(35.0)


def test_cpu_time_per_request_is_that_of_the_sampled_time() -> None:
    summary = summarise([closed_trial(500, cpus=1.5, answered_while_sampled=2000)] * 2)
    assert summary.use is not None
    assert summary.use.cpu_seconds_per_request == pytest.approx(1.5 * 5 / 2000)
    assert summary.use.cpus == pytest.approx(1.5)
    assert summary.use.busiest_worker == pytest.approx(0.75)
    assert summary.use.pss_bytes.value == 120 * MIB


def test_memory_that_could_not_be_read_once_is_unknown_with_the_reason() -> None:
    whole, blind = closed_trial(), closed_trial()
    assert blind.use is not None
    hidden: Fact[int] = Fact.unknown("permission denied")
    memory = Memory(rss_bytes=1, pss_bytes=hidden, uss_bytes=hidden)
    summary = summarise([whole, replace(blind, use=replace(blind.use, memory=memory, peak_pss_bytes=hidden))])
    assert summary.use is not None
    assert summary.use.pss_bytes == hidden
    assert summary.use.peak_pss_bytes == hidden


def test_a_server_that_gcadvise_did_not_start_shows_nothing_of_its_use() -> None:
    summary = summarise([closed_trial(settings=None, use=None, requests_per_worker=None)])
    assert summary.use is None
    assert summary.requests_per_worker == (None,)


def test_workers_that_served_nothing_are_counted_too() -> None:
    summary = summarise([closed_trial(workers=4, requests_per_worker={11: 10, 12: 30})])
    assert summary.requests_per_worker == ((30, 10, 0, 0),)


def test_throttled_time_is_summed_and_its_share_is_the_mean() -> None:
    trials = [
        closed_trial(throttling=Fact(value=CgroupThrottling("/", 50, cut, cut * 0.05), source="cpu.stat"))
        for cut in (0, 10, 20)
    ]
    summary = summarise(trials)
    assert summary.throttled_seconds.value == pytest.approx(1.5)
    assert summary.throttled_share.value == pytest.approx(0.2)


def test_the_series_has_whole_seconds_alone() -> None:
    assert per_second((1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) == (10, 26)


def test_a_closed_loop_has_no_backlog() -> None:
    summary = summarise([closed_trial()])
    assert (summary.backlog_per_second, summary.overloaded) == (None, False)


def test_a_rate_that_is_held_is_not_called_overloaded() -> None:
    summary = summarise([open_trial()] * 3)
    assert summary.backlog_per_second == pytest.approx(0, abs=1)
    assert not summary.overloaded


def test_above_capacity_the_backlog_grows_by_what_is_too_much() -> None:
    summary = summarise([overloaded_trial(rate=400, capacity=300)] * 3)
    assert summary.overloaded
    assert summary.backlog_per_second == pytest.approx(100, rel=0.05)


def test_requests_that_failed_in_time_are_no_backlog() -> None:
    trial = open_trial()
    trial.samples.outcomes[:] = array("I", [outcome(Kind.REFUSED)] * len(trial.samples))
    summary = summarise([replace(trial, answered=0, windows=even_windows(0, 5.0))])
    assert not summary.overloaded
    assert summary.error_share == 1.0


def test_no_trial_has_no_summary() -> None:
    with pytest.raises(ValueError, match="no trial"):
        summarise([])
