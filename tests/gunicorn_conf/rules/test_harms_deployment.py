"""What the rules on platforms and deployment warn of does happen: signals, daemons, sockets, logs and metrics."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.validate import validate
from tests.gunicorn_conf.rules.running import free_port
from tests.gunicorn_conf.rules.started import CONF, WAIT_SECONDS, codes, ended, lay, serving
from tests.neutral import child_environment
from tests.releases import release_python

pytestmark = pytest.mark.slow

NEWEST, OLDEST = "27.0.1", "20.1.0"
BOTH = pytest.mark.parametrize("release", [OLDEST, NEWEST])
SINCE_25_1 = pytest.mark.parametrize("release", ["25.3.0", NEWEST])
SILENT_SECONDS = 1  # so long nothing must come where something would at once
_POLL_SECONDS = 0.02


def judged(files: Mapping[str, str]) -> set[str]:
    """The codes of the rules that fire on the files."""
    return {one.code for one in validate([SourceFile(path=path, text=text) for path, text in files.items()]).findings}


@BOTH
def test_gc602_web_concurrency_counts_for_nothing(release: str, tmp_path: Path) -> None:
    lay(tmp_path, "workers = 2\n")
    done = subprocess.run(
        [str(release_python(release)), "-m", "gunicorn", "-c", CONF, "--print-config", "app:app"],
        cwd=tmp_path,
        env=child_environment(tmp_path, {"WEB_CONCURRENCY": "7"}),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=True,
    )
    assert re.search(r"^workers\s+= 2$", done.stdout, re.MULTILINE)
    assert "GC602" in judged(
        {CONF: "workers = 2\n", "Procfile": f"web: WEB_CONCURRENCY=7 gunicorn -c {CONF} app:app\n"}
    )


@SINCE_25_1
def test_gc603_a_control_socket_that_cannot_be_made_is_an_error_in_the_log(release: str, tmp_path: Path) -> None:
    # Nobody can make a directory in /proc, root neither.
    with serving(release, 'control_socket = "/proc/nowhere/control"\n', tmp_path) as server:
        assert "[ERROR]" in server.until("Control server error").splitlines()[-1]


@BOTH
def test_gc604_a_process_that_has_the_old_number_keeps_gunicorn_from_starting(release: str, tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.pid"
    path.write_text(f"{os.getpid()}\n")
    code, said = ended(release, f'pidfile = "{path}"\n', tmp_path)
    assert code == 1
    assert "Already running on PID" in said


@pytest.mark.skipif(shutil.which("dash") is None, reason="needs dash")
@BOTH
def test_gc701_the_shell_keeps_the_signal(release: str, tmp_path: Path) -> None:
    assert "GC701" in judged({"start.sh": "#!/bin/dash\ngunicorn app:app\necho ended\n"})
    lay(tmp_path, "")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        command = f"{release_python(release)} -m gunicorn -b 127.0.0.1:{port} app:app; echo ended"
        shell = subprocess.Popen(
            ["dash", "-c", command],
            cwd=tmp_path,
            env=child_environment(Path(home), {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert shell.stdout is not None
        try:
            assert any("Listening at" in line for line in shell.stdout)
            shell.terminate()
            assert shell.wait(WAIT_SECONDS) == -signal.SIGTERM
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.stdout.close()


@BOTH
def test_gc702_the_process_that_was_started_ends_at_once(release: str, tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.pid"
    conf = f'daemon = True\npidfile = "{path}"\n'
    assert "GC702" in judged(
        {CONF: conf, "Dockerfile": f'FROM python:3.12\nCMD ["gunicorn", "-c", "{CONF}", "app:app"]\n'}
    )
    assert ended(release, conf, tmp_path)[0] == 0
    deadline = time.monotonic() + WAIT_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, "the daemon never wrote its pidfile"
        time.sleep(_POLL_SECONDS)
    os.killpg(os.getpgid(int(path.read_text())), signal.SIGKILL)


@SINCE_25_1
def test_gc703_the_second_removes_the_socket_of_the_first(release: str, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="gc") as name:
        path = Path(name) / "control"
        conf = f'control_socket = "{path}"\n'
        (tmp_path / "second").mkdir()
        with serving(release, conf, tmp_path) as first:
            first.until("Control socket listening")
            before = path.stat().st_ino
            with serving(release, conf, tmp_path / "second") as second:
                second.until("Control socket listening")
                assert path.stat().st_ino != before


@BOTH
@pytest.mark.parametrize(("propagates", "times"), [(True, 2), (False, 1)])
def test_gc705_each_line_is_written_twice(release: str, propagates: bool, times: int, tmp_path: Path) -> None:
    conf = "logconfig_dict = {'version': 1}\n"
    if not propagates:
        conf = (
            "logconfig_dict = {'version': 1, 'loggers': {'gunicorn.error': "
            "{'level': 'INFO', 'handlers': ['error_console'], 'propagate': False}}}\n"
        )
    assert ("GC705" in codes(release, conf)) is propagates
    with serving(release, conf, tmp_path) as server:
        for _ in range(times):
            server.until("Booting worker")
            log = "".join(server.log)
            server.log[:] = [line for line in server.log if "Booting worker" not in line]
    assert log.count("Listening at") == times


@BOTH
def test_gc706_no_metrics_are_sent(release: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
        statsd.bind(("127.0.0.1", 0))
        host = f'statsd_host = "127.0.0.1:{statsd.getsockname()[1]}"\n'
        own = f"from gunicorn.glogging import Logger\n\nclass Quiet(Logger): ...\n\n{host}logger_class = Quiet\n"
        assert "GC706" in codes(release, own)
        with serving(release, own, tmp_path) as server:
            server.until("Listening at")
            assert server.get()[0] == 200
            statsd.settimeout(SILENT_SECONDS)
            with pytest.raises(TimeoutError):
                statsd.recv(4096)
        with serving(release, host, tmp_path) as server:
            server.until("Listening at")
            statsd.settimeout(WAIT_SECONDS)
            assert b"gunicorn" in statsd.recv(4096)


@pytest.mark.parametrize("release", ["24.1.1", NEWEST])
def test_gc707_it_falls_back_to_asyncio(release: str, tmp_path: Path) -> None:
    conf = 'worker_class = "asgi"\nasgi_loop = "uvloop"\n'
    assert "GC707" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("uvloop not available, falling back to asyncio")
