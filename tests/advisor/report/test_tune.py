"""A tuning as text, as JSON and as a file, from an executor that starts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from advisor.facts import Fact
from advisor.measure.tune.ledger import Ledger
from advisor.measure.tune.option import Option
from advisor.measure.tune.plan import option_of, tuned_plan
from advisor.measure.tune.result import PRESENT, Subject, TuneResult
from advisor.measure.tune.saved import check_same, read_saved
from advisor.measure.tune.slo import LatencyLimit
from advisor.measure.tune.space import Space
from advisor.measure.tune.tune import Announcement, Question, tune
from advisor.model.shape import limited, sync
from advisor.report import tune as report
from advisor.report.envelope import envelope
from advisor.report.tune import tune_text
from advisor.report.tune_conf import tune_conf
from advisor.report.tune_json import identity, tune_json
from advisor.report.tune_words import announcement_text, sentences
from advisor.sizing.constraints import Constraints
from advisor.units import MIB
from advisor.workload.assume import assume
from advisor.workload.cost import AppCost, MemoryCost, RequestCost
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput
from tests.advisor.hosts import make_host
from tests.advisor.measure.tune.fakes import PLAN, FakeExecutor, contender, forecast, of_forecast, settings_of
from tests.conftest import MatchesFile

_GOLDEN = Path(__file__).with_name("golden") / "tune"
_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("tune.json").read_text())
_COST = AppCost(
    request=RequestCost(
        service_seconds=0.0155,
        cpu_seconds=0.0036,
        gil_seconds=0.0036,
        handover_seconds=0.0002,
        kept_alive_saves_seconds=0.0001,
        variation=0.05,
        quantiles_seconds=tuple(0.0155 for _ in range(100)),
        response_bytes=170,
    ),
    memory=MemoryCost(
        arbiter_bytes=20 * MIB, worker_bytes=16 * MIB, thread_bytes=32 * 1024, growth_bytes_per_1000_requests=0
    ),
)
_SUBJECT = Subject(
    app="shop:app",
    directory="/srv/shop",
    python="/srv/shop/.venv/bin/python",
    gunicorn="27.0.1",
    cpus=2.0,
    memory_bytes=512 * MIB,
    requests=("/orders", "POST /orders (0.1)"),
    clients=64,
    kept_alive=False,
    max_workers=None,
    max_threads=64,
    max_db_connections=None,
    event_loops=(),
    config=None,
    present="gunicorn.conf.py",
    slo=None,
)
_FORECASTS = tuple(
    forecast(workers, threads, min(62.0 * workers * threads, 520.0))
    for workers in (1, 2, 3, 5)
    for threads in (1, 4, 8, 16)
)
_TRUTH = {one.option.name: 0.95 * one.per_second for one in _FORECASTS} | {"2 × 8 gthread": 540.0, PRESENT: 400.0}


def _memory(name: str) -> int:
    return next((one.memory_bytes for one in _FORECASTS if one.option.name == name), 90 * MIB)


def _result(budget_seconds: float = 60.0, limit: LatencyLimit | None = None, **changes: Any) -> TuneResult:
    executor = FakeExecutor(
        **{
            "truth": _TRUTH,
            "noise": 0.01,
            "memory_bytes": _memory,
            "settings": {PRESENT: settings_of(limited(4, 2))},
            **changes,
        }
    )
    question = Question(
        space=Space(forecasts=_FORECASTS, notes=("2 configurations left out: too big",)),
        search_plan=PLAN,
        confirm_plan=replace(PLAN, seconds=2.5),
        contender=of_forecast,
        rule=next(of_forecast(one) for one in _FORECASTS if one.option.name == "5 sync"),
        present=replace(contender(Option(shape=limited(4, 2)), name=PRESENT), option=None),
        limit=limit,
    )
    ledger = Ledger(executor, budget_seconds=budget_seconds, memory_bytes=512 * MIB, clock=executor.clock)
    return tune(question, ledger, announce=lambda _: None)


def _cases() -> dict[str, Callable[[], TuneResult]]:
    limit = LatencyLimit(percent=99.0, seconds=0.3, text="p99<300ms")
    return {
        "throughput": lambda: _result(),
        "present-as-good": lambda: _result(truth=_TRUTH | {PRESENT: 545.0}),
        "disqualified": lambda: _result(failing={"1 × 16 gthread": 0.3}, exited=frozenset({PRESENT})),
        "interrupted": lambda: _result(interrupt_at=2),
        "interrupted-confirming": lambda: _result(interrupt_at=9),
        "limit": lambda: _result(180.0, limit, holds_below=dict.fromkeys(_TRUTH, 380.0) | {"5 sync": 200.0}),
        "limit-never-held": lambda: _result(180.0, limit, holds_below=dict.fromkeys(_TRUTH, 0.0)),
    }


@pytest.mark.parametrize("name", _cases())
def test_a_result_reads_like_this(name: str, matches_file: MatchesFile) -> None:
    steps = [("Start it", "gunicorn shop:app")] if name == "throughput" else []
    text = tune_text(_cases()[name](), _SUBJECT, width=100, next_steps=steps)
    matches_file(text, _GOLDEN / f"{name}.txt")


def test_a_noisy_machine_is_named() -> None:
    assert any("something else uses the machine" in text for text in sentences(_result(noise=0.25)))
    assert not any("something else uses the machine" in text for text in sentences(_result()))


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("name", _cases())
def test_sentences_fit_the_width(name: str, width: int) -> None:
    lines = tune_text(_cases()[name](), _SUBJECT, width=width).splitlines()
    result = lines[lines.index("Result") :]
    assert max(map(len, result)) <= width


@pytest.mark.parametrize("name", _cases())
def test_a_narrow_terminal_gets_fewer_columns_and_no_line_that_wraps(name: str) -> None:
    text = tune_text(_cases()[name](), _SUBJECT, width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "memory" in text


@pytest.mark.parametrize("name", _cases())
def test_the_json_follows_its_schema(name: str) -> None:
    result = _cases()[name]()
    document = json.loads(envelope("tune", tune_json(result, _SUBJECT, _COST, complete=not result.interrupted)))
    jsonschema.validate(document, _SCHEMA)


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    result = _result()
    path = tmp_path / "result.json"
    path.write_text(envelope("tune", tune_json(result, _SUBJECT, _COST, complete=True)))
    saved = read_saved(path)
    assert saved.cost == _COST
    assert saved.budget_seconds == 60.0
    check_same(saved, identity(_SUBJECT), path)
    assert [run.key for run in saved.runs] == [run.key for run in result.runs]
    assert [run.throughput_per_second for run in saved.runs] == [run.throughput_per_second for run in result.runs]
    assert [run.elapsed_seconds for run in saved.runs] == [run.elapsed_seconds for run in result.runs]
    assert saved.runs[-1].settings == result.runs[-1].settings


@pytest.mark.parametrize(
    "change", [{"app": "other:app"}, {"cpus": 4.0}, {"clients": 32}, {"slo": "p99<1s"}, {"requests": ("/",)}]
)
def test_a_result_of_something_else_cannot_be_resumed(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(envelope("tune", tune_json(_result(), _SUBJECT, _COST, complete=True)))
    with pytest.raises(BadInput, match="cannot be resumed") as caught:
        check_same(read_saved(path), identity(replace(_SUBJECT, **change)), path)
    assert next(iter(change)).replace("_", " ") in caught.value.why


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "gcadvise.bench/1"}', '{"schema": "gcadvise.tune/1"}', "\xff", "{" * 10_000]
)
def test_what_is_no_result_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match="no tuning that can be resumed"):
        read_saved(path)


@pytest.mark.parametrize("damage", ["runs", "cost", "identity", "budget"])
def test_a_result_with_a_part_missing_is_refused(damage: str, tmp_path: Path) -> None:
    document = json.loads(envelope("tune", tune_json(_result(), _SUBJECT, _COST, complete=True)))
    document[damage] = "?"
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput, match="no tuning that can be resumed"):
        read_saved(path)


def test_the_file_says_what_was_measured(matches_file: MatchesFile) -> None:
    result = _result()
    assert result.decision is not None
    option = result.decision.winner.option
    assert option is not None
    plan = tuned_plan(
        make_host(memory=1024 * MIB),
        assume(Kind.MIXED),
        Constraints(),
        option,
        reason=sentences(result)[0],
        per_second=540.0,
        memory_bytes=53 * MIB,
    )
    matches_file(tune_conf(plan, _SUBJECT, measured=sentences(result)[0]), _GOLDEN / "gunicorn.conf.py.txt")


@pytest.mark.parametrize(
    ("option", "settings"),
    [
        (Option(shape=sync(5)), {"workers": 5, "worker_class": "sync", "threads": 1}),
        (Option(shape=limited(2, 8)), {"workers": 2, "threads": 8, "worker_connections": 8, "keepalive": 0}),
        (Option(shape=sync(2), event_loop="gevent"), {"workers": 2, "worker_class": "gevent"}),
    ],
)
def test_the_plan_has_the_settings_that_were_measured(option: Option, settings: dict[str, object]) -> None:
    plan = tuned_plan(
        make_host(memory=1024 * MIB),
        assume(Kind.MIXED, response_time_seconds=Fact(value=0.015, source="measured")),
        Constraints(),
        option,
        reason="measured",
        per_second=1.0,
        memory_bytes=1,
    )
    assert {name: plan.value(name) for name in settings} == settings


@pytest.mark.parametrize("shape", [sync(5), limited(2, 8)])
def test_settings_that_ran_are_the_option_that_was_started(shape: Any) -> None:
    assert option_of(settings_of(shape)).name == Option(shape=shape).name


def test_progress_says_what_is_tried_and_why() -> None:
    said: list[Announcement] = []
    executor = FakeExecutor(truth=_TRUTH, memory_bytes=_memory)
    question = Question(
        space=Space(forecasts=_FORECASTS, notes=()), search_plan=PLAN, confirm_plan=PLAN, contender=of_forecast
    )
    ledger = Ledger(executor, budget_seconds=60.0, memory_bytes=None, clock=executor.clock)
    tune(question, ledger, announce=said.append)
    lines = [announcement_text(one) for one in said]
    assert lines[0] == "search   1 × 16 gthread: predicted 520/s; the model's first choice"
    assert "% better than the best so far" in lines[1]
    assert lines[-1].startswith("confirm  ")


def test_a_percentile_that_takes_more_requests_than_there_were_is_said() -> None:
    limit = LatencyLimit(percent=99.9, seconds=0.3, text="p99.9<300ms")
    said = sentences(_result(180.0, limit, holds_below=dict.fromkeys(_TRUTH, 380.0)))
    assert any("while p99.9 takes 10,000 to be known" in sentence for sentence in said)
    enough = LatencyLimit(percent=95.0, seconds=0.3, text="p95<300ms")
    others = sentences(_result(180.0, enough, holds_below=dict.fromkeys(_TRUTH, 380.0)))
    assert not any("to be known" in sentence for sentence in others)


def test_a_winner_that_is_the_present_configuration_under_another_name_is_recognised() -> None:
    slower = _TRUTH | {PRESENT: 400.0}
    result = _result(truth=slower, settings={PRESENT: settings_of(limited(2, 8))})
    assert result.decision is not None
    assert result.decision.winner.name == "2 × 8 gthread"
    assert result.winner_is_present
    assert any("there is nothing to change" in sentence for sentence in sentences(result))
    assert tune_json(result, _SUBJECT, _COST, complete=True)["present_is_as_good"] is True
    assert not _result(truth=slower).winner_is_present
