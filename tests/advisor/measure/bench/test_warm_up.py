"""What counts of a run, and what is cut."""

from __future__ import annotations

import random
from array import array

import pytest

from advisor.load.samples import Kind, Samples, outcome
from advisor.measure.bench.warm_up import measured_part, samples_within


def arrivals(rate_per_second: float, begin: float, end: float) -> list[float]:
    """Evenly spread, in the middle of their gaps, so that none lies on the border of a window."""
    count = round((end - begin) * rate_per_second)
    return [begin + (number + 0.5) / rate_per_second for number in range(count)]


def test_a_steady_run_loses_the_warm_up_that_was_asked_for() -> None:
    part = measured_part(arrivals(200, 0, 7), run_seconds=7, warm_up_seconds=2)
    assert part is not None
    assert (part.begin_seconds, part.seconds, part.end_seconds, part.steady) == (2, 5, 7, True)
    assert part.windows == (50,) * 20


def test_a_run_that_is_slow_for_longer_loses_more() -> None:
    part = measured_part(arrivals(50, 0, 3) + arrivals(200, 3, 10), run_seconds=10, warm_up_seconds=1)
    assert part is not None
    assert (part.begin_seconds, part.seconds, part.steady) == (3, 7, True)
    assert part.windows == (50,) * 28


def test_where_nothing_is_steady_only_the_warm_up_is_cut() -> None:
    growing = [moment for second in range(10) for moment in arrivals(100 * (second + 1), second, second + 1)]
    part = measured_part(growing, run_seconds=10, warm_up_seconds=2)
    assert part is not None
    assert (part.begin_seconds, part.seconds, part.steady) == (2, 8, False)


def test_a_short_run_is_not_known_to_be_steady() -> None:
    part = measured_part(arrivals(100, 0, 3), run_seconds=3, warm_up_seconds=1)
    assert part is not None
    assert (part.begin_seconds, part.seconds, part.steady) == (1, 2, False)


@pytest.mark.parametrize(("run_seconds", "seconds"), [(1.3, 0.25), (1.26, 0.25), (3.99, 2.75)])
def test_an_interrupted_run_keeps_whole_windows(run_seconds: float, seconds: float) -> None:
    part = measured_part(arrivals(100, 0, run_seconds), run_seconds=run_seconds, warm_up_seconds=1)
    assert part is not None
    assert part.seconds == seconds
    assert sum(part.windows) == seconds * 100


@pytest.mark.parametrize("run_seconds", [0, 0.5, 1, 1.2])
def test_nothing_is_left_of_a_run_that_ended_in_its_warm_up(run_seconds: float) -> None:
    assert measured_part(arrivals(100, 0, run_seconds), run_seconds=run_seconds, warm_up_seconds=1) is None


def test_a_run_without_answers_has_empty_windows() -> None:
    part = measured_part([], run_seconds=2, warm_up_seconds=1)
    assert part is not None
    assert part.windows == (0, 0, 0, 0)


def test_samples_within_are_those_that_were_due_there_with_times_from_there() -> None:
    draw = random.Random(1)
    due = [draw.randrange(10_000_000) for _ in range(500)] + [2_000_000, 7_000_000]
    service = [draw.random() for _ in due]
    samples = Samples(
        due_microseconds=array("I", due),
        lateness_seconds=array("f", service),
        service_seconds=array("f", service),
        outcomes=array("I", [outcome(Kind.ANSWERED, 200, number % 3) for number in range(len(due))]),
    )
    kept = samples_within(samples, begin_seconds=2, end_seconds=7)
    numbers = [number for number, moment in enumerate(due) if 2_000_000 <= moment < 7_000_000]
    assert list(kept.due_microseconds) == [due[number] - 2_000_000 for number in numbers]
    assert kept.service_seconds == kept.lateness_seconds == array("f", [service[number] for number in numbers])
    assert [sample.request for sample in kept] == [number % 3 for number in numbers]
    assert 0 in kept.due_microseconds
    assert 5_000_000 not in kept.due_microseconds
