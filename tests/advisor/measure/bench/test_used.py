"""What was taken between the first and the last reading, from readings that are made up."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import pytest

from advisor.facts import Fact
from advisor.load.limits import OpenFiles
from advisor.load.result import GeneratorUse, LoadResult
from advisor.load.samples import Kind, Samples, outcome
from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.readings import Reading
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.bench.used import (
    answered_between,
    generator_report,
    others,
    requests_between,
    throttled,
    tree_use,
)
from advisor.measure.bench.warm_up import MeasuredPart
from advisor.measure.process_readings import NO_CPU, CpuSeconds, ProcessReading, TreeReading
from advisor.measure.throttling import CgroupThrottling

ARBITER, WORKER, OTHER_WORKER = 10, 11, 12
CLOSED = TrialPlan(loop=ClosedLoop(clients=1))
PART = MeasuredPart(begin_seconds=2, windows=(1,) * 20, steady=True)


def _process(pid: int, parent: int, cpu_seconds: float) -> ProcessReading:
    return ProcessReading(pid=pid, parent=parent, started=1.0, cpu=CpuSeconds(cpu_seconds, 0.0), reaped=NO_CPU)


def _reading(
    moment: float, *, requests: Mapping[int, int] | None = None, workers: tuple[int, ...] = (WORKER,), own: bool = True
) -> Reading:
    """At each second the arbiter has taken 0.1 s, a worker 0.5 s, two generators 0.2 and 0.3 s, gcadvise 0.05 s."""
    tree = TreeReading(
        moment_seconds=moment,
        arbiter=_process(ARBITER, 1, 0.1 * moment),
        descendants=tuple(_process(pid, ARBITER, 0.5 * moment) for pid in workers),
    )
    return Reading(
        moment_seconds=moment,
        tree=tree if own else None,
        generators_seconds=(0.2 * moment, 0.3 * moment),
        own_seconds=0.05 * moment,
        busy_seconds=Fact(value=1.4 * moment, source="/proc/stat, CPUs 0"),
        throttling=Fact(value=(CgroupThrottling("/a", int(10 * moment), int(moment), moment / 10),), source="cpu.stat"),
        requests=requests,
        exited_workers=0,
    )


def test_what_the_server_used_is_that_between_the_first_and_the_last() -> None:
    use = tree_use([_reading(3), _reading(4), _reading(7)])
    assert use is not None
    assert use.duration_seconds == 4
    assert use.cpu.total == pytest.approx(4 * (0.1 + 0.5))


def test_without_two_readings_nothing_is_known() -> None:
    for readings in ([], [_reading(3)]):
        assert tree_use(readings) is None
        assert requests_between(readings) is None
        assert answered_between([3.0], readings, begin_seconds=0) == 0
        assert others(readings, None).source == "the measured time was too short for two readings"
        assert not throttled(readings).known


def test_answers_are_counted_from_the_beginning_of_the_load() -> None:
    readings = [_reading(102), _reading(105)]
    assert answered_between([1.9, 2.0, 3.0, 4.999, 5.0, 6.0], readings, begin_seconds=100) == 3


def test_requests_are_those_in_between_the_busiest_worker_first() -> None:
    before, after = {WORKER: 100, 5: 7}, {WORKER: 110, OTHER_WORKER: 30, 5: 7, 6: 4, 13: 0}
    readings = [_reading(1, requests=before), _reading(2, requests=after, workers=(WORKER, OTHER_WORKER, 13))]
    # 5 had ended before, 6 began and ended in between, 13 lives and had nothing to do
    assert list((requests_between(readings) or {}).items()) == [(OTHER_WORKER, 30), (WORKER, 10), (6, 4), (13, 0)]


def test_workers_that_do_not_count_give_no_counts() -> None:
    assert requests_between([_reading(1), _reading(2)]) is None


def test_others_took_what_neither_server_nor_generators_nor_gcadvise_did() -> None:
    readings = [_reading(1), _reading(6)]
    assert others(readings, tree_use(readings)).value == pytest.approx(1.4 - 0.1 - 0.5 - 0.2 - 0.3 - 0.05)


def test_a_server_of_others_cannot_be_told_from_the_rest() -> None:
    readings = [_reading(1, own=False), _reading(6, own=False)]
    assert tree_use(readings) is None
    assert others(readings, None).source == "which processes are the server's is not known"


def test_throttling_is_that_in_between() -> None:
    assert throttled([_reading(1), _reading(3), _reading(6)]).value == CgroupThrottling("/a", 50, 5, pytest.approx(0.5))


def _result() -> LoadResult:
    return LoadResult(
        samples=Samples(),
        started=0,
        unfinished=0,
        dropped_connections=0,
        answered_in_window=0,
        begin_seconds=0,
        window_seconds=7,
        elapsed_seconds=7,
        interrupted=False,
        generators=(GeneratorUse(cpu_seconds=1, elapsed_seconds=10), GeneratorUse(cpu_seconds=4, elapsed_seconds=10)),
        open_files=OpenFiles(needed=1, allowed=2),
    )


def _samples() -> Samples:
    return Samples(
        due_microseconds=array("I", range(100)),
        lateness_seconds=array("f", [number / 100 for number in range(100)]),
        service_seconds=array("f", bytes(400)),
        outcomes=array("I", [outcome(Kind.ANSWERED, 200)] * 100),
    )


def test_generators_are_reported_for_the_measured_part_and_by_the_busiest() -> None:
    readings = [_reading(2), _reading(6)]
    report = generator_report(CLOSED, _result(), PART, _samples(), readings, cpus=(3,))
    assert report.cpu_share == pytest.approx(0.3)
    assert report.cpu_seconds == pytest.approx(0.5 * PART.seconds)
    assert (report.lateness_p99_seconds, report.cpus) == (None, (3,))


def test_generators_are_reported_for_the_whole_run_where_readings_lack() -> None:
    report = generator_report(CLOSED, _result(), PART, _samples(), [_reading(2)], cpus=())
    assert report.cpu_share == pytest.approx(0.4)


def test_the_lateness_of_an_open_loop_is_that_of_its_samples() -> None:
    plan = TrialPlan(loop=OpenLoop(rate_per_second=1))
    readings = [_reading(2), _reading(6)]
    report = generator_report(plan, _result(), PART, _samples(), readings, cpus=())
    assert report.lateness_p99_seconds == pytest.approx(0.98)
    assert generator_report(plan, _result(), PART, Samples(), readings, cpus=()).lateness_p99_seconds is None
