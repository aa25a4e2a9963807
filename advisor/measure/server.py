"""Starts real Gunicorn on a free loopback port for the length of a ``with`` block."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from advisor.measure.interruption import ending_in_order, undisturbed
from advisor.measure.readiness import wait_until_every_worker_answered
from advisor.measure.request_counters import RequestCounters
from advisor.measure.server_events import HandlerTimes, ServerEvents, ServerSettings
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec, sample_app_directory
from gunicorn_conf.errors import BadInput, ServerFailed

# Apps that load models take tens of seconds to import; one that needs more than this is measured with preload_app.
START_SECONDS = 60.0
# The watchdog gives Gunicorn 1 s and the kernel up to 3 s; after that only the kernel itself holds a process.
STOP_SECONDS = 6.0
# What is shown of a long log: its end, where the reason stands.
LOG_BYTES = 16_000

_WATCHDOG = Path(__file__).with_name("watchdog.py")
_LAUNCHER = Path(__file__).with_name("launcher.py")


class RunningServer:
    """A server that answers; valid within the block of ``running_server``.

    ``start_seconds`` is how long it took from the start of its Python until every worker had answered.
    """

    def __init__(self, events: ServerEvents, counters: RequestCounters, log_file: IO[bytes]) -> None:
        self._events = events
        self._counters = counters
        self._log_file = log_file
        self.start_seconds = 0.0

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        assert self._events.address is not None
        scheme, port = self._events.address
        return f"{scheme}://127.0.0.1:{port}"

    @property
    def settings(self) -> ServerSettings:
        """The settings in effect."""
        assert self._events.settings is not None
        return self._events.settings

    @property
    def arbiter_pid(self) -> int:
        """The process that starts the workers."""
        assert self._events.arbiter_pid is not None
        return self._events.arbiter_pid

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The workers that live, in the order of their process ids."""
        return tuple(sorted(self._events.workers))

    @property
    def exited_workers(self) -> tuple[int, ...]:
        """The workers that have ended since the start, whatever the reason."""
        return tuple(self._events.exited_workers)

    @property
    def observed(self) -> bool:
        """Whether the workers report which request they serve and when; ASGI and unknown worker classes do not."""
        return self._events.observed

    @property
    def alive(self) -> bool:
        """Whether any process of the server lives."""
        return not self._events.ended

    def ends_within(self, timeout_seconds: float) -> bool:
        """Whether all processes of the server are gone, or will be within that time."""
        return self._events.wait_for(lambda: self._events.ended, timeout_seconds)

    def requests_served(self) -> dict[int, int] | None:
        """How many requests each worker has begun to serve, by process id, those included that have ended.

        What asked whether the workers are ready is not counted. None for worker classes whose calls of the app
        cannot be seen: all but Gunicorn's own for WSGI and ASGI.
        """
        return self._counters.read() if self._events.counted else None

    def handler_times(self, requests: int, *, timeout_seconds: float) -> dict[int, HandlerTimes]:
        """When the handlers of the requests 0 to ``requests`` − 1 ran, after waiting for reports still under way."""

        def all_finished() -> bool:
            handlers = self._events.handlers
            return len(handlers) >= requests and all(times.finished_seconds is not None for times in handlers.values())

        if self.observed:
            self._events.wait_for(all_finished, timeout_seconds)
        return dict(self._events.handlers)

    @property
    def log_bytes(self) -> int:
        """How much Gunicorn and the app have printed so far."""
        return os.fstat(self._log_file.fileno()).st_size

    def log(self) -> str:
        """What Gunicorn and the app have printed, the end of it when it is long."""
        size = self._log_file.seek(0, os.SEEK_END)
        return os.pread(self._log_file.fileno(), LOG_BYTES, max(0, size - LOG_BYTES)).decode(errors="replace")


@contextlib.contextmanager
def running_server(
    spec: ServerSpec, *, start_seconds: float = START_SECONDS, cpus: Collection[int] = ()
) -> Iterator[RunningServer]:
    """Start the server, wait until every worker answers, and end all its processes when the block ends.

    With ``cpus`` Gunicorn and all its workers run on those alone (Linux); they are set after its configuration was
    read, so that what it counts is what it would count without a measurement.

    Within the block SIGTERM and SIGHUP raise SystemExit. Raises BadInput when the Python or the directory cannot be
    used, and ServerFailed, with what Gunicorn printed, when the server does not start within ``start_seconds``.
    """
    with ending_in_order(), tempfile.TemporaryFile() as log_file, contextlib.ExitStack() as stack:
        events_reader, events_writer = os.pipe()
        events = ServerEvents(events_reader)
        counters = RequestCounters()
        stack.callback(counters.close)
        lifeline_reader, lifeline = os.pipe()
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(_stop, started, lifeline, events)
        try:
            began = time.monotonic()
            with undisturbed():
                files = (events_writer, counters.descriptor, lifeline_reader)
                started.append(_launch(spec, cpus, *files, log_file))
        finally:
            os.close(events_writer)
            os.close(lifeline_reader)
        server = RunningServer(events, counters, log_file)
        _wait_until_ready(server, events, started[0], start_seconds)
        server.start_seconds = time.monotonic() - began
        yield server


def _launch(
    spec: ServerSpec, cpus: Collection[int], events: int, counters: int, lifeline: int, log_file: IO[bytes]
) -> subprocess.Popen[bytes]:
    if not spec.directory.is_dir():
        raise BadInput(
            f"{spec.directory} is not a directory",
            why="the server is started there",
            hint="name the directory that you would start Gunicorn in with --chdir",
        )
    python = shutil.which(spec.python)
    if python is None:
        raise BadInput(
            f"{spec.python} cannot be run",
            why="it is not an executable file",
            hint="name the Python that serves your app with --python",
        )
    watchdog = [sys.executable, "-I", "-S", str(_WATCHDOG), str(lifeline)]
    only = ",".join(map(str, sorted(cpus))) or "-"
    launcher = [python, str(_LAUNCHER), str(events), str(counters), only, SAMPLE_APP, str(sample_app_directory())]
    return subprocess.Popen(
        [*watchdog, *launcher, *spec.gunicorn_arguments],
        cwd=spec.directory,
        env=dict(spec.environment),
        stdin=subprocess.DEVNULL,
        stdout=log_file,
        stderr=subprocess.STDOUT,
        pass_fds=(events, counters, lifeline),
        start_new_session=True,  # Ctrl-C in the terminal reaches gcadvise alone
    )


def _wait_until_ready(
    server: RunningServer, events: ServerEvents, process: subprocess.Popen[bytes], start_seconds: float
) -> None:
    deadline = time.monotonic() + start_seconds

    def booted() -> bool:
        settings = events.settings
        if settings is None or events.address is None:
            return False
        # Workers that end as fast as they start will never all be there.
        return len(events.workers) >= settings.workers or len(events.exited_workers) > settings.workers

    ready = events.wait_for(booted, start_seconds)
    if ready and len(events.workers) >= server.settings.workers:
        if not server.observed:
            return
        wait_until_every_worker_answered(server.url, lambda: set(server.worker_pids), deadline)
        if server.alive:
            return
    if events.ended:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)  # so that the log is whole
        why = "it ended before it was ready"
    elif ready:
        why = "its workers end as soon as they have started"
    else:
        why = f"not every worker was ready after {start_seconds:g} s"
    raise ServerFailed(
        "Gunicorn did not start",
        why=why,
        hint="mend what its log says; `gunicorn` with the same configuration should fail in the same way",
        log=server.log(),
    )


def _stop(started: list[subprocess.Popen[bytes]], lifeline: int, events: ServerEvents) -> None:
    """Cut the lifeline, at which the watchdog ends the server, and wait until both are gone."""
    with undisturbed():
        os.close(lifeline)
        for process in started:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()  # its children are bound to end with it
                process.wait()
        events.close(STOP_SECONDS)
