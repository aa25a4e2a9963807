"""The timeline and the verdict as text and as JSON, from made-up measurements."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from advisor.measure.concurrency import ConcurrencyResult, analyse, promised_by
from advisor.measure.experiments import EXPERIMENTS, ExperimentResult
from advisor.measure.timeline import RequestTimes
from advisor.report import concurrency as report
from advisor.report.concurrency import ASCII, BLOCKS, concurrency_text, marks_for, time_text, waves_text
from advisor.report.concurrency_json import concurrency_json, experiments_json
from advisor.report.envelope import envelope
from advisor.report.experiments import experiments_text
from tests.advisor.measure.timelines import served, settings

_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("concurrency.json").read_text())
_GTHREAD = settings(workers=3, threads=3, worker_class="gthread")


def _result(timeline: list[RequestTimes], **changes: object) -> ConcurrencyResult:
    of = settings(**{"workers": 3, "threads": 3, "worker_class": "gthread", **changes})
    return analyse(
        timeline, name="test", path="/io?seconds=2", settings=of, promised=promised_by(of), workers=(11, 12, 13)
    )


_EVEN = _result(served({11: 3, 12: 3, 13: 1}, threads=3, service=2.0))
_UNEVEN = _result(served({11: 5, 12: 2}, threads=3, service=2.0))

_EVEN_TEXT = """\
Gunicorn 27.0.1: 3 workers × 3 threads, gthread, worker_connections 1000, keepalive 2
App sample_app:app, Python 3.11.7
7 requests for /io?seconds=2 sent at the same moment; · waits, █ is served

wave  worker  0                              1.00 s                          2.00 s
   1       1  █████████████████████████████████████████████████████████████████████ 2.00 s
           1  █████████████████████████████████████████████████████████████████████ 2.00 s
           1  █████████████████████████████████████████████████████████████████████ 2.00 s
           2  █████████████████████████████████████████████████████████████████████ 2.00 s
           2  █████████████████████████████████████████████████████████████████████ 2.00 s
           2  █████████████████████████████████████████████████████████████████████ 2.00 s
           3  █████████████████████████████████████████████████████████████████████ 2.00 s

  Served at once  7 of 7 (9 are promised; 7 were sent)
  Waves           7
  Time in all     2.00 s
  Requests taken  worker 1 (pid 11): 3, worker 2 (pid 12): 3, worker 3 (pid 13): 1
  Promise         kept"""


def test_a_promise_kept_reads_like_this() -> None:
    assert concurrency_text(_EVEN, width=90) == _EVEN_TEXT


def test_a_broken_promise_says_why_and_what_to_do() -> None:
    text = concurrency_text(_UNEVEN, width=200)
    assert "Promise         NOT kept" in text
    assert "Why             worker 11 took 5 requests for its 3 threads, while worker 13 had up to 3 idle" in text
    assert "Fix             behind a proxy, set worker_connections = 3 and keepalive = 0" in text
    assert "worker 3 (pid 13): 0" in text


def test_a_queued_request_is_drawn_waiting_until_it_is_served() -> None:
    lines = concurrency_text(_UNEVEN, width=80).splitlines()
    queued = next(line for line in lines if line.startswith("   2 "))
    assert queued.count("·") > 10
    assert queued.count("█") > 10
    assert queued.index("·") < queued.index("█")


@pytest.mark.parametrize("width", [80, 90, 100, 120])
@pytest.mark.parametrize("result", [_EVEN, _UNEVEN])
def test_every_line_fits(result: ConcurrencyResult, width: int) -> None:
    assert max(map(len, concurrency_text(result, width=width).splitlines())) <= width


def test_requests_that_failed_are_marked() -> None:
    timeline = served({11: 2}, threads=3)
    timeline[1] = RequestTimes(number=1, sent_seconds=0, answered_seconds=5, error="timeout")
    text = concurrency_text(_result(timeline), width=80)
    assert "5.00 s ✗ timeout" in text
    assert "1 of 2 requests got no answer (timeout: 1)" in text


def test_errors_of_the_app_are_marked() -> None:
    timeline = [replace(times, status=404) for times in served({11: 2}, threads=3)]
    assert "1.00 s 404" in concurrency_text(_result(timeline), width=80)


def test_an_estimate_is_called_one() -> None:
    answers = [RequestTimes(number=n, sent_seconds=0, answered_seconds=1.0, status=200) for n in range(3)]
    text = concurrency_text(_result(answers, worker_class="asgi", threads=1), width=80)
    assert "Estimated" in text
    assert "Promise         cannot be told" in text
    assert "worker  0" not in text


def test_ascii_has_no_other_characters() -> None:
    assert concurrency_text(_UNEVEN, width=80, marks=ASCII).isascii()


@pytest.mark.parametrize(
    ("encoding", "marks"), [("utf-8", BLOCKS), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII)]
)
def test_blocks_are_used_where_the_output_has_them(encoding: str | None, marks: object) -> None:
    assert marks_for(encoding) is marks


@pytest.mark.parametrize(("seconds", "text"), [(0, "0"), (0.0124, "12 ms"), (0.5, "500 ms"), (6.0, "6.00 s")])
def test_times_carry_their_unit(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


@pytest.mark.parametrize(("sizes", "text"), [((9, 9, 2), "9, 9, 2"), ((1,) * 20, "1 (20 times)"), ((), "none")])
def test_waves_are_listed(sizes: tuple[int, ...], text: str) -> None:
    assert waves_text(sizes) == text


@pytest.mark.parametrize("result", [_EVEN, _UNEVEN])
def test_the_json_follows_its_schema(result: ConcurrencyResult) -> None:
    document = json.loads(envelope("concurrency", concurrency_json([result])))
    jsonschema.validate(document, _SCHEMA)
    (shown,) = document["results"]
    assert shown["waves"] == list(result.waves)
    assert shown["kept"] is result.kept
    assert len(shown["timeline"]) == shown["requests"] == 7


def test_the_json_of_a_server_elsewhere_follows_its_schema() -> None:
    answers = [RequestTimes(number=0, sent_seconds=0, answered_seconds=1, error="timeout")]
    result = analyse(answers, name="http://localhost/", path="http://localhost/", settings=None, promised=4)
    jsonschema.validate(json.loads(envelope("concurrency", concurrency_json([result]))), _SCHEMA)


def _experiments(fourth: dict[int, int]) -> list[ExperimentResult]:
    shares = [{11: 5}, {11: 5}, {11: 2, 12: 2, 13: 1}, fourth, {11: 7, 12: 7, 13: 6}]
    threads = [1, 3, 1, 3, 3]
    workers = [1, 1, 3, 3, 3]
    results = []
    for experiment, share, thread, worker in zip(EXPERIMENTS, shares, threads, workers, strict=True):
        of = settings(workers=worker, threads=thread, worker_class="gthread" if thread > 1 else "sync")
        result = analyse(
            served(share, threads=thread, service=2.0),
            name=experiment.name,
            path="/io?seconds=2",
            settings=of,
            promised=promised_by(of),
            workers=(11, 12, 13)[:worker],
        )
        waves = len(experiment.expected_waves)
        results.append(ExperimentResult(experiment=experiment, expected_seconds=waves * 2.0, result=result))
    return results


_EXPERIMENTS_TEXT = """\
Gunicorn 27.0.1, Python 3.11.7, the sample app, /io?seconds=2

                        requests  at once  waves          time
default: 1 sync worker  5         1        1, 1, 1, 1, 1  10.0 s  expected
                                  1        1, 1, 1, 1, 1  10.0 s  measured: as expected
1 worker × 3 threads    5         3        3, 2           4.0 s   expected
                                  3        3, 2           4.0 s   measured: as expected
3 sync workers          5         3        3, 2           4.0 s   expected
                                  3        3, 2           4.0 s   measured: as expected
3 workers × 3 threads   20        9        9, 9, 2        6.0 s   expected
                                  9        9, 5, 3, 3     8.0 s   measured: differs
the same, cured         20        9        9, 9, 2        6.0 s   expected
                                  9        9, 9, 2        6.0 s   measured: as expected

On 3 × 3: a gthread worker accepts connections although all its threads are busy (up to
worker_connections, 1000 by default), while another worker has idle threads; how the requests fall
is luck. This time worker 11 took 12 requests for its 3 threads, while worker 12 had up to 3 idle
threads for 4.0 s. With worker_connections = 3 and keepalive = 0 (Gunicorn 25 and later, behind a
proxy) each worker took only what it had threads for."""


def test_the_experiments_read_like_this() -> None:
    assert experiments_text(_experiments({11: 12, 12: 4, 13: 4}), width=100) == _EXPERIMENTS_TEXT


def test_luck_is_called_luck() -> None:
    text = experiments_text(_experiments({11: 7, 12: 7, 13: 6}), width=100, ascii_only=True)
    assert "This time they fell evenly." in text.replace("\n", " ")
    assert text.isascii()


def test_the_json_of_the_experiments_follows_its_schema() -> None:
    document = json.loads(envelope("concurrency", experiments_json(_experiments({11: 12, 12: 4, 13: 4}))))
    jsonschema.validate(document, _SCHEMA)
    assert [each["held"] for each in document["results"]] == [True, True, True, False, True]
    assert [each["must_hold"] for each in document["results"]] == [True, True, True, False, True]
