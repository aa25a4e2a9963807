"""What tune makes of the app, the limits and the user's own configuration."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.app_input import AppInput
from advisor.cli.tune_input import Present, check_reachable, event_loops, make_question
from advisor.load.spec import LoadRequest
from advisor.measure.server_spec import ServerSpec
from advisor.measure.tune.slo import LatencyLimit
from advisor.measure.tune.space import Limits
from advisor.measure.tune.tune import Question
from advisor.units import MIB
from gunicorn_conf.errors import BadInput
from tests.advisor.hosts import make_host
from tests.advisor.model.costs import MIXED

_LIMITS = Limits(cpus=2.0, clients=64, memory_bytes=None, db_connections=None, max_workers=None, max_threads=64)


def _app(directory: Path, *, is_asgi: bool = False) -> AppInput:
    return AppInput(
        target="shop:app",
        server=ServerSpec(app="shop:app", chdir=directory, python=sys.executable, environment={}),
        is_asgi=is_asgi,
        is_sample=False,
        framework=None,
        requests=(LoadRequest(),),
        words=("shop:app",),
    )


def _question(app: AppInput, limits: Limits = _LIMITS, **given: Any) -> Question:
    usual: dict[str, Any] = {"present": None, "limit": None, "loops": (), "timeout_seconds": 10.0}
    return make_question(app, make_host(), MIXED, limits, budget_seconds=60.0, **{**usual, **given})


def test_an_asgi_app_is_tried_on_a_class_that_serves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.cli.tune_input.asgi_worker_class", lambda _: "uvicorn_worker.UvicornWorker")
    app = _app(tmp_path, is_asgi=True)
    loops = event_loops(app, allow_gevent=False)
    question = _question(app, loops=loops)
    options = [forecast.option for forecast in question.space.forecasts]
    assert {option.event_loop for option in options} == {"uvicorn_worker.UvicornWorker"}
    assert question.rule is None
    assert "sync workers do not serve an ASGI app" in " ".join(question.space.notes)


@pytest.mark.parametrize(
    ("arguments", "config", "expected"),
    [
        (("-w", "4"), "", ("--worker-class", "asgi", "-w", "4")),
        (("-w", "4", "-k", "uvicorn_worker.UvicornWorker"), "", ("-w", "4", "-k", "uvicorn_worker.UvicornWorker")),
        (("-w", "4"), "worker_class = 'asgi'\n", ("-w", "4")),
    ],
)
def test_a_present_configuration_of_an_asgi_app_gets_a_class_where_it_names_none(
    arguments: tuple[str, ...], config: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(config)
    present = Present(config=None, arguments=arguments, shown="")
    question = _question(_app(tmp_path, is_asgi=True), loops=("asgi",), present=present)
    assert question.present is not None
    assert isinstance(question.present.candidate.server, ServerSpec)
    assert question.present.candidate.server.arguments == expected


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (replace(_LIMITS, max_workers=4), "--max-workers is 4"),
        (replace(_LIMITS, db_connections=3), "--max-db-connections is 3"),
        (replace(_LIMITS, memory_bytes=90 * MIB), "it would need 100 MiB, and 90 MiB may be used"),
    ],
)
def test_the_rule_is_not_started_and_cannot_win_where_it_breaks_a_limit(
    limits: Limits, why: str, tmp_path: Path
) -> None:
    question = _question(_app(tmp_path), limits)
    assert question.rule is None
    assert f"the (2 × cores) + 1 rule, 5 sync, is left out: {why}" in question.space.notes


def test_within_the_limits_the_rule_is_compared(tmp_path: Path) -> None:
    question = _question(_app(tmp_path))
    assert question.rule is not None
    assert question.rule.name == "5 sync"


def test_threads_that_were_seen_to_fail_are_said_to_be_left_out(tmp_path: Path) -> None:
    question = _question(_app(tmp_path), replace(_LIMITS, max_threads=1), threads_fail="with 4 threads 9 of 9 failed")
    assert all(forecast.option.threads == 1 for forecast in question.space.forecasts)
    assert "with 4 threads 9 of 9 failed" in " ".join(question.space.notes)


def test_a_limit_below_what_one_request_takes_is_said_before_anything_is_measured() -> None:
    with pytest.raises(BadInput, match="no rate can hold p99<5ms") as refused:
        check_reachable(LatencyLimit(percent=99.0, seconds=0.005, text="p99<5ms"), MIXED)
    assert "16.2 ms" in refused.value.why


def test_a_limit_that_one_request_keeps_is_tried() -> None:
    check_reachable(LatencyLimit(percent=99.0, seconds=0.02, text="p99<20ms"), MIXED)
    check_reachable(None, MIXED)
