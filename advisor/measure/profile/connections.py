"""Lists the connections that a process has open to other services: databases, caches, other servers."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from advisor.facts import Fact
from advisor.measure.profile.result import OpenConnections

# What usually listens there: the services' own documentation.
SERVICES = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "PostgreSQL",
    5672: "RabbitMQ",
    6379: "Redis",
    6432: "PgBouncer",
    9042: "Cassandra",
    9092: "Kafka",
    9200: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}
UNIX_SOCKETS = "Unix sockets"
# With which an event loop wakes itself (asyncio/selector_events.py, _make_self_pipe).
LOOP_SOCKETS = 2
# Often enough to see what is open during a request alone, seldom enough not to disturb.
_INTERVAL_SECONDS = 0.2


def open_connections(worker: int, *, server_port: int) -> Counter[str]:
    """How many connections a worker has to which place, without those of its own clients.

    Raises psutil.Error when it is gone, or when it may not be seen.
    """
    import psutil

    found: Counter[str] = Counter()
    process = psutil.Process(worker)
    # psutil 6.0 gave it its name of now
    look = process.net_connections if hasattr(process, "net_connections") else process.connections
    for connection in look(kind="all"):
        if connection.family.name == "AF_UNIX":
            found[UNIX_SOCKETS] += 1
        elif connection.raddr and connection.status == psutil.CONN_ESTABLISHED and connection.laddr[1] != server_port:
            host, port = connection.raddr[:2]
            found[f"[{host}]:{port}" if ":" in host else f"{host}:{port}"] += 1
    return found


class ConnectionWatch:
    """The most connections that any worker had open at once; valid after the block of ``watched_connections``."""

    def __init__(self, workers: Callable[[], Sequence[int]], server_port: int, own_unix_sockets: int = 0) -> None:
        self._workers = workers
        self._port = server_port
        self._own = Counter({UNIX_SOCKETS: own_unix_sockets})
        self._most: Counter[str] = Counter()
        self._why: str | None = None
        self._looked = False

    def look(self) -> None:
        """Look at all workers once."""
        import psutil

        for worker in self._workers():
            try:
                # less its own, then the greater of both counts
                self._most |= open_connections(worker, server_port=self._port) - self._own
                self._looked = True
            except psutil.NoSuchProcess:
                continue
            except (psutil.Error, OSError) as error:
                self._why = f"its sockets cannot be read: {type(error).__name__}"

    def found(self) -> Fact[tuple[OpenConnections, ...]]:
        """Those to the same place together, the most first."""
        if not self._looked:
            return Fact.unknown(self._why or "no worker was seen")
        return Fact(
            value=tuple(
                OpenConnections(place=place, service=_service(place), most_per_worker=count)
                for place, count in self._most.most_common()
            ),
            source="the workers' sockets, looked at under load",
        )


@contextlib.contextmanager
def watched_connections(
    workers: Callable[[], Sequence[int]], server_port: int, own_unix_sockets: int = 0
) -> Iterator[ConnectionWatch]:
    """Look at the workers' connections again and again, by a thread, for the length of the block."""
    watch = ConnectionWatch(workers, server_port, own_unix_sockets)
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(_INTERVAL_SECONDS):
            watch.look()

    thread = threading.Thread(target=follow, name="connection watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()
    watch.look()


def _service(place: str) -> str | None:
    port = place.rpartition(":")[2]
    return SERVICES.get(int(port)) if port.isdigit() else None
