"""Real Gunicorn, started for the length of a block; nothing of it may stay."""

from __future__ import annotations

import os
import socket
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, LoadSpec
from advisor.measure.bench.pinning import own_cpus
from advisor.measure.burst import send_at_once
from advisor.measure.request_counters import RequestCounters
from advisor.measure.server import START_SECONDS, RunningServer, running_server
from advisor.measure.server_events import ServerEvents
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


@pytest.mark.parametrize(
    "arguments", [(), ("--threads", "3"), ("--preload",), ("--threads", "2", "--reuse-port")], ids=" ".join
)
def test_requests_are_counted_by_the_worker_that_begins_them(spec: ServerSpec, arguments: tuple[str, ...]) -> None:
    with running_server(replace(spec, arguments=("--workers", "2", *arguments))) as server:
        assert server.requests_served() == dict.fromkeys(server.worker_pids, 0)
        send_at_once(server.url, 20)
        served = server.requests_served()
        assert served is not None
        assert (set(served), sum(served.values())) == (set(server.worker_pids), 20)


def test_no_request_is_lost_to_the_count_between_the_threads_of_a_worker(spec: ServerSpec) -> None:
    with running_server(replace(spec, arguments=("--threads", "16"))) as server:
        load = LoadSpec(url=server.url, loop=ClosedLoop(clients=16), seconds=30, most_requests=2000)
        result = run_load(load)
        assert server.requests_served() == {server.worker_pids[0]: 2000}
    assert result.samples.kinds() == {Kind.ANSWERED: 2000}


def test_a_worker_that_ended_stays_in_the_count_beside_its_successor(spec: ServerSpec) -> None:
    with running_server(replace(spec, arguments=("--max-requests", "10"))) as server:
        (first,) = server.worker_pids
        for _ in range(12):  # the questions whether it is ready are requests to Gunicorn too
            send_at_once(server.url, 1)
        served = server.requests_served()
        assert served is not None
        assert first in served
        assert (len(served), sum(served.values())) == (2, 12)


def test_the_start_is_timed_and_the_arbiter_known(spec: ServerSpec) -> None:
    with running_server(spec) as server:
        assert 0 < server.start_seconds < START_SECONDS
        workers = [child.pid for child in psutil.Process(server.arbiter_pid).children()]
        assert tuple(workers) == server.worker_pids


@pytest.mark.skipif(len(own_cpus()) < 2, reason="less than two CPUs: none can be kept from the server")
def test_a_server_can_be_kept_to_some_cpus_which_its_configuration_does_not_count(
    spec: ServerSpec, project: Path
) -> None:
    cpus = own_cpus()
    (project / "conf.py").write_text("import os\nworkers = len(os.sched_getaffinity(0))\n")
    with running_server(replace(spec, config=project / "conf.py"), cpus={min(cpus)}) as server:
        assert server.settings.workers == len(cpus)
        for pid in (server.arbiter_pid, *server.worker_pids):
            assert psutil.Process(pid).cpu_affinity() == [min(cpus)]
    assert own_cpus() == cpus


def test_worker_classes_that_cannot_be_counted_say_so(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    events = ServerEvents(reader)
    counters = RequestCounters()
    try:
        os.write(writer, b'{"event": "booted", "pid": 7, "observed": false, "counted": false}\n')
        assert events.wait_for(lambda: bool(events.workers), 10)
        with (tmp_path / "log").open("wb+") as log:
            assert RunningServer(events, counters, log).requests_served() is None
    finally:
        os.close(writer)
        events.close(10)
        counters.close()


def test_asgi_workers_serve_unobserved_but_counted(spec: ServerSpec) -> None:
    pytest.importorskip("gunicorn.workers.gasgi", reason="this Gunicorn has no ASGI worker")
    with running_server(replace(spec, app="shop:asynchronous", arguments=("-k", "asgi"))) as server:
        assert (server.settings.worker_class, server.observed) == ("asgi", False)
        assert send_at_once(server.url, 2)[0].status == 200
        assert server.handler_times(2, timeout_seconds=10) == {}
        assert server.requests_served() == {server.worker_pids[0]: 2}


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
