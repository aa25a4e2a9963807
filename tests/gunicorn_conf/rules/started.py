"""Starts a release of Gunicorn with a configuration that a rule warns of: until it ends, or while it serves."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.validate import validate
from tests.neutral import child_environment
from tests.releases import release_python

CONF = "gunicorn.conf.py"
NOBODY = 65534
WAIT_SECONDS = 30  # for something that takes well under a second on an idle machine
WSGI_APP = """
def app(environ, start_response):
    body = environ["wsgi.url_scheme"].encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Gunicorn that runs."""

    port: int
    process: subprocess.Popen[str]
    lines: queue.SimpleQueue[str | None]
    log: list[str] = field(default_factory=list)

    def until(self, text: str) -> str:
        """Wait for a line of the log that holds the text; the log up to there."""
        while not any(text in line for line in self.log):
            try:
                line = self.lines.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"Gunicorn never printed {text!r}:\n{''.join(self.log)}"
            self.log.append(line)
        return "".join(self.log)

    def rest(self) -> str:
        """The whole log of a server that has ended."""
        while (line := self.lines.get(timeout=WAIT_SECONDS)) is not None:
            self.log.append(line)
        return "".join(self.log)

    def get(self, *, headers: Mapping[str, str] | None = None, timeout: float = WAIT_SECONDS) -> tuple[int, bytes]:
        """Status and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()


def codes(release: str, conf: str, app: str = WSGI_APP, target: str = "app:app") -> set[str]:
    """The codes of the rules that fire on the configuration, paired with the command that is started."""
    files = {
        CONF: conf,
        "Procfile": f"web: gunicorn -c {CONF} {target}\n",
        "app.py": app,
        "requirements.txt": f"gunicorn=={release}\n",
    }
    result = validate([SourceFile(path=path, text=text) for path, text in files.items()])
    return {finding.code for finding in result.findings}


def ended(release: str, conf: str, directory: Path, *args: str, user: int | None = None) -> tuple[int, str]:
    """Exit code and output of a Gunicorn that ends by itself."""
    lay(directory, conf)
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        done = subprocess.run(
            [*_command(release, directory), "--bind", "127.0.0.1:0", *args, "app:app"],
            cwd="/" if user is not None else directory,
            env=child_environment(Path(home), {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
            user=user,
        )
    return done.returncode, done.stdout


@contextlib.contextmanager
def serving(
    release: str, conf: str, directory: Path, *, app: str = WSGI_APP, target: str = "app:app", args: Sequence[str] = ()
) -> Iterator[Server]:
    """A Gunicorn that listens; it is killed with all its workers in the end."""
    lay(directory, conf, app)
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        process = subprocess.Popen(
            [*_command(release, directory), "--bind", f"127.0.0.1:{port}", *args, target],
            cwd=directory,
            env=child_environment(Path(home), {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        server = Server(port=port, process=process, lines=queue.SimpleQueue())
        reader = threading.Thread(target=_read, args=(process.stdout, server.lines), daemon=True)
        reader.start()
        try:
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(WAIT_SECONDS)
            reader.join(WAIT_SECONDS)
            process.stdout.close()


def lay(directory: Path, conf: str, app: str = WSGI_APP) -> None:
    """Write the application and the configuration."""
    # Of an earlier configuration, which Python would take for this one: the same length, within the same second.
    shutil.rmtree(directory / "__pycache__", ignore_errors=True)
    (directory / "app.py").write_text(app)
    (directory / CONF).write_text(conf)


def _command(release: str, directory: Path) -> list[str]:
    return [str(release_python(release)), "-m", "gunicorn", "-c", str(directory / CONF)]


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
