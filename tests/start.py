"""Starts a written gunicorn.conf.py under a release of Gunicorn, asks it one request, and reports what it said."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.neutral import child_environment
from tests.releases import release_python

ANSWER = b"served"

_APP = f"""
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "{len(ANSWER)}")])
    return [{ANSWER!r}]
"""
_BAD_LEVEL = re.compile(r"\[(WARNING|ERROR|CRITICAL)\]|Warning:|Traceback")
_PRINTED = re.compile(r"^(\w+)\s+= (.*)$", re.MULTILINE)
_WAIT_SECONDS = 30  # for something that takes well under a second on an idle machine
# A worker that is told to stop before it listens to signals misses it, and is killed after graceful_timeout, 30 s.
_STOP_SECONDS = 30 + _WAIT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """What a server did between its start and the answer to one request."""

    settings: Mapping[str, str]
    """Every setting in force, as Gunicorn prints it (``--print-config``)."""
    port: int
    status: int
    body: bytes
    log: str
    """Up to the answer; how it stops is not in it."""
    returncode: int
    """After SIGTERM."""

    @property
    def complaints(self) -> list[str]:
        """The lines of the log at level WARNING or above, and Python's own warnings."""
        return [line for line in self.log.splitlines() if _BAD_LEVEL.search(line)]


def start_and_check(
    release: str, conf_text: str, tmp_path: Path, *, env: Mapping[str, str] | None = None
) -> StartReport:
    """Start real Gunicorn with this configuration and a trivial app, ask one request on loopback, and stop it.

    PORT is a free port unless ``env`` names one; where the configuration binds without PORT, the free port is given
    on the command line instead. Raises AssertionError, with the log, when it does not start.
    """
    (tmp_path / "trivial.py").write_text(_APP)
    conf = tmp_path / "gunicorn.conf.py"
    conf.write_text(conf_text, encoding="utf-8")
    port = _free_port()
    # Gunicorn puts its control socket under HOME; the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        environment = child_environment(Path(home), {"PORT": str(port), **(env or {})})
        command = [str(release_python(release)), "-m", "gunicorn", "-c", str(conf), "trivial:app"]
        settings = _settings_in_force(command, tmp_path, environment)
        if f":{port}'" not in settings["bind"]:
            command += ["--bind", f"127.0.0.1:{port}"]
        with _running(command, tmp_path, environment) as (process, log):
            lines = _until(log, "Listening at: ")
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_SECONDS)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                response = connection.getresponse()
                body = response.read()
            lines += _so_far(log)
            process.send_signal(signal.SIGTERM)
            returncode = process.wait(_STOP_SECONDS)
    return StartReport(
        settings=settings, port=port, status=response.status, body=body, log="".join(lines), returncode=returncode
    )


def _settings_in_force(command: list[str], directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    done = subprocess.run(
        [*command, "--print-config"],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_WAIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"gunicorn --print-config ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return dict(_PRINTED.findall(done.stdout))


@contextlib.contextmanager
def _running(
    command: list[str], directory: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[str], queue.SimpleQueue[str | None]]]:
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    log: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, log), daemon=True)
    reader.start()
    try:
        yield process, log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_WAIT_SECONDS)
        reader.join(_WAIT_SECONDS)
        process.stdout.close()


def _read(stream: IO[str], log: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        log.put(line)
    log.put(None)


def _until(log: queue.SimpleQueue[str | None], text: str) -> list[str]:
    lines: list[str] = []
    while True:
        try:
            line = log.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            line = None
        assert line is not None, f"Gunicorn never printed {text!r}:\n{''.join(lines)}"
        lines.append(line)
        if text in line:
            return lines


def _so_far(log: queue.SimpleQueue[str | None]) -> list[str]:
    lines = []
    while not log.empty():
        lines.append(log.get() or "")
    return lines


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
