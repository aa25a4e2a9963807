"""Starts Gunicorn, loads it for a while, and says what became of its workers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, LoadRequest, LoadSpec

CLIENTS = 32  # several for each slot of any plan for half a CPU, so that it is never idle
_START_SECONDS = 30
_STOP_SECONDS = 60
# A request of 15 ms waits for CLIENTS others on half a CPU: a fraction of a second; longer where workers are killed.
_TIMEOUT_SECONDS = 8.0
_POLL_SECONDS = 0.05
_BOOTED = re.compile(r"Booting worker with pid")
_ENDED = re.compile(r"was sent SIGKILL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server did under load."""

    booted: int
    """Workers that were started in all; more than configured when some were replaced."""
    ended_by_kill: int
    """Workers of which the arbiter's log says so."""
    answered: int
    failed: int
    log: str


def serve(
    command: Sequence[str], log: Path, env: Mapping[str, str], *, seconds: float, requests: tuple[LoadRequest, ...] = ()
) -> Served:
    """Run a command that is Gunicorn with its arguments, on a free port, and keep it busy for so long; then stop it."""
    port = _free_port()
    command = [*command, "--bind", f"127.0.0.1:{port}", "--error-logfile", "-"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )
        try:
            _wait_until_it_listens(process, log, port)
            load = LoadSpec(
                url=f"http://127.0.0.1:{port}",
                loop=ClosedLoop(clients=CLIENTS),
                seconds=seconds,
                requests=requests or (LoadRequest(),),
                timeout_seconds=_TIMEOUT_SECONDS,
            )
            samples = run_load(load).samples
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(_STOP_SECONDS)
    text = log.read_text()
    answered = samples.kinds().get(Kind.ANSWERED, 0)
    return Served(
        booted=len(_BOOTED.findall(text)),
        ended_by_kill=len(_ENDED.findall(text)),
        answered=answered,
        failed=len(samples) - answered,
        log=text,
    )


def _wait_until_it_listens(process: subprocess.Popen[bytes], log: Path, port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"Gunicorn did not listen:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
