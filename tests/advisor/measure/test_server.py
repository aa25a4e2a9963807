"""Real Gunicorn, started for the length of a block; nothing of it may stay."""

from __future__ import annotations

import socket
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.measure.burst import send_at_once
from advisor.measure.server import running_server
from advisor.measure.server_spec import ServerSpec, own_environment
from gunicorn_conf.errors import BadInput, ServerFailed

LeftBehind = Callable[[], list[str]]


@pytest.fixture
def spec(project: Path, environment: dict[str, str]) -> ServerSpec:
    return ServerSpec(app="shop:quick", chdir=project, environment=environment)


def _refuses_connections(url: str) -> bool:
    target = urllib.parse.urlsplit(url)
    with socket.socket() as client:
        return client.connect_ex((str(target.hostname), target.port or 0)) != 0


def test_it_answers_within_the_block_and_is_gone_after_it(spec: ServerSpec, left_behind: LeftBehind) -> None:
    with running_server(spec) as server:
        assert [answer.status for answer in send_at_once(server.url, 3)] == [200, 200, 200]
        url = server.url
    assert left_behind() == []
    assert _refuses_connections(url)


def test_the_settings_in_effect_are_reported(spec: ServerSpec) -> None:
    arguments = ("--workers", "2", "--threads", "4", "--worker-connections", "9", "--keep-alive", "7")
    with running_server(replace(spec, arguments=arguments)) as server:
        settings = server.settings
        assert len(server.worker_pids) == settings.workers == 2
    assert (settings.threads, settings.worker_class, settings.worker_connections, settings.keepalive) == (
        4,
        "gthread",
        9,
        7,
    )
    assert settings.app == "shop:quick"


def test_handlers_are_observed_in_the_worker_that_ran_them(spec: ServerSpec) -> None:
    with running_server(replace(spec, arguments=("--workers", "2"))) as server:
        answers = send_at_once(server.url, 4)
        handlers = server.handler_times(4, timeout_seconds=10)
        assert {times.worker for times in handlers.values()} <= set(server.worker_pids)
    for answer in answers:
        times = handlers[answer.number]
        assert times.finished_seconds is not None
        assert answer.sent_seconds <= times.started_seconds <= times.finished_seconds


def test_the_default_app_is_the_sample_app_without_any_configuration_nearby(environment: dict[str, str]) -> None:
    with running_server(ServerSpec(environment=environment)) as server:
        assert (server.settings.app, server.settings.config_file) == ("sample_app:app", None)
        assert send_at_once(server.url + "/healthz", 1)[0].status == 200


def test_a_users_package_of_the_same_name_is_used_when_it_is_named(spec: ServerSpec, project: Path) -> None:
    (project / "sample_app.py").write_text("from shop import failing as app\n")
    with running_server(replace(spec, app="sample_app:app")) as server:
        assert send_at_once(server.url + "/healthz", 1)[0].status == 500
    with running_server(replace(spec, app=None)) as server:
        assert send_at_once(server.url + "/healthz", 1)[0].status == 200


def test_a_configuration_is_read_as_gunicorn_reads_it(spec: ServerSpec, project: Path) -> None:
    (project / "gunicorn.conf.py").write_text("workers = 2\nwsgi_app = 'shop:quick'\n")
    with running_server(replace(spec, app=None)) as server:
        assert (server.settings.workers, server.settings.app) == (2, "shop:quick")
        assert Path(str(server.settings.config_file)).name == "gunicorn.conf.py"


def test_the_users_hooks_still_run(spec: ServerSpec, project: Path) -> None:
    hooks = (
        "when_ready(server)",
        "post_fork(server, worker)",
        "post_worker_init(worker)",
        "child_exit(server, worker)",
    )
    lines = ["from pathlib import Path"]
    for hook in hooks:
        lines += [f"def {hook}:", f"    Path({str(project)!r}, {hook.partition('(')[0]!r}).touch()"]
    (project / "hooks.py").write_text("\n".join(lines))
    with running_server(replace(spec, config=project / "hooks.py")):
        pass
    assert {"when_ready", "post_fork", "post_worker_init", "child_exit"} <= {path.name for path in project.iterdir()}


def test_a_configuration_that_daemonizes_and_logs_to_files_does_neither(
    spec: ServerSpec, project: Path, left_behind: LeftBehind
) -> None:
    (project / "conf.py").write_text(
        "daemon = True\nbind = '0.0.0.0:1'\npidfile = 'pid'\naccesslog = 'access'\nerrorlog = 'error'\nreload = True\n"
    )
    with running_server(replace(spec, config=project / "conf.py")) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert send_at_once(server.url, 1)[0].status == 200
    assert left_behind() == []
    assert {"pid", "access", "error"}.isdisjoint(path.name for path in project.iterdir())


def test_workers_with_listeners_of_their_own_share_one_port(spec: ServerSpec) -> None:
    with running_server(replace(spec, arguments=("--workers", "2", "--reuse-port"))) as server:
        assert [answer.status for answer in send_at_once(server.url, 8)] == [200] * 8


def test_the_app_does_not_see_the_launchers_neighbours(spec: ServerSpec) -> None:
    with running_server(replace(spec, app="shop:neighbours")) as server:
        assert send_at_once(server.url, 1)[0].status == 200


def test_asgi_workers_serve_unobserved(spec: ServerSpec) -> None:
    pytest.importorskip("gunicorn.workers.gasgi", reason="this Gunicorn has no ASGI worker")
    with running_server(replace(spec, app="shop:asynchronous", arguments=("-k", "asgi"))) as server:
        assert (server.settings.worker_class, server.observed) == ("asgi", False)
        assert send_at_once(server.url, 2)[0].status == 200
        assert server.handler_times(2, timeout_seconds=10) == {}


def test_a_handler_that_never_answers_is_killed(spec: ServerSpec, left_behind: LeftBehind) -> None:
    with running_server(replace(spec, app="shop:hanging")) as server:
        (answer,) = send_at_once(server.url, 1, timeout_seconds=0.3)
        assert answer.error == "timeout"
        assert server.handler_times(1, timeout_seconds=0)[0].finished_seconds is None
    assert left_behind() == []


def test_children_of_the_app_that_left_its_session_are_killed(spec: ServerSpec, left_behind: LeftBehind) -> None:
    with running_server(replace(spec, app="shop:breeding")) as server:
        assert [answer.status for answer in send_at_once(server.url, 2)] == [200, 200]
        assert sum("SIG_IGN" in command for command in left_behind()) == 2
    assert left_behind() == []


def test_an_exception_in_the_block_leaves_nothing(spec: ServerSpec, left_behind: LeftBehind) -> None:
    with pytest.raises(RuntimeError, match="of our own"), running_server(spec):
        raise RuntimeError("of our own")
    assert left_behind() == []


@pytest.mark.parametrize(
    ("app", "arguments", "said"),
    [
        ("shop:missing", (), "Failed to find attribute 'missing' in 'shop'"),
        ("no_such_module:app", (), "No module named 'no_such_module'"),
        ("shop:quick", ("--no-such-flag",), "unrecognized arguments: --no-such-flag"),
        ("shop:quick", ("--worker-class", "no.such.Worker"), "no.such.Worker"),
        ("no_such_module:app", ("--preload",), "No module named 'no_such_module'"),
    ],
)
def test_a_server_that_does_not_start_shows_its_log(
    spec: ServerSpec, left_behind: LeftBehind, app: str, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ServerFailed) as raised, running_server(replace(spec, app=app, arguments=arguments)):
        pytest.fail("it started")
    assert said in raised.value.log
    assert left_behind() == []


def test_a_server_that_takes_too_long_to_start_is_given_up(
    spec: ServerSpec, project: Path, left_behind: LeftBehind
) -> None:
    (project / "slow.py").write_text("import time\ntime.sleep(3600)\n")
    with pytest.raises(ServerFailed) as raised, running_server(replace(spec, app="slow:app"), start_seconds=1):
        pytest.fail("it started")
    assert raised.value.why == "not every worker was ready after 1 s"
    assert left_behind() == []


def test_workers_that_end_as_soon_as_they_start_are_given_up(
    spec: ServerSpec, project: Path, left_behind: LeftBehind
) -> None:
    (project / "conf.py").write_text("import os\ndef post_worker_init(worker):\n    os._exit(1)\n")
    with pytest.raises(ServerFailed) as raised, running_server(replace(spec, config=project / "conf.py")):
        pytest.fail("it started")
    assert raised.value.why == "its workers end as soon as they have started"
    assert left_behind() == []


def test_a_python_or_a_directory_that_is_not_there_is_said(spec: ServerSpec, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be run"), running_server(replace(spec, python="/no/such/python")):
        pytest.fail("it started")
    with pytest.raises(BadInput, match="is not a directory"), running_server(replace(spec, chdir=tmp_path / "none")):
        pytest.fail("it started")


def test_variables_that_configure_gunicorn_do_not_reach_our_own_measurements() -> None:
    given = {"WEB_CONCURRENCY": "9", "PORT": "1", "GUNICORN_CMD_ARGS": "-w 9", "FORWARDED_ALLOW_IPS": "*", "HOME": "/h"}
    assert own_environment(given) == {"HOME": "/h"}


def test_variables_that_configure_gunicorn_do_reach_the_users_server(spec: ServerSpec) -> None:
    environment = {**spec.environment, "WEB_CONCURRENCY": "2", "GUNICORN_CMD_ARGS": "--threads 3"}
    with running_server(replace(spec, environment=environment)) as server:
        assert (server.settings.workers, server.settings.threads) == (2, 3)
