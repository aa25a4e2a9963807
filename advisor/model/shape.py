"""A configuration as the model sees it: how many requests are in handlers at once, and who may take the next one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

# Gunicorn's own default (config.py, WorkerConnections).
DEFAULT_WORKER_CONNECTIONS = 1000
# Gunicorn's own default (config.py, Keepalive), in seconds.
DEFAULT_KEEPALIVE = 2


class WorkerClass(enum.Enum):
    """The worker classes that are modelled."""

    SYNC = "sync"
    GTHREAD = "gthread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Workers, threads, and how connections are taken.

    ``worker_connections`` and ``keepalive`` (seconds, 0: closed after each answer) count for gthread alone: a sync
    worker serves one connection at a time and closes it.
    """

    worker_class: WorkerClass
    workers: int
    threads: int = 1
    worker_connections: int = DEFAULT_WORKER_CONNECTIONS
    keepalive: int = DEFAULT_KEEPALIVE

    @property
    def slots(self) -> int:
        """How many requests can be in a handler at the same time."""
        return self.workers * self.threads

    @property
    def takes_only_what_it_serves(self) -> bool:
        """Whether a worker leaves to the others what it has no free slot for."""
        return self.worker_class is WorkerClass.SYNC or self.worker_connections <= self.threads

    @property
    def shown(self) -> str:
        """``5 sync``, ``2 × 16 gthread``; ``2 × 16 gthread, default connections`` where workers take more."""
        if self.worker_class is WorkerClass.SYNC:
            return f"{self.workers} sync"
        policy = "" if self.takes_only_what_it_serves else ", default connections"
        return f"{self.workers} × {self.threads} gthread{policy}"

    def settings(self) -> dict[str, int | str]:
        """The settings of Gunicorn that make this shape."""
        if self.worker_class is WorkerClass.SYNC:
            return {"workers": self.workers, "worker_class": "sync"}
        return {
            "workers": self.workers,
            "worker_class": "gthread",
            "threads": self.threads,
            "worker_connections": self.worker_connections,
            "keepalive": self.keepalive,
        }

    def arguments(self) -> tuple[str, ...]:
        """The same as arguments of Gunicorn's command line."""
        flags = {"keepalive": "--keep-alive"}
        return tuple(
            part
            for name, value in self.settings().items()
            for part in (flags.get(name, "--" + name.replace("_", "-")), str(value))
        )


def limited(workers: int, threads: int) -> Shape:
    """A gthread shape whose workers take only what they serve: worker_connections = threads, keepalive = 0."""
    return Shape(
        worker_class=WorkerClass.GTHREAD, workers=workers, threads=threads, worker_connections=threads, keepalive=0
    )


def sync(workers: int) -> Shape:
    """So many sync workers."""
    return Shape(worker_class=WorkerClass.SYNC, workers=workers)
