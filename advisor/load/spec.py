"""Says what load is wanted: which requests, on which connections, how many or how often, for how long."""

from __future__ import annotations

import enum
from dataclasses import dataclass

# Above the 30 s after which Gunicorn ends a sync worker that is silent (its default `timeout`), so that such an end is
# seen as a connection that broke, and not as a timeout of ours.
DEFAULT_TIMEOUT_SECONDS = 35.0


class Arrivals(enum.Enum):
    """How the moments of an open loop are spread."""

    POISSON = "poisson"
    CONSTANT = "constant"


class Connections(enum.Enum):
    """Whether every request has a connection of its own, or connections are used again."""

    NEW = "new"
    KEPT_ALIVE = "kept-alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLoop:
    """A number of clients that each send the next request when the last was answered: it finds the capacity."""

    clients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoop:
    """Requests at moments fixed beforehand, whatever the server does: it finds the latency."""

    rate_per_second: float
    arrivals: Arrivals = Arrivals.POISSON


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """One kind of request; ``weight`` is its share beside the weights of the others."""

    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """One run of load against a server.

    ``url`` is the server alone, such as ``http://127.0.0.1:8000``; the paths are those of ``requests``. It is on this
    machine, or its host is exactly ``allowed_host``: then the ceilings for foreign hosts hold (``limits``).

    Requests are sent for ``seconds``, or until there were ``most_requests`` (None: the most that any run may have);
    those that are under way then are waited for, each for ``timeout_seconds`` at most. ``cpus`` pins the generators,
    one CPU each in turn. The same ``seed`` gives the same schedule and the same order of requests, however many
    ``generators`` share them.
    """

    url: str
    loop: ClosedLoop | OpenLoop
    seconds: float
    requests: tuple[LoadRequest, ...] = (LoadRequest(),)
    connections: Connections = Connections.NEW
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    most_requests: int | None = None
    generators: int = 1
    cpus: tuple[int, ...] = ()
    seed: int = 0
    allowed_host: str | None = None
