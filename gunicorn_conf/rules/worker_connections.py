"""Rules on ``worker_connections``: which worker obeys it, and how it must fit ``threads``."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.conf_edits import new_value, removal
from gunicorn_conf.rules.few_connections import KEEPS_ACCEPTING_SINCE
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import amount, count, number, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# Gunicorn's own (gunicorn/config.py, WorkerConnections): written out, it says nothing.
_DEFAULT = 1000


@depends_on("worker_class", "threads", "worker_connections")
def worker_connections_ignored(subject: Subject) -> Iterator[Problem]:
    """A limit on connections is set for a worker that does not obey it.

    The sync worker has one connection at a time, the tornado worker, uvicorn's and Gunicorn's own asgi worker take as
    many as come. The asgi worker stores the number and never looks at it: with ``worker_connections = 1`` five requests
    were served at once.

    Mend it by removing it, and by limiting connections in front of Gunicorn if they must be limited.

    Example::

        worker_class = "asgi"
        worker_connections = 100       # before: no effect
        # after: limit connections at the proxy

    Ignore it when the same file also serves a gthread or gevent deployment.
    """
    wanted = set_number(subject.config, "worker_connections")
    kind = worker_kind(subject.config)
    if wanted is None or kind not in (WorkerKind.SYNC, WorkerKind.TORNADO, WorkerKind.EVENT_LOOP):
        return
    yield Problem(
        message=f"worker_connections = {wanted} has no effect: "
        f"the {subject.config.worker_class} worker does not obey it",
        place=place_of(subject, "worker_connections"),
        help="remove it" if kind is WorkerKind.SYNC else "remove it, and limit connections at the proxy",
        setting="worker_connections",
        fix=removal(subject, "worker_connections"),
        severity=Severity.INFO if wanted == _DEFAULT or kind is WorkerKind.SYNC else None,
    )


@depends_on("worker_class", "threads", "worker_connections", "keepalive")
def no_room_for_keepalive(subject: Subject) -> Iterator[Problem]:
    """Connections are to be kept alive, but the threads take up every connection that a worker may have.

    A gthread worker keeps ``worker_connections`` minus ``threads`` idle connections. Where nothing is left it closes
    each connection after the answer, and logs "No keepalived connections can be handled" when it starts.

    Mend it by writing ``keepalive = 0``, which says what happens, or by raising ``worker_connections``.

    Example::

        threads = 8
        worker_connections = 8
        keepalive = 5                  # before: connections are closed all the same
        keepalive = 0                  # after

    Ignore it when the warning in the log does not disturb you.
    """
    threads, connections = number(subject, "threads"), set_number(subject.config, "worker_connections")
    keepalive = number(subject, "keepalive")
    if worker_kind(subject.config) is not WorkerKind.THREADS or not connections or not keepalive or threads is None:
        return
    if connections > threads:
        return
    is_set = subject.config.get("keepalive") is not None
    yield Problem(
        message=f"keepalive {'=' if is_set else 'is by default'} {keepalive} has no effect: "
        f"{count(threads, 'thread')} leave none of {count(connections, 'connection')} over for idle ones",
        place=place_of(subject, "keepalive", "worker_connections"),
        help="set keepalive = 0, or worker_connections above threads",
        setting="keepalive",
        # A client that has sent nothing for 5 s is given keepalive more (gthread.py, finish_request, from 25 on).
        fix=new_value(subject, "keepalive", "0", "set keepalive to 0"),
        severity=None if is_set else Severity.INFO,
    )


@depends_on("worker_class", "threads", "worker_connections")
def threads_above_connections(subject: Subject) -> Iterator[Problem]:
    """A worker may have fewer connections than it has threads.

    A connection is one request at a time, so the threads beyond ``worker_connections`` never have anything to do.

    Mend it by setting ``worker_connections`` to the number of threads or more.

    Example::

        threads = 16
        worker_connections = 10        # before: 6 threads are always idle
        worker_connections = 16        # after

    Ignore it when you lower ``worker_connections`` for a while, to throttle.
    """
    threads, connections = amount(subject, "threads"), set_number(subject.config, "worker_connections")
    if worker_kind(subject.config) is not WorkerKind.THREADS or threads is None or not connections:
        return
    if connections >= threads.least:
        return
    yield Problem(
        message=f"worker_connections = {connections} leaves {threads.least - connections} of "
        f"{count(threads.least, 'thread')} without work",
        place=place_of(subject, "worker_connections"),
        help=f"set worker_connections to {threads.least}, or threads to {connections}"
        if subject.release >= KEEPS_ACCEPTING_SINCE
        else "remove it for the default of 1,000",
        setting="worker_connections",
    )


RULES = (
    Rule(
        code="GC205",
        name="worker-connections-ignored",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=worker_connections_ignored,
        evidence="gunicorn/workers/gasgi.py:33 (27.0.1) only stores it; run: asgi with 1 serves 5 requests at once",
    ),
    Rule(
        code="GC207",
        name="no-room-for-keepalive",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=no_room_for_keepalive,
        evidence="gunicorn/workers/gthread.py:270 (27.0.1), which warns at start; run",
    ),
    Rule(
        code="GC208",
        name="threads-above-connections",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=threads_above_connections,
        evidence="gunicorn/workers/gthread.py:420 (27.0.1); run on 25.3.0: 8 requests of 0.3 s on 4 threads with "
        "worker_connections = 2 take 1.2 s, with 4 they take 0.6 s",
    ),
)
