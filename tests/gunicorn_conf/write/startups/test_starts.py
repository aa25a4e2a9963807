"""What was written starts real Gunicorn: it answers where it should, and a stop lets running requests finish."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gunicorn_conf.write.startup import Options
from gunicorn_conf.write.startups.parts import health_check
from tests.gunicorn_conf.write.startups.running import (
    WAIT_SECONDS,
    free_port,
    get,
    gunicorn,
    held_request,
    let_go,
    put_app,
    started,
)
from tests.gunicorn_conf.write.startups.servers import HEALTH, make_server, make_startup, put, text_of


def test_the_script_becomes_gunicorn_and_drains(tmp_path: Path) -> None:
    directory = tmp_path / "it's an app"
    directory.mkdir()
    put(make_startup("shell"), directory)
    put_app(directory)
    port = free_port()
    with started([directory / "start.sh"], tmp_path, {"PORT": str(port), "WEB_CONCURRENCY": "1"}) as process:
        process.until("Listening at: ")
        # The worker's parent is the process that was started: no shell stands between.
        assert get(port) == (200, str(process.popen.pid).encode())
        with held_request(directory, port) as answer:
            process.popen.send_signal(signal.SIGTERM)
            process.until("Handling signal: term")
            let_go(directory)
            assert answer.result(WAIT_SECONDS)[0] == 200
        assert process.ended() == 0


def test_the_unit_takes_the_socket_tells_that_it_is_ready_and_drains(tmp_path: Path) -> None:
    server = make_server("systemd", cpus=0.5)
    made, workers = make_startup("systemd", server=server), server.workers
    unit = text_of(made, "shop.service").replace("/srv/shop", str(tmp_path)).replace("/run/shop", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    put(made, tmp_path)
    put_app(tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/gunicorn").symlink_to(gunicorn())
    # As systemd does it: the socket is number 3, LISTEN_PID is the process itself.
    listener = socket.create_server(("127.0.0.1", 0))
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(str(tmp_path / "notify"))
    ready.settimeout(WAIT_SECONDS)
    env = dict(re.findall(r"^Environment=(\w+)=(.*)$", unit, re.MULTILINE))
    env |= {"LISTEN_FDS": "1", "NOTIFY_SOCKET": str(tmp_path / "notify"), "FD": str(listener.fileno())}
    line = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert line is not None
    launcher = "import os, sys; os.dup2(int(os.environ['FD']), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
    launcher += "os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", launcher, *shlex.split(line[1])]
    with listener, ready, started(command, tmp_path, env, pass_fds=[listener.fileno()]) as process:
        assert b"READY=1" in ready.recv(4096)
        port = listener.getsockname()[1]
        assert get(port) == (200, str(process.popen.pid).encode())
        process.popen.send_signal(signal.SIGHUP)
        process.until("Handling signal: hup")
        # Gunicorn handles no other signal until the former workers are gone.
        for _ in range(workers):
            process.until("Worker exiting")
        with held_request(tmp_path, port) as answer:
            process.popen.send_signal(signal.SIGTERM)
            process.until("Handling signal: term")
            let_go(tmp_path)
            assert answer.result(WAIT_SECONDS)[0] == 200
        assert process.ended() == 0


def test_supervisor_starts_the_program_and_drains_it(tmp_path: Path) -> None:
    made = make_startup("supervisor", server=make_server("supervisor", cpus=0.5))
    put(made, tmp_path)
    put_app(tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/gunicorn").symlink_to(gunicorn())
    program = text_of(made, "shop.conf").replace("/srv/shop", str(tmp_path)).replace("user=www-data\n", "")
    program = program.replace("/var/log/shop.log", "/dev/stdout\nstdout_logfile_maxbytes=0")
    port = free_port()
    control = tmp_path / "control"
    main = f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={tmp_path}/pid\nsilent=true\n"
    main += f"[unix_http_server]\nfile={control}\n[supervisorctl]\nserverurl=unix://{control}\n"
    main += (
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
    )
    (tmp_path / "supervisord.conf").write_text(f"{main}{program}")
    tools = Path(sys.executable).parent
    daemon = [tools / "supervisord", "-c", tmp_path / "supervisord.conf"]
    with started(daemon, tmp_path, {"PORT": str(port)}) as process:
        process.until("Listening at: ")
        with held_request(tmp_path, port) as answer:
            stop = subprocess.Popen(
                [tools / "supervisorctl", "-c", tmp_path / "supervisord.conf", "stop", "shop"],
                stdout=subprocess.PIPE,
                text=True,
            )
            process.until("Handling signal: term")
            let_go(tmp_path)
            assert answer.result(WAIT_SECONDS)[0] == 200
            assert stop.communicate(timeout=WAIT_SECONDS)[0] == "shop: stopped\n"
        process.popen.send_signal(signal.SIGTERM)
        assert process.ended() == 0


def test_the_procfile_obeys_port_and_web_concurrency(tmp_path: Path) -> None:
    put(make_startup("heroku"), tmp_path)
    put_app(tmp_path)
    port = free_port()
    honcho = [Path(sys.executable).parent / "honcho", "start", "--port", str(port)]
    env = {"WEB_CONCURRENCY": "2", "GUNICORN_CMD_ARGS": "--access-logfile -"}
    with started(honcho, tmp_path, env) as process:
        assert f":{port}" in process.until("Listening at: ")
        for _ in range(2):
            process.until("Booting worker")
        assert get(port)[0] == 200
        with held_request(tmp_path, port) as answer:
            process.popen.send_signal(signal.SIGTERM)
            process.until("Handling signal: term")
            let_go(tmp_path)
            assert answer.result(WAIT_SECONDS)[0] == 200
        process.ended()
    assert sum("Booting worker" in line for line in process.seen) == 2


@pytest.mark.parametrize(("options", "well"), [(Options(), True), (HEALTH, True), (Options(health_path="/ill"), False)])
def test_the_health_check_tells_the_state(options: Options, well: bool, tmp_path: Path) -> None:
    server = make_server("docker", cpus=0.5)
    put(make_startup("docker", server=server), tmp_path)
    put_app(tmp_path)
    port = free_port()
    words = [sys.executable, *health_check(server, options)[1:]]
    env = {**os.environ, "PORT": str(port)}

    def healthy() -> bool:
        return (
            subprocess.run(words, env=env, stderr=subprocess.DEVNULL, timeout=WAIT_SECONDS, check=False).returncode == 0
        )

    assert not healthy()
    with started([gunicorn(), "-c", "gunicorn.conf.py", "shop.wsgi:app"], tmp_path, {"PORT": str(port)}) as process:
        process.until("Listening at: ")
        assert healthy() is well
