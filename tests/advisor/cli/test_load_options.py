"""What the options of load and of the server mean, without starting anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.cli import load_options
from advisor.cli.load_options import ArrivalsName, trial_plan
from advisor.cli.server_options import serves_sample_app
from advisor.load.spec import Arrivals, ClosedLoop, Connections, OpenLoop
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.errors import BadInput


def plan(**changes: Any) -> TrialPlan:
    options: dict[str, Any] = {
        "paths": None,
        "requests": None,
        "headers": None,
        "body_file": None,
        "clients": None,
        "rate": None,
        "arrivals": ArrivalsName.poisson,
        "keep_alive": False,
        "seconds": 5.0,
        "warm_up": 2.0,
        "timeout": 35.0,
        "generators": 1,
        "seed": 0,
        "default_path": "/",
    }
    return trial_plan(**(options | changes))


def test_without_options_it_is_64_clients_on_new_connections() -> None:
    made = plan(default_path="/here")
    assert (made.loop, made.connections) == (ClosedLoop(clients=64), Connections.NEW)
    assert [(request.method, request.path) for request in made.requests] == [("GET", "/here")]


@pytest.mark.parametrize(
    ("paths", "requests", "expected"),
    [
        (["/a", "/b=3"], None, [("GET", "/a", 1.0), ("GET", "/b", 3.0)]),
        (["/mixed?ms=3"], None, [("GET", "/mixed?ms=3", 1.0)]),  # what stands behind a query's = is its own
        (None, ["/a?b=1"], [("GET", "/a?b=1", 1.0)]),
        (None, ["2.5 /a?b=1", "delete /c"], [("GET", "/a?b=1", 2.5), ("DELETE", "/c", 1.0)]),
        (["/a"], ["3 POST /b"], [("GET", "/a", 1.0), ("POST", "/b", 3.0)]),
    ],
)
def test_requests_have_methods_and_weights(
    paths: list[str] | None, requests: list[str] | None, expected: list[tuple[str, str, float]]
) -> None:
    made = plan(paths=paths, requests=requests)
    assert [(request.method, request.path, request.weight) for request in made.requests] == expected


def test_a_body_goes_with_those_that_carry_one(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x=1")
    made = plan(body_file=tmp_path / "body", requests=["POST /a", "/b"], headers=["Content-Type: text/plain"])
    assert [request.body for request in made.requests] == [b"x=1", b""]
    assert made.requests[0].headers == (("Content-Type", "text/plain"),)


@pytest.mark.parametrize(("size", "refused"), [(8, False), (9, True)])
def test_a_body_is_read_up_to_a_bound(
    size: int, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_options, "MOST_BODY_BYTES", 8)
    (tmp_path / "body").write_bytes(b"x" * size)
    if refused:
        with pytest.raises(BadInput, match="too large for a body"):
            plan(body_file=tmp_path / "body", requests=["POST /a"])
    else:
        assert len(plan(body_file=tmp_path / "body", requests=["POST /a"]).requests[0].body) == size


def test_a_rate_makes_an_open_loop() -> None:
    made = plan(rate=12.5, arrivals=ArrivalsName.constant, keep_alive=True)
    assert made.loop == OpenLoop(rate_per_second=12.5, arrivals=Arrivals.CONSTANT)
    assert made.connections is Connections.KEPT_ALIVE


@pytest.mark.parametrize(
    ("arguments", "config", "environment", "sample"),
    [
        (("-w", "4"), None, {}, True),
        (("-w", "4", "shop:app"), None, {}, False),
        (("--paste", "x.ini"), None, {}, False),
        (("-c", "own.py"), None, {}, False),
        (("--config=plain.py",), None, {}, True),
        ((), "plain.py", {}, True),
        ((), "own.py", {}, False),
        ((), None, {"GUNICORN_CMD_ARGS": "--workers 4"}, True),
        ((), None, {"GUNICORN_CMD_ARGS": "shop:app"}, False),
    ],
)
def test_the_sample_app_is_told_from_what_names_another(
    arguments: tuple[str, ...], config: str | None, environment: dict[str, str], sample: bool, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text("wsgi_app = 'shop:app'\n")
    (tmp_path / "plain.py").write_text("workers = 4\n")
    spec = ServerSpec(
        arguments=arguments,
        config=None if config is None else tmp_path / config,
        chdir=tmp_path,
        environment=environment,
    )
    assert serves_sample_app(spec) is sample


def test_a_configuration_that_gunicorn_finds_by_itself_is_seen(tmp_path: Path) -> None:
    assert serves_sample_app(ServerSpec(chdir=tmp_path))
    (tmp_path / "gunicorn.conf.py").write_text("wsgi_app = 'shop:app'\n")
    assert not serves_sample_app(ServerSpec(chdir=tmp_path))
