"""What is written for App Service, started as App Service starts it; and the traps, each shown by the wrong variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.report.startup_conf import startup_conf
from advisor.sizing.asgi import for_asgi
from advisor.sizing.constraints import Constraints
from advisor.workload.workload import Kind
from gunicorn_conf.write.startup import App, AppKind, Options, Scaling, Server
from gunicorn_conf.write.startups.app_service import STARTUP_COMMAND, app_service
from tests.advisor.hosts import make_host, make_plan
from tests.gunicorn_conf.write.startups.app_service_image import ASGI_APP, WSGI_APP, needs_namespaces, started
from tests.gunicorn_conf.write.startups.servers import make_server
from tests.releases import release_python

pytestmark = [pytest.mark.slow, needs_namespaces()]

CONSTRAINTS = Constraints()
# Small enough for any machine: 3 workers with 2 threads.
PLAN = make_plan(Kind.IO_BOUND, host=make_host(cpus=1.0, platform="app-service", described=True), concurrency=6)
ASGI_RELEASE = "27.0.1"


def wsgi_server() -> Server:
    return make_server("app-service", target="app:app", conf=startup_conf(PLAN, CONSTRAINTS, AppKind.WSGI))


def wwwroot(server: Server, options: Options | None = None) -> dict[str, str]:
    made = app_service(server, options or Options())
    return {"app.py": WSGI_APP} | {file.path: file.text for file in made.files}


def test_the_app_answers_on_port_with_the_written_configuration_in_force(tmp_path: Path) -> None:
    with started(tmp_path, wwwroot(wsgi_server()), STARTUP_COMMAND) as instance:
        assert instance.get("/") == (200, b"done")
        assert "gunicorn of antenv\n" in instance.log
        found = instance.settings()
    for name in (
        "workers",
        "threads",
        "worker_class",
        "worker_connections",
        "keepalive",
        "timeout",
        "graceful_timeout",
    ):
        assert found[name] == str(PLAN.value(name)), name
    assert found["bind"] == f"['0.0.0.0:{instance.port}']"
    assert (found["accesslog"], found["errorlog"]) == ("-", "-")
    assert found["config"] == f"{instance.home}/gunicorn.conf.py"
    assert found["control_socket_disable"] == "True"
    assert found["forwarded_allow_ips"] == "['*']"
    assert found["graceful_timeout"] == "4"
    assert found["worker_tmp_dir"] in ("/dev/shm", "None")


def test_sigterm_lets_requests_in_flight_finish(tmp_path: Path) -> None:
    with started(tmp_path, wwwroot(wsgi_server()), STARTUP_COMMAND) as instance:
        assert "gunicorn" in " ".join(instance.first.cmdline())
        thread, answers = instance.begin_slow_request()
        instance.terminate()
        instance.wait_for("Handling signal: term")
        instance.finish_slow_request()
        thread.join(60)
        assert answers == [(200, b"done")]
        assert instance.process.wait(60) == 0


def test_the_number_of_workers_can_be_found_when_it_starts(tmp_path: Path) -> None:
    scaling = Scaling(per_cpu=2, plus=1, most=2, memory_share=0.85, arbiter_bytes=20 * 2**20, worker_bytes=10 * 2**20)
    with started(tmp_path, wwwroot(wsgi_server(), Options(scaling=scaling)), STARTUP_COMMAND) as instance:
        assert instance.settings()["workers"] == "2"
        assert any("startup.sh: 2 workers for" in line for line in instance.log)


def test_an_app_setting_gives_the_number_of_workers(tmp_path: Path) -> None:
    scaling = Scaling(per_cpu=2, plus=1, most=None, memory_share=0.85, arbiter_bytes=0, worker_bytes=2**20)
    files = wwwroot(wsgi_server(), Options(scaling=scaling))
    with started(tmp_path, files, STARTUP_COMMAND, settings={"WEB_CONCURRENCY": "1"}) as instance:
        assert instance.settings()["workers"] == "1"


def test_an_asgi_app_starts_and_drains(tmp_path: Path) -> None:
    python = release_python(ASGI_RELEASE, extra=("uvicorn", "uvicorn-worker"))
    plan = for_asgi(PLAN, CONSTRAINTS)
    app = App(target="app:app", kind=AppKind.ASGI, framework="fastapi", source="given by the test")
    server = make_server("app-service", app=app, conf=startup_conf(plan, CONSTRAINTS, AppKind.ASGI))
    files = wwwroot(server) | {"app.py": ASGI_APP}
    with started(tmp_path, files, STARTUP_COMMAND, path=str(python.parent)) as instance:
        found = instance.settings()
        assert (found["worker_class"], found["workers"]) == ("uvicorn_worker.UvicornWorker", "1")
        thread, answers = instance.begin_slow_request()
        instance.terminate()
        instance.wait_for("Handling signal: term")
        instance.finish_slow_request()
        thread.join(60)
        assert answers == [(200, b"done")]
        assert instance.process.wait(60) == 0


# --- the wrong variants ---------------------------------------------------------------------------------------------


def test_without_a_startup_command_the_file_is_ignored(tmp_path: Path) -> None:
    with started(tmp_path, wwwroot(wsgi_server())) as instance:
        found = instance.settings()
        assert any("the image has its own configuration" in line for line in instance.log)
    assert found["config"].endswith("/opt/startup/gunicorn.conf.py")
    assert (found["workers"], found["worker_class"], found["timeout"]) == ("1", "sync", "600")


def test_without_a_startup_command_gunicorn_cmd_args_is_replaced(tmp_path: Path) -> None:
    with started(tmp_path, wwwroot(wsgi_server()), settings={"GUNICORN_CMD_ARGS": "--workers 3"}) as instance:
        assert instance.settings()["workers"] == "1"


def test_app_settings_alone_give_the_size_and_nothing_else(tmp_path: Path) -> None:
    settings = {
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": "3",
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": "2",
    }
    with started(tmp_path, wwwroot(wsgi_server()), settings=settings) as instance:
        found = instance.settings()
    assert (found["workers"], found["threads"]) == ("3", "2")
    assert (found["worker_connections"], found["control_socket_disable"]) == ("1000", "False")


@pytest.mark.parametrize("command", ["", "gunicorn -c gunicorn.conf.py app:app", "startup.sh"])
def test_without_exec_sigterm_never_reaches_gunicorn(tmp_path: Path, command: str) -> None:
    with started(tmp_path, wwwroot(wsgi_server()), command) as instance:
        assert instance.first.name() in ("startup.sh", "sh", "dash")
        instance.terminate()  # the kernel drops it at once: process 1 has no handler for it
        assert instance.get("/") == (200, b"done")
        instance.first.kill()
        instance.process.wait(60)
        rest = "".join(iter(instance.lines.get, None))
    assert "Handling signal: term" not in "".join(instance.log) + rest


def test_a_startup_file_of_another_name_is_cut_to_its_first_line(tmp_path: Path) -> None:
    files = wwwroot(wsgi_server()) | {"startup.txt": "gunicorn --workers 2 \\\n  --threads 4 app:app\n"}
    del files["gunicorn.conf.py"]
    with pytest.raises(AssertionError, match="never logged"), started(tmp_path, files, "startup.txt"):
        pass
    script = (tmp_path / "opt" / "startup" / "startup.sh").read_text()
    assert "--workers 2" in script
    assert "--threads 4" not in script


def test_a_command_of_ones_own_loses_timeout_logs_and_workers(tmp_path: Path) -> None:
    files = wwwroot(wsgi_server())
    del files["gunicorn.conf.py"]
    with started(tmp_path, files, "exec gunicorn app:app") as instance:
        found = instance.settings()
    assert (found["timeout"], found["accesslog"], found["workers"]) == ("30", "None", "1")


def test_a_fixed_bind_address_is_not_where_the_platform_asks(tmp_path: Path) -> None:
    files = wwwroot(wsgi_server())
    with started(tmp_path, files, "exec gunicorn --bind 127.0.0.1:0 app:app") as instance, pytest.raises(OSError):  # noqa: PT011
        instance.get("/")
