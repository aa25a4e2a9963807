"""Each doubt: a run that shows it, its number and its severity; and runs that nothing speaks against."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import replace

import pytest

from advisor.facts import Fact
from advisor.load.samples import Kind, outcome
from advisor.load.spec import Arrivals, ClosedLoop, OpenLoop
from advisor.measure.bench.doubt import Code, Doubt, Severity, is_valid, percent
from advisor.measure.bench.doubts import doubts
from advisor.measure.bench.summary import summarise
from advisor.measure.bench.trial import GeneratorReport, Trial
from advisor.measure.throttling import CgroupThrottling
from advisor.units import count
from tests.advisor.measure.bench.trials import (
    CLOSED,
    OK,
    OPEN,
    closed_trial,
    even_windows,
    open_trial,
    overloaded_trial,
    samples,
)

INVALID, NOTE = Severity.INVALID, Severity.NOTE


def found(*trials: Trial, cpus: float | None = 2.0, most_per_second: float | None = None) -> dict[Code, Doubt]:
    all_of_them = doubts(trials, summarise(trials), cpus=cpus, most_per_second=most_per_second)
    assert len({doubt.code for doubt in all_of_them}) == len(all_of_them)
    return {doubt.code: doubt for doubt in all_of_them}


def generator(share: float = 0.03, *, late: float | None = None, cpus: tuple[int, ...] = ()) -> GeneratorReport:
    return GeneratorReport(cpu_seconds=share * 5, cpu_share=share, lateness_p99_seconds=late, cpus=cpus)


def other(cpus: float) -> Fact[float]:
    return Fact(value=cpus, source="/proc/stat")


@pytest.mark.parametrize(
    "trials",
    [
        pytest.param([closed_trial(rate) for rate in (498, 512, 507)], id="saturated"),
        pytest.param([open_trial()] * 3, id="held rate"),
        pytest.param([closed_trial(62, workers=1, threads=1, cpus=0.2)] * 3, id="one slot that waits"),
        pytest.param([closed_trial(255, workers=1, threads=16, cpus=0.97)] * 3, id="one process"),
        pytest.param([closed_trial(500, settings=None, use=None, requests_per_worker=None)], id="runs already"),
    ],
)
def test_nothing_speaks_against_a_good_run(trials: list[Trial]) -> None:
    assert found(*trials) == {}


def test_a_good_run_whose_generator_shares_two_cpus_is_valid_and_says_so() -> None:
    shown = found(closed_trial(4000, generator=generator(0.3), cpus=1.6))
    assert is_valid(shown.values())
    assert shown[Code.SHARED_CPUS].severity is NOTE
    assert "0.4 ms a request" in shown[Code.SHARED_CPUS].what


def test_cpus_of_its_own_are_no_sharing() -> None:
    trial = closed_trial(4000, generator=generator(0.3, cpus=(3,)), cpus=2.9, workers=4)
    assert found(trial, cpus=4.0) == {}


def test_a_busy_generator_makes_a_run_invalid() -> None:
    doubt = found(closed_trial(generator=generator(0.82)))[Code.GENERATOR_CPU]
    assert (doubt.severity, doubt.observed, doubt.limit) == (INVALID, 0.82, 0.7)
    assert "82 %" in doubt.what
    assert "--generators 2" in doubt.next_step


def test_more_generators_are_not_advised_where_there_are_no_cpus_for_them() -> None:
    doubt = found(closed_trial(generator=generator(0.82)), cpus=1.0)[Code.GENERATOR_CPU]
    assert "--generators" not in doubt.next_step


@pytest.mark.parametrize(("late", "severity"), [(0.0029, None), (0.004, NOTE), (0.02, INVALID)])
def test_late_sends_are_held_against_the_response_times(late: float, severity: Severity | None) -> None:
    doubt = found(open_trial(lateness_p99=late)).get(Code.LATENESS)  # p50 30 ms, p95 50 ms
    assert (None if doubt is None else doubt.severity) is severity


@pytest.mark.parametrize(("cpus", "limit"), [((3,), 0.001), ((), 0.003)])
def test_a_generator_that_shares_its_cpus_may_wait_for_a_slice_of_them(cpus: tuple[int, ...], limit: float) -> None:
    trial = open_trial(times=[0.001], generator=generator(late=0.004, cpus=cpus))
    assert found(trial)[Code.LATENESS].limit == limit


def test_clients_that_stood_still_are_seen_by_littles_law() -> None:
    trial = closed_trial(500)
    trial.samples.service_seconds[:] = array("f", [time * 0.8 for time in trial.samples.service_seconds])
    doubt = found(trial)[Code.LITTLE]
    assert doubt.severity is INVALID
    assert doubt.observed == pytest.approx(-0.2, abs=0.001)
    assert "20 % below the number of clients" in doubt.what


def test_slow_requests_in_step_are_no_error_of_accounting() -> None:
    # 64 clients, 2 s each, due at 0, 2 and 4 s of 5: 192 requests, 1.2 times what the rate would be
    plan = replace(CLOSED, loop=ClosedLoop(clients=64))
    trial = closed_trial(192 / 5, plan=plan, workers=4, threads=16, cpus=0.1)
    trial.samples.service_seconds[:] = array("f", [2.0] * len(trial.samples))
    assert Code.LITTLE not in found(trial)


def test_fewer_clients_than_slots_are_no_saturation() -> None:
    doubt = found(closed_trial(500, threads=50, cpus=1.0))[Code.NOT_SATURATED]
    assert doubt.severity is INVALID
    assert "64 clients cannot fill 100 slots" in doubt.what
    assert "--clients 200" in doubt.next_step


def test_few_clients_that_fill_the_cpus_are_saturation() -> None:
    assert Code.NOT_SATURATED not in found(closed_trial(500, threads=50, cpus=1.9))


def test_slots_that_idle_beside_a_busy_worker_are_noted_with_the_cure() -> None:
    doubt = found(closed_trial(500, cpus=1.0, requests_per_worker={1: 1800, 2: 700}))[Code.UNEVEN]
    assert (doubt.severity, doubt.observed, doubt.limit) == (NOTE, 1.44, 1.25)
    assert "1.44 times its share" in doubt.what
    assert "worker_connections = threads" in doubt.next_step


def test_a_drift_in_all_runs_alike_makes_them_invalid() -> None:
    windows = (140,) * 10 + (110,) * 10
    doubt = found(*[closed_trial(windows=windows, answered=sum(windows))] * 3)[Code.DRIFT]
    assert doubt.severity is INVALID
    assert "24 % slower" in doubt.what


def test_what_chance_does_in_one_run_is_no_drift() -> None:
    up, down = (130,) * 10 + (120,) * 10, (120,) * 10 + (130,) * 10
    assert Code.DRIFT not in found(*(closed_trial(windows=each, answered=sum(each)) for each in (up, down)))


def test_seconds_that_vary_make_a_run_invalid() -> None:
    seconds = (125, 125, 80, 125, 95)
    windows = tuple(count for count in seconds for _ in range(4))
    doubt = found(closed_trial(windows=windows, answered=sum(windows)))[Code.VARIATION]
    assert doubt.severity is INVALID
    assert doubt.observed == pytest.approx(0.184, abs=0.005)


def test_counts_that_vary_as_random_ones_do_are_steady() -> None:
    generator = random.Random(1)
    windows = tuple(sum(generator.random() < 0.1 for _ in range(150)) for _ in range(40))
    trial = closed_trial(60, workers=1, threads=1, cpus=0.2, seconds=10.0, windows=windows, answered=sum(windows))
    assert Code.VARIATION not in found(trial)


def test_answers_that_come_in_waves_are_not_taken_for_variation() -> None:
    plan = replace(CLOSED, loop=ClosedLoop(clients=64))
    windows = (0, 0, 0, 64, 0, 0, 0, 0) * 2 + (0, 0, 0, 64)
    trial = closed_trial(192 / 5, plan=plan, workers=4, threads=16, cpus=0.1, windows=windows, answered=192)
    assert Code.VARIATION not in found(trial)


@pytest.mark.parametrize(
    ("steady", "severity"),
    [((True, True, False), NOTE), ((True, False, False), INVALID), ((False,), INVALID), ((True, False), NOTE)],
)
def test_runs_without_a_steady_state_are_counted(steady: Sequence[bool], severity: Severity) -> None:
    doubt = found(*(closed_trial(steady=each, lengthened=not each) for each in steady))[Code.UNSTEADY]
    assert doubt.severity is severity
    assert f"in {steady.count(False)} of {count(len(steady), 'run')}, even after as long again" in doubt.what


def test_a_run_too_short_to_tell_is_called_that() -> None:
    plan = replace(CLOSED, seconds=1.0, warm_up_seconds=0.5)
    doubt = found(closed_trial(plan=plan, steady=False))[Code.UNSTEADY]
    assert (doubt.severity, "too short to tell" in doubt.what) == (NOTE, True)


def test_restarts_that_differ_widen_the_interval_and_are_noted() -> None:
    doubt = found(*(closed_trial(rate) for rate in (300, 500, 400)))[Code.SPREAD]
    assert doubt.severity is NOTE
    assert "(300, 500, 400 requests/s)" in doubt.what


@pytest.mark.parametrize(
    ("trial", "severity"),
    [
        (closed_trial, NOTE),  # at saturation a quota is what bounds the server, as it will
        (open_trial, INVALID),  # below it, it would not be met but for the generator
    ],
)
def test_a_quota_that_holds_the_generator_back_spoils_latencies(trial: object, severity: Severity) -> None:
    cut = Fact(value=CgroupThrottling("/", 50, 20, 3.2), source="cpu.stat")
    doubt = found(trial(throttling=cut))[Code.THROTTLED]  # type: ignore[operator]
    assert (doubt.severity, doubt.observed) == (severity, 0.4)
    assert "40 % of its periods" in doubt.what


def test_unknown_throttling_and_unknown_other_load_are_no_doubts() -> None:
    assert found(closed_trial(throttling=Fact.unknown("no cgroup"), other_cpus=Fact.unknown("not Linux"))) == {}


@pytest.mark.parametrize(("cpus", "severity"), [(0.08, None), (0.2, NOTE), (0.5, INVALID)])
def test_other_programs_are_held_against_the_cpus(cpus: float, severity: Severity | None) -> None:
    doubt = found(closed_trial(other_cpus=other(cpus))).get(Code.OTHER_LOAD)
    assert (None if doubt is None else doubt.severity) is severity


@pytest.mark.parametrize(("cpus", "severity"), [(0.5, None), (1.0, NOTE), (5.0, INVALID)])
def test_other_programs_are_held_against_the_machine_and_not_against_a_quota(
    cpus: float, severity: Severity | None
) -> None:
    doubt = found(closed_trial(other_cpus=other(cpus), usable_cpus=16)).get(Code.OTHER_LOAD)
    assert (None if doubt is None else doubt.severity) is severity
    assert doubt is None or "of 16 CPUs" in doubt.what


def test_a_quota_is_shared_with_the_generator_although_it_has_cpus_of_its_own() -> None:
    trial = closed_trial(4000, generator=generator(0.3, cpus=(15,)), cpus=1.6, usable_cpus=16)
    assert Code.SHARED_CPUS in found(trial)


@pytest.mark.parametrize(
    ("codes", "severity", "said", "step"),
    [
        ([OK] * 199 + [outcome(Kind.RESET)], NOTE, "(0.48 %, at most 1 %), mostly: broken connection", "crash"),
        ([OK, outcome(Kind.SERVER_ERROR, 500)], INVALID, "mostly: status 5xx", "log"),
        ([outcome(Kind.CLIENT_ERROR, 404)], INVALID, "status 404", "check the path"),
        ([OK] * 999 + [outcome(Kind.LOCAL)], INVALID, "no file or port left here", "ulimit"),
        ([OK] * 9 + [outcome(Kind.TIMEOUT)], INVALID, "timeout", "--timeout"),
    ],
)
def test_errors_are_named_with_what_to_do(codes: list[int], severity: Severity, said: str, step: str) -> None:
    doubt = found(closed_trial(500, codes=codes))[Code.ERRORS]
    assert doubt.severity is severity
    assert said in doubt.what
    assert step in doubt.next_step


@pytest.mark.parametrize(("number", "noted"), [(0, False), (1, False), (150, True)])
def test_redirects_are_noted_since_what_they_lead_to_is_not_measured(number: int, noted: bool) -> None:
    codes = [outcome(Kind.ANSWERED, 302)] * number + [OK] * (250 - number)
    shown = found(closed_trial(500, codes=codes))
    assert list(shown) == ([Code.REDIRECTS] if noted else [])
    if noted:
        assert shown[Code.REDIRECTS].severity is NOTE
        assert "60 % of the answers were redirects (status 302)" in shown[Code.REDIRECTS].what


def test_a_run_without_any_request_is_invalid() -> None:
    empty = replace(closed_trial(), samples=samples(0.1, 1.0, [1.0]), windows=even_windows(0, 5.0), answered=0)
    assert found(empty)[Code.NO_ANSWERS].severity is INVALID


def test_an_overload_names_a_rate_that_is_held() -> None:
    shown = found(*[overloaded_trial(rate=400, capacity=300)] * 3)
    assert shown[Code.OVERLOADED].severity is INVALID
    assert "--rate 200" in shown[Code.OVERLOADED].next_step
    assert Code.LATENESS not in shown


def test_where_nothing_was_answered_no_lower_rate_is_advised() -> None:
    timeouts = samples(400, 5.0, [35.0], [outcome(Kind.TIMEOUT)])
    doubt = found(open_trial(samples=timeouts, windows=even_windows(0, 5.0), answered=0))[Code.OVERLOADED]
    assert "--rate" not in doubt.next_step


def test_workers_that_had_to_be_replaced_are_noted() -> None:
    assert found(closed_trial(exited_workers=2))[Code.WORKERS_EXITED].severity is NOTE


def test_a_server_elsewhere_that_reached_what_it_may_be_sent_was_not_saturated() -> None:
    trial = closed_trial(199, settings=None, use=None)
    trial.samples.service_seconds[:] = array("f", [0.01] * len(trial.samples))
    shown = found(trial, most_per_second=200.0)
    assert (list(shown), shown[Code.NOT_SATURATED].severity) == ([Code.NOT_SATURATED], INVALID)


def test_a_slow_server_elsewhere_was_not_held_back() -> None:
    assert found(closed_trial(100, settings=None, use=None), most_per_second=200.0) == {}


def test_random_arrivals_are_no_unsteadiness_of_the_server() -> None:
    windows = (140, 60, 120, 90, 100) * 2 + (60, 80, 50, 70, 90) * 2
    shown = found(*(open_trial(windows=windows, answered=2000) for _ in range(2)))
    assert not {Code.DRIFT, Code.VARIATION, Code.SPREAD} & set(shown)


def test_without_known_cpus_nothing_is_said_of_shares_of_them() -> None:
    assert found(closed_trial(other_cpus=other(1.0)), cpus=None) == {}


def test_random_and_constant_arrivals_are_judged_alike() -> None:
    plan = replace(OPEN, loop=OpenLoop(rate_per_second=400, arrivals=Arrivals.CONSTANT))
    assert found(open_trial(plan=plan)) == {}


def test_what_makes_it_invalid_comes_first() -> None:
    trials = [closed_trial(rate, other_cpus=other(0.5), exited_workers=1) for rate in (300, 500)]
    severities = [doubt.severity for doubt in doubts(trials, summarise(trials), cpus=2.0)]
    assert severities == sorted(severities, key=lambda severity: severity is NOTE)


@pytest.mark.parametrize(("share", "text"), [(0.0, "0 %"), (0.0002, "0.02 %"), (0.031, "3.1 %"), (0.42, "42 %")])
def test_shares_are_written_with_two_digits(share: float, text: str) -> None:
    assert percent(share) == text
