"""What timelines show, on ones that are made up."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.timeline import (
    RequestTimes,
    estimated,
    idling,
    requests_per_worker,
    served_at_once,
    service_seconds,
    waves,
)
from tests.advisor.measure.timelines import served


def _sizes(timeline: list[RequestTimes]) -> list[int]:
    return [len(wave) for wave in waves(timeline)]


def test_an_even_share_on_three_by_three_makes_waves_of_9_9_2() -> None:
    timeline = served({1: 7, 2: 7, 3: 6}, threads=3)
    assert served_at_once(timeline) == 9
    assert _sizes(timeline) == [9, 9, 2]


def test_one_sync_worker_serves_one_after_the_other() -> None:
    timeline = served({1: 5}, threads=1)
    assert served_at_once(timeline) == 1
    assert _sizes(timeline) == [1, 1, 1, 1, 1]


def test_waves_survive_starts_that_are_a_little_late() -> None:
    assert _sizes(served({1: 7, 2: 7, 3: 6}, threads=3, step=0.03)) == [9, 9, 2]


def test_a_handler_that_starts_when_another_ends_does_not_overlap_it() -> None:
    assert served_at_once(served({1: 2}, threads=1)) == 1


def test_a_handler_that_never_finished_runs_on() -> None:
    hanging = RequestTimes(number=0, sent_seconds=0, answered_seconds=5, started_seconds=0, worker=1, error="timeout")
    later = RequestTimes(
        number=1, sent_seconds=0, answered_seconds=4, started_seconds=3, finished_seconds=4, worker=2, status=200
    )
    assert served_at_once([hanging, later]) == 2
    assert _sizes([hanging, later]) == [2]
    assert service_seconds([hanging]) is None


def test_idling_is_found_where_a_worker_is_free_while_requests_wait() -> None:
    idle = idling(served({1: 8, 2: 5, 3: 1}, threads=3, service=2.0), 3, [1, 2, 3])
    assert idle is not None
    assert (idle.worker, idle.free_slots, idle.duration_seconds) == (3, 3, 4.0)


def test_a_worker_that_took_nothing_idles_all_the_time() -> None:
    idle = idling(served({1: 6}, threads=3), 3, [1, 2])
    assert idle is not None
    assert (idle.worker, idle.free_slots, idle.duration_seconds) == (2, 3, 1.0)


def test_an_even_share_has_no_idling() -> None:
    assert idling(served({1: 7, 2: 7, 3: 6}, threads=3), 3, [1, 2, 3]) is None


def test_estimates_take_the_quickest_answer_for_the_service_time() -> None:
    answers = [
        RequestTimes(number=n, sent_seconds=0.0, answered_seconds=t, status=200) for n, t in enumerate((1.0, 1.0, 2.0))
    ]
    guessed = estimated(answers)
    assert [times.started_seconds for times in guessed] == [0.0, 0.0, 1.0]
    assert _sizes(list(guessed)) == [2, 1]


def test_estimates_leave_requests_without_an_answer_alone() -> None:
    answers = [RequestTimes(number=0, sent_seconds=0, answered_seconds=60, error="timeout")]
    assert estimated(answers) == tuple(answers)


def test_the_busiest_worker_comes_first() -> None:
    assert list(requests_per_worker(served({1: 2, 2: 9, 3: 4}, threads=3)).items()) == [(2, 9), (3, 4), (1, 2)]


_moments = st.floats(min_value=0, max_value=100, allow_nan=False)


@st.composite
def _timelines(draw: st.DrawFn) -> list[RequestTimes]:
    timeline = []
    for number in range(draw(st.integers(0, 30))):
        sent, wait, service = draw(_moments), draw(_moments), draw(_moments)
        unfinished = draw(st.booleans())
        unstarted = draw(st.booleans())
        timeline.append(
            RequestTimes(
                number=number,
                sent_seconds=sent,
                answered_seconds=sent + wait + service,
                started_seconds=None if unstarted else sent + wait,
                finished_seconds=None if unstarted or unfinished else sent + wait + service,
                worker=draw(st.integers(1, 4)),
                status=200,
            )
        )
    return timeline


@given(_timelines())
def test_waves_hold_every_started_request_once(timeline: list[RequestTimes]) -> None:
    started = {times.number for times in timeline if times.started_seconds is not None}
    in_waves = [times.number for wave in waves(timeline) for times in wave]
    assert len(in_waves) == len(started)
    assert set(in_waves) == started


@given(_timelines())
def test_served_at_once_is_between_the_largest_wave_and_the_requests(timeline: list[RequestTimes]) -> None:
    # all of a wave started before its first handler ended, except those of no length
    long = [times for times in timeline if times.started_seconds != times.finished_seconds]
    largest = max((len(wave) for wave in waves(long)), default=0)
    assert largest <= served_at_once(long) <= len(long)


@given(_timelines(), st.integers(1, 4))
def test_idling_is_never_longer_than_the_timeline(timeline: list[RequestTimes], slots: int) -> None:
    idle = idling(timeline, slots, [1, 2, 3, 4])
    if idle is not None:
        assert 0 < idle.duration_seconds <= max(times.answered_seconds for times in timeline)
        assert 1 <= idle.free_slots <= slots
        assert math.isfinite(idle.duration_seconds)
