"""Apps and servers for the tests of measuring, and a count of what they leave behind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

MARKER = "GCADVISE_TEST_MARKER"

APPS = '''
import os, subprocess, sys, time

def quick(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hi"]

def hanging(environ, start_response):
    time.sleep(3600)

def breeding(environ, start_response):
    """Starts a process that leaves the worker's session and ignores SIGTERM."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(3600)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.readline()
    return quick(environ, start_response)

def dying(environ, start_response):
    os._exit(7)

def failing(environ, start_response):
    raise RuntimeError("no luck")

def neighbours(environ, start_response):
    """Whether the launcher's own modules can be imported."""
    try:
        import watchdog
    except ImportError:
        return quick(environ, start_response)
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"seen"]

async def asynchronous(scope, receive, send):
    import asyncio
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with apps in it, as a user's project has."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "shop.py").write_text(APPS)
    return directory


@pytest.fixture
def environment() -> dict[str, str]:
    """This environment with a mark that every process of the test's servers inherits."""
    return {**os.environ, MARKER: uuid.uuid4().hex}


@pytest.fixture
def left_behind(environment: dict[str, str]) -> Iterator[Callable[[], list[str]]]:
    """Returns the marked processes that still live; ends them after the test."""

    def find() -> list[str]:
        return [" ".join(process.cmdline()) for process in _marked(environment[MARKER])]

    yield find
    for process in _marked(environment[MARKER]):
        process.kill()


def _marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
