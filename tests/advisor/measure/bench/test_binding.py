"""What bound a closed loop, from runs in which it is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.facts import Fact
from advisor.load.spec import ClosedLoop
from advisor.measure.bench.binding import Bound, binding, slots, unevenness
from advisor.measure.bench.summary import summarise
from advisor.measure.bench.trial import GeneratorReport, Trial
from tests.advisor.measure.bench.trials import CLOSED, closed_trial, open_trial
from tests.advisor.measure.timelines import settings


def bound(trial: Trial, cpus: float | None = 2.0) -> Bound | None:
    found = binding(trial, summarise([trial]), cpus=cpus)
    return None if found is None else found.bound


def _generator(share: float, cpus: tuple[int, ...] = ()) -> GeneratorReport:
    return GeneratorReport(cpu_seconds=share * 5, cpu_share=share, lateness_p99_seconds=None, cpus=cpus)


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (closed_trial(cpus=1.9), Bound.CPUS),
        (closed_trial(cpus=1.5, generator=_generator(0.4)), Bound.CPUS),
        (closed_trial(255, workers=1, threads=16, cpus=0.97), Bound.PROCESSES),
        (closed_trial(62, workers=1, threads=1, cpus=0.2), Bound.SLOTS),
        (closed_trial(cpus=1.0, requests_per_worker={1: 1800, 2: 700}), Bound.UNEVEN_SLOTS),
        (closed_trial(500, workers=4, threads=32, cpus=1.0), Bound.CLIENTS),
        (closed_trial(settings=None, use=None), Bound.UNKNOWN),
        (open_trial(), None),
    ],
)
def test_the_bound_is_told_from_the_figures(trial: Trial, expected: Bound | None) -> None:
    assert bound(trial) is expected


def test_the_generators_own_cpus_are_none_of_the_servers() -> None:
    trial = closed_trial(cpus=2.9, workers=6, generator=_generator(0.5, cpus=(3,)))
    assert bound(trial, cpus=4.0) is Bound.CPUS
    assert bound(replace(trial, generator=_generator(0.2)), cpus=4.0) is Bound.SLOTS


@pytest.mark.parametrize(
    ("used", "own", "others", "expected", "by"),
    [
        # of a quota others take nothing, whatever they take of the machine
        (1.0, (), 9.0, Bound.SLOTS, "idle for 37 % of the time"),
        (1.85, (), 9.0, Bound.CPUS, "1.93 of 2 CPUs were busy (the server 1.85, the load generator 0.08)"),
        # and the generator takes its part of it on CPUs of its own too
        (1.75, (15,), 9.0, Bound.CPUS, "1.83 of 2 CPUs were busy (the server 1.75, the load generator 0.08)"),
        # a full machine holds back what is below its quota
        (1.0, (), 14.5, Bound.CPUS, "15.58 of 16 CPUs were busy (the server 1, the load generator 0.08, others 14.5)"),
    ],
)
def test_a_quota_is_held_against_the_server_and_its_generator_alone(
    used: float, own: tuple[int, ...], others: float, expected: Bound, by: str
) -> None:
    trial = closed_trial(
        cpus=used,
        workers=6,
        generator=_generator(0.08, cpus=own),
        other_cpus=Fact(value=others, source="/proc/stat"),
        usable_cpus=16,
    )
    found = binding(trial, summarise([trial]), cpus=2.0)
    assert found is not None
    assert (found.bound, by in found.why) == (expected, True), found.why


def test_several_generators_are_counted_with_what_they_took_together() -> None:
    plan = replace(CLOSED, generators=4)
    report = GeneratorReport(cpu_seconds=2.0, cpu_share=0.3, lateness_p99_seconds=None, cpus=())
    assert summarise([closed_trial(plan=plan, generator=report)]).generator_cpus == pytest.approx(0.4)


def test_event_loops_are_filled_with_connections_not_with_threads() -> None:
    trial = closed_trial(500, cpus=0.5, settings=settings(workers=2, worker_class="gevent"))
    found = binding(trial, summarise([trial]), cpus=2.0)
    assert found is not None
    assert found.why == "64 clients cannot fill 2,000 slots (workers × worker_connections)"


def test_without_known_cpus_the_slots_are_still_told_from_the_clients() -> None:
    assert bound(closed_trial(500, cpus=0.5), cpus=None) is Bound.SLOTS
    assert bound(closed_trial(500, threads=64, cpus=0.5), cpus=None) is Bound.CLIENTS


def test_an_uneven_share_is_no_matter_for_sync_workers() -> None:
    # which take a connection only when they are free
    plan = replace(CLOSED, loop=ClosedLoop(clients=8))
    trial = closed_trial(100, plan=plan, workers=2, threads=1, cpus=0.4, requests_per_worker={1: 1800, 2: 700})
    assert bound(trial) is Bound.SLOTS


def test_unevenness_is_how_many_times_its_share_the_busiest_worker_had() -> None:
    summary = summarise(
        [closed_trial(requests_per_worker={1: 300, 2: 100}), closed_trial(requests_per_worker={1: 200, 2: 200})]
    )
    assert unevenness(summary) == pytest.approx(1.25)
    assert unevenness(summarise([closed_trial(workers=1, requests_per_worker={1: 300})])) is None
    assert unevenness(summarise([closed_trial(requests_per_worker=None)])) is None
    # of workers that were replaced each had its part of the time
    assert unevenness(summarise([closed_trial(requests_per_worker={1: 300, 2: 10}, exited_workers=1)])) is None


def test_a_summary_knows_what_bound_it_in_words() -> None:
    trial = closed_trial(cpus=1.9, generator=_generator(0.08))
    found = binding(trial, summarise([trial]), cpus=2.0)
    assert found is not None
    assert found.why == "2 of 2 CPUs were busy (the server 1.9, the load generator 0.08, others 0.02)"


@pytest.mark.parametrize(("worker_class", "expected"), [("sync", 3), ("gthread", 12), ("gevent", 3000), ("asgi", 3000)])
def test_slots_are_what_the_worker_class_takes_at_once(worker_class: str, expected: int) -> None:
    assert slots(settings(workers=3, threads=4, worker_class=worker_class)) == expected
