"""What bound a closed loop, from runs in which it is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    return GeneratorReport(cpu_seconds=1.0, cpu_share=share, lateness_p99_seconds=None, cpus=cpus)


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


def test_a_summary_knows_what_bound_it_in_words() -> None:
    trial = closed_trial(cpus=1.9, generator=_generator(0.08))
    found = binding(trial, summarise([trial]), cpus=2.0)
    assert found is not None
    assert found.why == "2 of 2 CPUs were busy (the server 1.9, the load generator 0.08, others 0.02)"


@pytest.mark.parametrize(("worker_class", "expected"), [("sync", 3), ("gthread", 12), ("gevent", 3000), ("asgi", 3000)])
def test_slots_are_what_the_worker_class_takes_at_once(worker_class: str, expected: int) -> None:
    assert slots(settings(workers=3, threads=4, worker_class=worker_class)) == expected
