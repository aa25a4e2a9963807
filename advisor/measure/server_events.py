"""Follows what the launcher reports about a running server."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The settings in effect, as Gunicorn understood them from file, environment and flags.

    ``worker_class`` is the class that runs: ``gthread`` where ``sync`` was asked for with threads.
    """

    gunicorn: str
    python: str
    app: str
    config_file: str | None
    workers: int
    threads: int
    worker_class: str
    worker_connections: int
    keepalive: int
    timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerTimes:
    """When a worker ran the handler of one request; monotonic seconds, None while it has not finished."""

    worker: int
    started_seconds: float
    finished_seconds: float | None


class ServerEvents:
    """The state of a server, kept up to date by a thread that reads the launcher's pipe until all its writers ended.

    The thread begins at once, and closes the descriptor at the end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self.settings: ServerSettings | None = None
        self.address: tuple[str, int] | None = None
        self.arbiter_pid: int | None = None
        self.observed = True
        self.counted = True
        self.ended = False
        self.workers: set[int] = set()
        self.exited_workers: list[int] = []
        self.handlers: dict[int, HandlerTimes] = {}
        self._thread = threading.Thread(target=self._follow, name="server events", daemon=True)
        self._thread.start()

    def wait_for(self, condition: Callable[[], bool], timeout_seconds: float) -> bool:
        """Wait until the condition holds, the server ended, or the time is up; whether the condition holds."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            self._changed.wait_for(lambda: condition() or self.ended, max(deadline - time.monotonic(), 0))
            return condition()

    def close(self, timeout_seconds: float) -> None:
        """Wait for the pipe's end, which comes when the last process of the server, the watchdog, is gone."""
        self._thread.join(timeout_seconds)

    def _follow(self) -> None:
        rest = b""
        try:
            while chunk := os.read(self._descriptor, _CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                with self._changed:
                    for line in lines:
                        self._take(json.loads(line))
                    self._changed.notify_all()
        finally:
            os.close(self._descriptor)
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _take(self, event: dict[str, object]) -> None:
        match event:
            case {"event": "settings", **fields}:
                self.settings = ServerSettings(**fields)  # type: ignore[arg-type]  # the launcher is our own
            case {"event": "ready", "scheme": str(scheme), "port": int(port), "pid": int(pid)}:
                self.address = (scheme, port)
                self.arbiter_pid = pid
            case {"event": "booted", "pid": int(pid), "observed": bool(observed), "counted": bool(counted)}:
                self.workers.add(pid)
                self.observed = self.observed and observed
                self.counted = self.counted and counted
            case {"event": "exited", "pid": int(pid)}:
                self.workers.discard(pid)
                self.exited_workers.append(pid)
            case {"event": "started", "request": int(number), "pid": int(pid), "at": float(at)}:
                self.handlers[number] = HandlerTimes(worker=pid, started_seconds=at, finished_seconds=None)
            case {"event": "finished", "request": int(number), "pid": int(pid), "at": float(at)}:
                begun = self.handlers[number].started_seconds
                self.handlers[number] = HandlerTimes(worker=pid, started_seconds=begun, finished_seconds=at)
