"""Runs real Gunicorn with a configuration that a rule warns of, and an app whose requests can be held."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import IO

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.validate import validate
from tests.neutral import child_environment
from tests.releases import release_python

WAIT_SECONDS = 30  # for something that takes well under a second on an idle machine
SILENT_SECONDS = 2  # so long nothing must happen where something would at once
_POLL_SECONDS = 0.02

# /hold says that it is there, and answers when the test lets it go.
WSGI_APP = """
import os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/hold":
        open("held", "a").close()
        while not os.path.exists("let_go"):
            time.sleep(0.01)
    start_response("200 OK", [("Content-Length", "6")])
    return [b"served"]
"""
ASGI_APP = """
import asyncio, os

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/hold":
        open("held", "a").close()
        while not os.path.exists("let_go"):
            await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": b"served"})
"""


def codes(conf: str, release: str) -> set[str]:
    """The rules that find something in the configuration."""
    files = [
        SourceFile(path="gunicorn.conf.py", text=conf),
        SourceFile(path="Procfile", text="web: gunicorn -c gunicorn.conf.py app:app\n"),
        SourceFile(path="requirements.txt", text=f"gunicorn=={release}\n"),
    ]
    return {finding.code for finding in validate(files).findings}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running Gunicorn."""

    process: subprocess.Popen[str]
    port: int
    directory: Path
    _log: queue.SimpleQueue[str | None]
    lines: list[str] = field(default_factory=list)
    """Of the log, as far as it was waited for."""

    def wait_for(self, text: str) -> str:
        """Wait for a line of the log that holds the text."""
        while True:
            try:
                line = self._log.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"Gunicorn never printed {text!r}:\n{''.join(self.lines)}"
            self.lines.append(line)
            if text in line:
                return line

    def says(self, text: str, within_seconds: float) -> bool:
        """Whether a line of the log that holds the text comes within a time."""
        deadline = time.monotonic() + within_seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._log.get(timeout=left)
            except queue.Empty:
                break
            assert line is not None, f"Gunicorn has ended:\n{''.join(self.lines)}"
            self.lines.append(line)
            if text in line:
                return True
        return False

    def connect(self, timeout_seconds: float = WAIT_SECONDS) -> HTTPConnection:
        """A connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        connection.connect()
        return connection

    def answers(self, path: str = "/") -> HTTPResponse:
        """The answer to one request, read whole."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response

    def is_silent(self, path: str = "/") -> bool:
        """Whether a request gets no answer for a while."""
        with contextlib.closing(self.connect(SILENT_SECONDS)) as connection:
            connection.request("GET", path)
            try:
                connection.getresponse()
            except TimeoutError:
                return True
            return False

    @contextlib.contextmanager
    def held(self) -> Iterator[HTTPConnection]:
        """A request that the app has begun and does not end until the block does."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", "/hold")
            deadline = time.monotonic() + WAIT_SECONDS
            while not (self.directory / "held").exists():
                assert time.monotonic() < deadline, "the app never got the request"
                time.sleep(_POLL_SECONDS)
            try:
                yield connection
            finally:
                self.let_go()

    def let_go(self) -> None:
        """Let requests that are held be answered."""
        (self.directory / "let_go").touch()


@contextlib.contextmanager
def running(
    release: str,
    conf: str,
    directory: Path,
    app: str = WSGI_APP,
    *,
    ready: str = "Booting worker",
    port: int | None = None,
) -> Iterator[Server]:
    """Gunicorn of this release with the configuration, once its log says that it is ready."""
    (directory / "app.py").write_text(app)
    (directory / "gunicorn.conf.py").write_text(conf)
    port = port or free_port()
    # Gunicorn puts its control socket under HOME; the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        process = subprocess.Popen(
            [
                str(release_python(release)),
                "-m",
                "gunicorn",
                "-c",
                "gunicorn.conf.py",
                "-b",
                f"127.0.0.1:{port}",
                "app:app",
            ],
            cwd=directory,
            env=child_environment(Path(home), {"PYTHONDONTWRITEBYTECODE": "1"}),
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
        server = Server(process=process, port=port, directory=directory, _log=log)
        try:
            server.wait_for(ready)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(WAIT_SECONDS)
            reader.join(WAIT_SECONDS)
            process.stdout.close()


def _read(stream: IO[str], log: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        log.put(line)
    log.put(None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
