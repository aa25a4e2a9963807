"""What sort of worker a worker class is: how it serves several requests, and which settings it reads."""

from __future__ import annotations

import enum

from gunicorn_conf.config import Config


class WorkerKind(enum.Enum):
    """How a worker serves several requests at once."""

    SYNC = "not at all"
    THREADS = "with threads"
    GREENLETS = "with greenlets"
    TORNADO = "with Tornado's event loop"
    EVENT_LOOP = "with an asyncio event loop"


_OWN = {
    "sync": WorkerKind.SYNC,
    "gthread": WorkerKind.THREADS,
    "gevent": WorkerKind.GREENLETS,
    "gevent_pywsgi": WorkerKind.GREENLETS,
    "gevent_wsgi": WorkerKind.GREENLETS,
    "eventlet": WorkerKind.GREENLETS,
    "tornado": WorkerKind.TORNADO,
    "asgi": WorkerKind.EVENT_LOOP,
}
# Workers of other projects, by the package that a dotted path begins with.
_PACKAGES = {
    "uvicorn": WorkerKind.EVENT_LOOP,
    "uvicorn_worker": WorkerKind.EVENT_LOOP,
    "aiohttp": WorkerKind.EVENT_LOOP,
}
# Those that close an idle connection after keepalive seconds and otherwise use it again.
KEEPS_ALIVE = frozenset({WorkerKind.THREADS, WorkerKind.GREENLETS, WorkerKind.EVENT_LOOP})


def worker_kind(config: Config) -> WorkerKind | None:
    """The kind of the class that will run; None where that is not known, or the class is not."""
    name = config.worker_class
    if name is None:
        return None
    return _OWN.get(name) or _PACKAGES.get(name.partition(".")[0])
