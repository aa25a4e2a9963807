"""The whole check, on real Gunicorn: what is promised, what is served, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.measure.check import check_concurrency, check_path, check_url
from advisor.measure.concurrency import ConcurrencyResult
from advisor.measure.server import running_server
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.errors import BadInput, ServerFailed

LeftBehind = Callable[[], list[str]]


def _check(
    *arguments: str, requests: int, path: str = "/io?seconds=0.5", timeout: float = 30, **spec: object
) -> ConcurrencyResult:
    return check_concurrency(
        ServerSpec(arguments=arguments, **spec),  # type: ignore[arg-type]
        path=path,
        requests=requests,
        timeout_seconds=timeout,
        name="test",
        progress=lambda _: None,
    )


def test_one_sync_worker_serves_one_after_the_other() -> None:
    result = _check(requests=3, path="/io?seconds=0.2")
    assert (result.kept, result.promised, result.served_at_once, result.waves) == (True, 1, 1, (1, 1, 1))
    assert result.total_seconds >= 0.6


def test_three_threads_serve_three_at_once() -> None:
    result = _check("--threads", "3", requests=5)
    assert (result.kept, result.served_at_once, result.waves) == (True, 3, (3, 2))


def test_three_workers_serve_three_at_once() -> None:
    result = _check("--workers", "3", requests=5)
    assert (result.kept, result.served_at_once, result.waves) == (True, 3, (3, 2))
    assert len(result.requests_per_worker) == 3


def test_three_by_three_cured_serves_nine_nine_two() -> None:
    # a second each: on a busy machine an idle thread may wait for a CPU for a fifth of it
    options = ("--workers", "3", "--threads", "3", "--worker-connections", "3", "--keep-alive", "0")
    result = _check(*options, requests=20, path="/io?seconds=1")
    assert (result.kept, result.promised, result.served_at_once, result.waves) == (True, 9, 9, (9, 9, 2))
    assert min(result.requests_per_worker.values()) >= 6  # two full waves each, then who comes first


def test_a_worker_that_is_kept_from_accepting_breaks_the_promise_and_is_named(tmp_path: Path) -> None:
    # Gunicorn's default leaves the shares to luck; here one worker stops accepting once it has answered a request.
    (tmp_path / "conf.py").write_text(
        "def stop(worker):\n"
        "    worker.set_accept_enabled(False)\n"
        "    worker.set_accept_enabled = lambda enabled: None\n"
        "def post_request(worker, req, environ, resp):\n"
        "    if worker.age == 1:\n"
        "        worker.method_queue.defer(stop, worker)\n"
    )
    result = _check("--workers", "2", "--threads", "2", requests=8, config=tmp_path / "conf.py")
    assert result.kept is False
    assert result.promised == 4
    assert result.served_at_once == 2
    idle = next(pid for pid in result.workers if pid not in result.requests_per_worker)
    assert f"while worker {idle} had up to 2 idle threads" in result.reason
    assert result.cure.startswith("behind a proxy, set worker_connections = 2 and keepalive = 0")


def test_what_gunicorns_default_serves_on_three_by_three_is_judged_by_its_own_times() -> None:
    result = _check("--workers", "3", "--threads", "3", requests=20, path="/io?seconds=0.4")
    assert sum(result.waves) == sum(result.requests_per_worker.values()) == 20
    assert result.served_at_once <= 9
    # whether it is kept is luck; what is said must agree with it
    assert (result.kept is True) == (result.reason == "")
    if result.waves == (9, 9, 2):
        assert result.kept is True
    if max(result.requests_per_worker.values()) > 9:
        assert result.kept is False


def test_a_handler_that_never_answers_is_counted_and_ended(
    project: Path, environment: dict[str, str], left_behind: LeftBehind
) -> None:
    result = _check(requests=3, path="/", timeout=0.5, app="shop:hanging", chdir=project, environment=environment)
    assert result.kept is False
    assert result.reason == "3 of 3 requests got no answer (timeout: 3)"
    assert result.served_at_once == 1
    assert left_behind() == []


def test_workers_that_die_are_said_with_the_log(project: Path) -> None:
    result = _check(requests=2, path="/", app="shop:dying", chdir=project)
    assert result.kept is False
    assert "2 of 2 requests got no answer (connection broken: 2)" in result.reason
    assert "ended while requests ran" in result.reason
    assert "Booting worker" in result.log


def test_an_app_that_fails_is_said(project: Path) -> None:
    result = _check(requests=2, path="/", app="shop:failing", chdir=project)
    assert (result.kept, result.reason) == (False, "the app answered 500 to 2 of 2 requests")
    assert "no luck" in result.log


def test_asgi_is_estimated_and_promises_no_number(project: Path) -> None:
    result = _check("-k", "asgi", requests=4, path="/", app="shop:asynchronous", chdir=project)
    assert (result.kept, result.promised, result.served_at_once, result.is_estimated) == (None, None, 4, True)


def test_a_server_that_already_runs_is_held_to_the_number_given(environment: dict[str, str]) -> None:
    spec = ServerSpec(arguments=("--threads", "3"), environment=environment)
    with running_server(replace(spec)) as server:
        result = check_url(
            server.url + "/io?seconds=0.4",
            requests=3,
            timeout_seconds=30,
            promised=3,
            verify_certificate=False,
            progress=lambda _: None,
        )
    assert (result.kept, result.served_at_once, result.is_estimated) == (True, 3, True)


def test_an_address_where_nothing_answers_is_said() -> None:
    with pytest.raises(ServerFailed, match="nothing answers at"):
        check_url(
            "http://127.0.0.1:1/",
            requests=2,
            timeout_seconds=5,
            promised=None,
            verify_certificate=False,
            progress=lambda _: None,
        )


@pytest.mark.parametrize("path", ["io", "http://example.com/", "//example.com/x", "/a b", "/x#y", ""])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadInput, match="is not a path"):
        check_path(path)
