"""Which worker classes read a setting, for those settings where it makes a difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The worker classes that read a setting."""

    classes: tuple[str, ...]
    """By their names in ``worker_class``; empty where every class does."""
    note: str
    source: str
    """Where it is read in the code of Gunicorn 27.0.1, unless another release is named."""


# Those of other projects are uvicorn's (uvicorn_worker.UvicornWorker, formerly uvicorn.workers.UvicornWorker).
_UVICORN = "uvicorn_worker.UvicornWorker"

READERS: Mapping[str, Readers] = {
    "threads": Readers(
        classes=("gthread",),
        note="with more than 1, sync becomes gthread",
        source="gunicorn/workers/gthread.py:284; gunicorn/config.py, Config.worker_class_str",
    ),
    "worker_connections": Readers(
        classes=("eventlet", "gevent", "gevent_pywsgi", "gevent_wsgi", "gthread"),
        note="gthread takes up to so many, whatever its number of threads; asgi counts and never limits; eventlet was "
        "removed in 26.0.0",
        source="gunicorn/workers/gthread.py:420, ggevent.py:65, gasgi.py:33",
    ),
    "keepalive": Readers(
        classes=("asgi", "eventlet", "gevent", "gevent_pywsgi", "gevent_wsgi", "gthread", "tornado", _UVICORN),
        note="sync closes every connection; tornado only looks whether it is 0; eventlet was removed in 26.0.0",
        source="gunicorn/workers/gthread.py:484, base_async.py:76, gtornado.py:121, asgi/protocol.py:2390; "
        "uvicorn_worker/_workers.py (0.4.0), timeout_keep_alive",
    ),
    "timeout": Readers(
        classes=(),
        note="it bounds a request with sync alone; with the others it bounds how long the whole worker may hang",
        source="gunicorn/arbiter.py:148; gunicorn/workers/sync.py",
    ),
}
