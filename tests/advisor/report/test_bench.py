"""A bench as text and as JSON, from made-up trials."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from advisor.load.samples import Kind, outcome
from advisor.load.spec import Arrivals, Connections, LoadRequest, OpenLoop
from advisor.measure.bench.bench import Bench
from advisor.measure.bench.result import BenchResult, assess
from advisor.measure.bench.trial import Candidate, Trial
from advisor.measure.statistics.thresholds import parse_threshold
from advisor.report import bench as report
from advisor.report.bench import bench_text, load_text
from advisor.report.bench_json import bench_json
from advisor.report.charts import ASCII
from advisor.report.envelope import envelope
from tests.advisor.measure.bench.trials import (
    CANDIDATE,
    CLOSED,
    OK,
    OPEN,
    RUNNING,
    closed_trial,
    open_trial,
    overloaded_trial,
)
from tests.conftest import MatchesFile

_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("bench.json").read_text())
_GOLDEN = Path(__file__).with_name("golden") / "bench"


def _result(
    *trials: Trial,
    candidate: Candidate = CANDIDATE,
    thresholds: tuple[str, ...] = (),
    interrupted: bool = False,
    restarts: int = 3,
) -> BenchResult:
    plan = trials[0].plan if trials else CLOSED
    bench = Bench(candidate=candidate, plan=plan, restarts=restarts, trials=trials, interrupted=interrupted)
    return assess(bench, thresholds=[parse_threshold(text) for text in thresholds], cpus=2.0)


def _remote(rate: float = 500) -> Trial:
    return closed_trial(rate, settings=None, use=None, requests_per_worker=None)


_FAILING = [OK] * 18 + [outcome(Kind.SERVER_ERROR, 500), outcome(Kind.TIMEOUT)]
_RESULTS = {
    "closed": _result(*(closed_trial(rate) for rate in (498, 512, 507)), thresholds=("p95<250ms", "throughput>600")),
    "open": _result(*[open_trial()] * 3, thresholds=("p99.9<80ms",)),
    "overloaded": _result(*[overloaded_trial()] * 3, thresholds=("p95<250ms",)),
    "failing": _result(*(closed_trial(rate, codes=_FAILING, exited_workers=2) for rate in (300, 512, 400))),
    "running": _result(_remote(), candidate=RUNNING, interrupted=True),
    "few": _result(closed_trial(62, workers=1, threads=1, cpus=0.2), restarts=1),
    "nothing": _result(),
}


@pytest.mark.parametrize("name", _RESULTS)
def test_the_text_reads_like_this(name: str, matches_file: MatchesFile) -> None:
    matches_file(bench_text(_RESULTS[name], width=100) + "\n", _GOLDEN / f"{name}.txt")


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", _RESULTS)
def test_every_line_fits(name: str, width: int) -> None:
    assert max(map(len, bench_text(_RESULTS[name], width=width).splitlines())) <= width


def test_in_a_narrow_terminal_percentiles_stand_below_one_another(matches_file: MatchesFile) -> None:
    trials = [open_trial(4000, windows=(1000,) * 40, seconds=10.0, plan=replace(OPEN, seconds=10.0))] * 3
    text = bench_text(_result(*trials), width=60)
    assert max(map(len, text.splitlines())) <= 60
    matches_file(text + "\n", _GOLDEN / "narrow.txt")


def test_a_long_run_is_called_as_long_as_it_is() -> None:
    plan = replace(CLOSED, seconds=120.0, warm_up_seconds=100.0)
    assert "3 starts of 120 s, each after 100 s of warm-up or more" in bench_text(
        _result(closed_trial(plan=plan)), width=100
    )


def test_where_nothing_was_answered_the_throughput_is_0_without_an_interval() -> None:
    refused = [closed_trial(500, codes=[outcome(Kind.CLIENT_ERROR, 404)])] * 3
    assert "  Throughput  0 requests/s\n" in bench_text(_result(*refused), width=100)


@pytest.mark.parametrize("name", _RESULTS)
def test_ascii_has_no_other_characters(name: str) -> None:
    text = bench_text(_RESULTS[name], width=100, marks=ASCII)
    assert text.isascii()
    assert "?" not in text.replace("/mixed?", "")


@pytest.mark.parametrize("name", _RESULTS)
def test_the_json_follows_its_schema(name: str) -> None:
    jsonschema.validate(json.loads(envelope("bench", bench_json(_RESULTS[name]))), _SCHEMA)


def test_the_json_has_what_other_programs_rely_on() -> None:
    document = json.loads(envelope("bench", bench_json(_RESULTS["closed"])))
    assert document["schema"] == "gcadvise.bench/1"
    assert document["throughput_rps"] == {
        "mean": pytest.approx(505.67, abs=0.01),
        "low": pytest.approx(488.0, abs=0.5),
        "high": pytest.approx(523.3, abs=0.5),
        "basis": "between restarts",
        "values": 3,
    }
    assert document["latency_ms"]["p95"] == pytest.approx(141.4, abs=0.1)
    assert (document["samples"], document["errors"]["total"]) == (7585, 0)
    assert document["server"]["cpu_seconds"] == pytest.approx(28.5)
    assert document["server"]["pss_bytes"] == 120 * 1024 * 1024
    assert (document["generator"]["valid"], document["valid"], document["partial"]) == (True, True, False)
    assert document["bound"]["by"] == "CPUs"
    assert [each["throughput_rps"] for each in document["restarts"]] == [498.0, 512.0, pytest.approx(507.0)]
    assert sum(bucket["samples"] for bucket in document["histogram"]) == 7585
    assert [each["outcome"] for each in document["thresholds"]] == ["kept", "missed"]
    assert document["predicted"] is None


def test_an_overload_has_no_percentiles_in_json_either() -> None:
    document = json.loads(envelope("bench", bench_json(_RESULTS["overloaded"])))
    assert (document["overloaded"], document["valid"], document["latency_ms"]) == (True, False, None)
    assert document["backlog_growth_rps"] == pytest.approx(100, rel=0.05)
    assert [each["latency_ms"] for each in document["restarts"]] == [None] * 3
    assert [doubt["code"] for doubt in document["doubts"] if doubt["severity"] == "invalid"] == ["overloaded"]


def test_runs_of_a_server_that_was_not_restarted_are_called_that() -> None:
    shown = _result(*(_remote(rate) for rate in (490, 500, 510)), candidate=RUNNING)
    assert "between 3 runs" in bench_text(shown, width=120)
    document = json.loads(envelope("bench", bench_json(shown)))
    assert document["throughput_rps"]["basis"] == "between runs"
    assert (document["config"]["url"], document["config"]["gunicorn"]) == ("http://127.0.0.1:8000", None)


def test_values_of_headers_are_not_kept() -> None:
    request = LoadRequest(path="/", headers=(("Authorization", "Bearer secret"),))
    plan = replace(CLOSED, requests=(request,))
    shown = envelope("bench", bench_json(_result(closed_trial(plan=plan))))
    assert "secret" not in shown
    assert "Authorization" in shown


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (CLOSED, "64 clients, a new connection for each request, GET /mixed?ms=3&seconds=0.012"),
        (
            replace(CLOSED, connections=Connections.KEPT_ALIVE, requests=(LoadRequest(),)),
            "64 clients, kept-alive connections, GET /",
        ),
        (
            replace(OPEN, requests=(LoadRequest(path="/a", weight=3), LoadRequest(path="/b", method="POST"))),
            "400 requests/s (Poisson arrivals), a new connection for each request, GET /a (75 %), POST /b (25 %)",
        ),
        (
            replace(
                OPEN, loop=OpenLoop(rate_per_second=0.5, arrivals=Arrivals.CONSTANT), requests=(LoadRequest(),) * 5
            ),
            "0.500 requests/s (constant arrivals), a new connection for each request, 5 kinds of requests",
        ),
    ],
)
def test_the_load_is_said_in_words(plan: object, text: str) -> None:
    assert load_text(plan) == text  # type: ignore[arg-type]
