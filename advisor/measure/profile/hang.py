"""Says what a worker is doing that does not answer. It ends the worker."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time

from advisor.measure.profile.cpu_clock import cpu_seconds
from advisor.measure.profile.log_reading import where_threads_were
from advisor.measure.server import RunningServer
from advisor.measure.server_spec import ServerSpec

# Python's fault handler prints the stacks of all threads at the signals of a crash. Of these Gunicorn handles none but
# SIGABRT (gunicorn/workers/base.py, SIGNALS), so that SIGILL reaches it.
FAULT_HANDLER = {"PYTHONFAULTHANDLER": "1"}
_SIGNAL = signal.SIGILL
# Long enough to tell computing from waiting.
_WATCH_SECONDS = 0.2
_COMPUTES_ABOVE = 0.5
_DUMP_SECONDS = 2.0
_LOOK_SECONDS = 0.01
_MOST_PLACES = 3


def what_it_does(server: RunningServer, worker: int, spec: ServerSpec) -> str:
    """``waits (pay.py, line 12, in charge)``, or ``computes``; the worker has ended then.

    The place is known when the server was started with FAULT_HANDLER in its environment.
    """
    before = cpu_seconds(worker)
    time.sleep(_WATCH_SECONDS)
    after = cpu_seconds(worker)
    if before is None or after is None:
        return "has ended"
    doing = "computes" if after - before > _COMPUTES_ABOVE * _WATCH_SECONDS else "waits"
    log = server.log()
    _dump(worker)
    deadline = time.monotonic() + _DUMP_SECONDS
    while worker in server.worker_pids and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    printed = server.log()
    said = printed[len(log) :] if printed.startswith(log) else printed
    places = where_threads_were(said, spec.directory.resolve())
    return f"{doing} ({'; '.join(places[:_MOST_PLACES])})" if places else doing


def _dump(worker: int) -> None:
    """Have the worker print its stacks and end, without a file of its memory."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            resource.prlimit(worker, resource.RLIMIT_CORE, (0, 0))
            os.kill(worker, _SIGNAL)
