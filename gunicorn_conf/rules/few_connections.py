"""Rules on a ``worker_connections`` that is too low to work with."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import amount, count, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# The first release whose gthread worker takes no more connections than worker_connections and never stops accepting for
# good: its loop was rewritten in 24 (gunicorn pull request 3519).
KEEPS_ACCEPTING_SINCE = Release(25, 0, 0)
# The reports are of limits near the number of threads; nobody reports it of the default, 1,000.
_LOW_MULTIPLE = 2
# So many threads cost a gthread worker nothing that can be measured while they are idle (16 idle threads: +0.0 MB), so
# greenlets are of no use below. A judgement, not a limit of Gunicorn's.
_FEW_GREENLETS = 32


@depends_on("worker_class", "threads", "worker_connections", unsure=Severity.WARNING)
def no_connections(subject: Subject) -> Iterator[Problem]:
    """Workers that may have 0 connections never answer.

    Gunicorn starts and listens, the kernel accepts connections, and no worker ever takes one: every client waits until
    it gives up. The health of the process looks fine.

    Mend it by removing the setting or by giving it at least the number of threads. 0 does not mean "no limit" here.

    Example::

        worker_class = "gthread"
        worker_connections = 0         # before: nothing is answered
        worker_connections = 1000      # after

    Ignore it when you want Gunicorn to be deaf.
    """
    if set_number(subject.config, "worker_connections") != 0:
        return
    if worker_kind(subject.config) not in (WorkerKind.THREADS, WorkerKind.GREENLETS):
        return
    yield Problem(
        message=f"worker_connections is 0, with which the {subject.config.worker_class} worker never takes a "
        "connection",
        place=place_of(subject, "worker_connections"),
        help="remove it for the default of 1,000, or set it to the number of threads or more",
        setting="worker_connections",
    )


@depends_on("worker_class", "worker_connections")
def few_greenlets(subject: Subject) -> Iterator[Problem]:
    """A gevent worker may have only a few connections.

    The number is the size of its pool of greenlets: beyond it the worker takes no further connection, and idle
    kept-alive connections count too. Three requests of 2 s with ``worker_connections = 1`` take 6.0 s.

    Mend it by leaving the default of 1,000, or by using the gthread worker, which does as well with so few.

    Example::

        worker_class = "gevent"
        worker_connections = 10        # before
        worker_connections = 1000      # after

    Ignore it when the limit protects something that bears no more, and ``keepalive`` is 0.
    """
    connections = set_number(subject.config, "worker_connections")
    if worker_kind(subject.config) is not WorkerKind.GREENLETS or not connections or connections >= _FEW_GREENLETS:
        return
    yield Problem(
        message=f"a {subject.config.worker_class} worker with worker_connections = {connections} has at most "
        f"{count(connections, 'connection')} at once, idle kept-alive ones included",
        place=place_of(subject, "worker_connections"),
        help="remove it for the default of 1,000, or use gthread with as many threads",
        setting="worker_connections",
    )


@depends_on("worker_class", "threads", "worker_connections")
def stops_accepting(subject: Subject) -> Iterator[Problem]:
    """A gthread worker of an old release has a low limit on connections, and may stop answering.

    Until release 24 its loop stops looking for new connections at the limit and waits for a running request to end.
    When more connections came in one turn than the limit allows, or idle ones are all that there is, it waits for
    good: the worker lives and answers nothing. On 23.0.0 with 4 threads and ``worker_connections = 2``, the second
    round of 8 requests at once was never answered.

    Mend it by upgrading Gunicorn to 25 or later, where ``worker_connections = threads`` is worth having, or by removing
    the setting.

    Example::

        threads = 4
        worker_connections = 4         # before
        worker_connections = 1000      # after, the default

    Ignore it when fewer clients than the limit can ever be connected. Since 25 it does not apply.
    """
    threads, connections = amount(subject, "threads"), set_number(subject.config, "worker_connections")
    if worker_kind(subject.config) is not WorkerKind.THREADS or threads is None or not connections:
        return
    if connections > _LOW_MULTIPLE * threads.most:
        return
    yield Problem(
        message=f"on Gunicorn {subject.release} a gthread worker with {count(threads.most, 'thread')} and "
        f"worker_connections = {connections} can stop accepting connections for good",
        place=place_of(subject, "worker_connections"),
        help="upgrade to Gunicorn 25 or later, or remove worker_connections",
        setting="worker_connections",
        confidence=Confidence.HIGH if connections <= threads.least else None,
    )


RULES = (
    Rule(
        code="GC206",
        name="no-connections",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=no_connections,
        evidence="gunicorn/workers/gthread.py:420 (27.0.1); run on 20.1.0, 23.0.0, 24.1.1, 27.0.1: no "
        "answer within 12 s, nor with gevent 26.9",
    ),
    Rule(
        code="GC209",
        name="few-greenlets",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=few_greenlets,
        evidence="gunicorn/workers/ggevent.py:65 (27.0.1), Pool(worker_connections); run with 1: 3 requests of 2 s "
        "take 6.0 s",
    ),
    Rule(
        code="GC213",
        name="stops-accepting",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=stops_accepting,
        until=KEEPS_ACCEPTING_SINCE,
        evidence="github.com/benoitc/gunicorn issues 3146 and 3407; run on 23.0.0: 4 threads, "
        "worker_connections = 2, the second 8 requests at once are never answered, on 25.3.0 they are",
    ),
)
