"""When a promise counts as kept, broken or not to be told, and the reason that is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.measure.concurrency import ConcurrencyResult, analyse, promised_by
from advisor.measure.server_events import ServerSettings
from advisor.measure.timeline import RequestTimes
from tests.advisor.measure.timelines import served, settings

_GTHREAD = settings(workers=3, threads=3, worker_class="gthread")
_CURED = settings(workers=3, threads=3, worker_class="gthread", worker_connections=3, keepalive=0)


def _judged(timeline: list[RequestTimes], of: ServerSettings | None, **more: object) -> ConcurrencyResult:
    arguments: dict[str, object] = {
        "name": "test",
        "path": "/io",
        "settings": of,
        "promised": None if of is None else promised_by(of),
        "workers": () if of is None else tuple(range(1, of.workers + 1)),
        **more,
    }
    return analyse(timeline, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "promised"),
    [
        (settings(workers=5), 5),
        (settings(workers=5, threads=4, worker_class="gthread"), 20),
        (settings(workers=5, threads=4, worker_class="gthread", worker_connections=2), 10),
        (settings(workers=2, worker_class="gevent", worker_connections=100), 200),
        (settings(workers=2, worker_class="asgi"), None),
        (settings(workers=2, worker_class="uvicorn"), None),
        (settings(workers=2, worker_class="OwnWorker"), None),
    ],
)
def test_what_a_worker_class_promises(of: ServerSettings, promised: int | None) -> None:
    assert promised_by(of) == promised


def test_an_even_share_keeps_the_promise() -> None:
    result = _judged(served({1: 7, 2: 7, 3: 6}, threads=3), _GTHREAD)
    assert (result.kept, result.reason, result.served_at_once, result.waves) == (True, "", 9, (9, 9, 2))


def test_an_uneven_share_breaks_it_even_when_all_slots_were_busy_once() -> None:
    result = _judged(served({1: 10, 2: 5, 3: 5}, threads=3, service=2.0), _GTHREAD)
    assert result.served_at_once == 9
    assert result.kept is False
    assert result.reason == (
        "worker 1 took 10 requests for its 3 threads, while worker 2 had up to 3 idle threads for 4.0 s"
    )
    assert result.cure.startswith("behind a proxy, set worker_connections = 3 and keepalive = 0")


def test_a_worker_that_took_no_request_is_named() -> None:
    result = _judged(served({1: 4, 2: 16}, threads=3, service=2.0), _GTHREAD)
    assert "worker 3 had up to 3 idle threads for 10.0 s" in result.reason
    assert result.workers == (1, 2, 3)


@pytest.mark.parametrize(
    ("release", "stops"), [("20.1.0", False), ("21.2.0", True), ("23.0.0", True), ("24.1.1", False)]
)
def test_an_old_gunicorn_is_not_told_to_use_the_cure_as_it_is(release: str, stops: bool) -> None:
    result = _judged(served({1: 20}, threads=3), replace(_GTHREAD, gunicorn=release))
    assert result.cure.startswith("upgrade to Gunicorn 25 or later")
    assert (f"on {release} that stops workers for good" in result.cure) is stops


def test_a_cured_configuration_is_not_told_the_cure_again() -> None:
    result = _judged(served({1: 20}, threads=3), _CURED)
    assert (result.kept, result.cure) == (False, "")


def test_late_threads_on_a_busy_machine_do_not_break_it() -> None:
    assert _judged(served({1: 7, 2: 7, 3: 6}, threads=3, service=2.0, step=0.09), _GTHREAD).kept is True


def test_fewer_requests_than_slots_count_against_their_number() -> None:
    result = _judged(served({1: 2, 2: 2, 3: 1}, threads=3), _GTHREAD)
    assert (result.kept, result.expected, result.promised) == (True, 5, 9)


def test_one_request_cannot_show_nine() -> None:
    assert _judged(served({1: 1}, threads=3), _GTHREAD).kept is None


def test_a_handler_quicker_than_the_sending_cannot_show_it() -> None:
    timeline = [
        RequestTimes(
            number=number,
            sent_seconds=number * 0.01,
            answered_seconds=number * 0.01 + 0.005,
            started_seconds=number * 0.01 + 0.001,
            finished_seconds=number * 0.01 + 0.004,
            worker=1 + number % 3,
            status=200,
        )
        for number in range(20)
    ]
    result = _judged(timeline, _GTHREAD)
    assert result.kept is None
    assert result.reason == "the handler takes 3 ms; to send all took 190 ms, so they need not overlap"


def test_a_class_that_promises_no_number_cannot_keep_it() -> None:
    answers = [RequestTimes(number=n, sent_seconds=0, answered_seconds=1, status=200) for n in range(4)]
    result = _judged(answers, settings(worker_class="asgi"))
    assert (result.kept, result.served_at_once, result.is_estimated) == (None, 4, True)


@pytest.mark.parametrize(("times", "kept"), [((1.0, 1.0, 1.0, 1.0), True), ((1.0, 1.0, 2.0, 2.0), False)])
def test_a_server_elsewhere_is_held_to_the_number_that_was_given(times: tuple[float, ...], kept: bool) -> None:
    answers = [RequestTimes(number=n, sent_seconds=0, answered_seconds=t, status=200) for n, t in enumerate(times)]
    assert _judged(answers, None, promised=4).kept is kept


def test_requests_without_an_answer_break_it() -> None:
    timeline = served({1: 3}, threads=3)
    timeline[2] = replace(timeline[2], error="timeout", status=None, finished_seconds=None)
    result = _judged(timeline, settings(threads=3, worker_class="gthread"), exited_workers=(1,), log="it said why")
    assert result.kept is False
    assert result.reason == "1 of 3 requests got no answer (timeout: 1); worker 1 ended while requests ran"
    assert result.log == "it said why"


@pytest.mark.parametrize(("status", "kept"), [(500, False), (404, None)])
def test_errors_of_the_app_are_said(status: int, kept: bool | None) -> None:
    timeline = [replace(times, status=status) for times in served({1: 2}, threads=1)]
    result = _judged(timeline, settings())
    assert result.kept is kept
    assert result.reason == f"the app answered {status} to 2 of 2 requests"


def test_the_log_is_kept_only_when_something_failed() -> None:
    assert _judged(served({1: 2}, threads=1), settings(), log="Starting gunicorn").log == ""
