"""Waits until every worker of a server has answered a request."""

from __future__ import annotations

import http.client
import time
import urllib.parse
from collections.abc import Callable

# Answered by the launcher in the worker, never by the app: it holds the worker's thread for so long, so that the
# other connections of the round go to other workers.
_HOLD_HEADER = "X-Gcadvise-Hold"
_HOLD_SECONDS = 0.02
# Connections opened side by side in one round, for each worker.
_CONNECTIONS_PER_WORKER = 2
# A worker with many threads may take several rounds alone; the reports that every worker has booted are enough then.
_PATIENCE_SECONDS = 5.0
_ANSWER_SECONDS = 10.0


def wait_until_every_worker_answered(url: str, workers: Callable[[], set[int]], deadline: float) -> bool:
    """Send rounds of requests until each of the workers has answered one; whether all did.

    ``deadline`` is on the monotonic clock. The workers are asked for anew each round, as one may be replaced.
    """
    seen: set[int] = set()
    deadline = min(deadline, time.monotonic() + _PATIENCE_SECONDS)
    while not workers() <= seen:
        if time.monotonic() > deadline:
            return False
        seen |= _round(url, _CONNECTIONS_PER_WORKER * max(len(workers()), 1))
    return True


def _round(url: str, connections: int) -> set[int]:
    """Open connections, send on each, then collect the process ids that answered."""
    opened: list[http.client.HTTPConnection] = []
    seen: set[int] = set()
    try:
        for _ in range(connections):
            connection = _connection(url)
            opened.append(connection)
            connection.request("GET", "/", headers={_HOLD_HEADER: str(_HOLD_SECONDS), "Connection": "close"})
        for connection in opened:
            seen.add(int(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError):
        time.sleep(_HOLD_SECONDS)  # a worker that ended under us; the next round asks again
    finally:
        for connection in opened:
            connection.close()
    return seen


def _connection(url: str) -> http.client.HTTPConnection:
    target = urllib.parse.urlsplit(url)
    assert target.hostname is not None
    if target.scheme == "https":
        import ssl

        # It is our own child on the loopback interface; its certificate is for another name.
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection(target.hostname, target.port, timeout=_ANSWER_SECONDS, context=context)
    return http.client.HTTPConnection(target.hostname, target.port, timeout=_ANSWER_SECONDS)
