"""Runs what was written: a process whose lines can be awaited, and an app that holds a request until it is let go."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.neutral import child_environment
from tests.releases import release_python

RELEASE = "27.0.1"
WAIT_SECONDS = 30  # for what takes well under a second on an idle machine

# /held says that it has begun, and answers when it is let go; both through FIFOs in the app's own directory.
_APP = """
import os
HERE = os.path.dirname(os.path.abspath(__file__))

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/held":
        with open(os.path.join(HERE, "begun"), "w") as begun:
            begun.write("begun")
        with open(os.path.join(HERE, "let-go")) as let_go:
            let_go.read()
    status = "503 Service Unavailable" if path == "/ill" else "200 OK"
    body = str(os.getppid()).encode()
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]
"""


class Process:
    """A process in a session of its own, and the lines that it prints."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.seen: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, text: str) -> str:
        """The next line that holds the text."""
        while True:
            try:
                line = self._lines.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"{text!r} was never printed:\n{''.join(self.seen)}"
            self.seen.append(line)
            if text in line:
                return line

    def ended(self) -> int:
        """The exit code, when it has ended."""
        return self.popen.wait(WAIT_SECONDS)

    def close(self) -> None:
        """Kill what is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(WAIT_SECONDS)
        self._reader.join(WAIT_SECONDS)
        assert self.popen.stdout is not None
        self.popen.stdout.close()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._lines.put(line)
        self._lines.put(None)


@contextlib.contextmanager
def started(
    command: Sequence[str | Path], directory: Path, env: Mapping[str, str], *, pass_fds: Sequence[int] = ()
) -> Iterator[Process]:
    """Start a command, with the programs of a Gunicorn release first on its path; kill it at the end."""
    home = directory / "home"
    home.mkdir(exist_ok=True)
    environment = child_environment(home, {"PYTHONUNBUFFERED": "1", **env})
    environment["PATH"] = f"{gunicorn().parent}:{environment['PATH']}"
    process = Process(
        subprocess.Popen(
            [str(word) for word in command],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    )
    try:
        yield process
    finally:
        process.close()


def gunicorn() -> Path:
    """The program of a real release, in an environment of its own."""
    return release_python(RELEASE).parent / "gunicorn"


def put_app(directory: Path) -> None:
    """Write the app as shop/wsgi.py."""
    package = directory / "shop"
    package.mkdir()
    (package / "wsgi.py").write_text(_APP)
    os.mkfifo(package / "begun")
    os.mkfifo(package / "let-go")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str = "/") -> tuple[int, bytes]:
    """Ask for a path; status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


@contextlib.contextmanager
def held_request(directory: Path, port: int) -> Iterator[Future[tuple[int, bytes]]]:
    """A request that is being worked on; ``let_go`` has it answered."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, port, "/held")
        assert (directory / "shop" / "begun").read_text() == "begun"
        yield answer


def let_go(directory: Path) -> None:
    """Have the held request answered."""
    (directory / "shop" / "let-go").write_text("go")
