"""The line that says how far a measurement is: on a terminal, and elsewhere."""

from __future__ import annotations

import io

import pytest

from advisor.cli.progress import Meter, left_text

CLEAR = "\r\x1b[K"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_each_phase_is_one_plain_line() -> None:
    stream = io.StringIO()
    with Meter(stream=stream, clock=Clock()) as meter:
        meter.phase("start 1 of 3", left_seconds=27)
        meter.note("a worker ended")
        meter.phase("start 2 of 3", left_seconds=18)
        meter.phase("writing")
    assert stream.getvalue().splitlines() == [
        "start 1 of 3; about 27 s left",
        "a worker ended",
        "start 2 of 3; about 18 s left",
        "writing",
    ]


def test_on_a_terminal_one_line_is_rewritten_with_the_time_that_is_left_then() -> None:
    stream, clock = io.StringIO(), Clock()
    with Meter(stream=stream, terminal=True, clock=clock) as meter:
        meter.phase("start 1 of 3", left_seconds=27)
        clock.now += 10
        meter.draw()
        clock.now += 100
        meter.draw()
    assert "\n" not in stream.getvalue()
    shown = stream.getvalue().split(CLEAR)
    assert [text for index, text in enumerate(shown) if index == 0 or text != shown[index - 1]] == [
        "",
        "start 1 of 3; about 27 s left",
        "start 1 of 3; about 17 s left",
        "start 1 of 3; nearly done",
        "",
    ]


def test_a_note_stays_above_the_line_of_a_terminal() -> None:
    stream = io.StringIO()
    with Meter(stream=stream, terminal=True, clock=Clock()) as meter:
        meter.phase("measuring")
        meter.note("a worker ended")
    assert f"{CLEAR}a worker ended\n{CLEAR}measuring" in stream.getvalue()


def test_a_stream_that_nobody_reads_any_more_does_not_end_the_measurement() -> None:
    stream = io.StringIO()
    stream.close()
    with Meter(stream=stream, terminal=False, clock=Clock()) as meter:
        meter.phase("measuring")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "nearly done"),
        (40.4, "about 40 s left"),
        (120, "about 2 min left"),
        (130, "about 2 min 10 s left"),
    ],
)
def test_the_time_left_is_in_words(seconds: float, text: str) -> None:
    assert left_text(seconds) == text
