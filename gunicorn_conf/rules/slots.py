"""Rules on slots, the requests that are served at once: too few of them, or not delivered."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.platforms import platform
from gunicorn_conf.rules.certainty import depends_on, is_set_or_unset
from gunicorn_conf.rules.conf_edits import line_after, new_value
from gunicorn_conf.rules.few_connections import KEEPS_ACCEPTING_SINCE
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.given import is_sure, place_of
from gunicorn_conf.rules.numbers import amount, count, cpus, number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# A file alone that sets none of these only adds to a command that is not seen, such as hooks or logging.
_OF_A_SERVER = ("bind", "worker_class", "threads", "timeout", "graceful_timeout", "keepalive", "max_requests")


@depends_on("worker_class", "workers", "threads", "worker_connections")
def slots_not_delivered(subject: Subject) -> Iterator[Problem]:
    """Workers with threads take connections that they have no thread for, while other workers are idle.

    A gthread worker takes up to ``worker_connections`` connections, 1,000 by default, into a queue of its own, although
    all its threads are busy. So workers × threads is promised, and not delivered: 20 requests of 2 s to 3 workers × 3
    threads take 10.0 s and not 6.0 s, and 64 clients with kept-alive connections get 77 requests/s from 5 × 4 threads
    where 400 are possible.

    Mend it on Gunicorn 25 and later with ``worker_connections`` equal to ``threads`` and ``keepalive = 0``. Before 25 a
    low limit can make workers hang: upgrade first, or use one worker with more threads.

    Example::

        workers = 5
        threads = 4                    # before: up to 1,000 connections wait for 4 threads
        worker_connections = 4         # after
        keepalive = 0

    Ignore it when requests take less than a few milliseconds: a new connection for each would then cost more than the
    waiting (an empty handler falls from 9,150 to 4,380 requests/s).
    """
    workers, threads = amount(subject, "workers"), amount(subject, "threads")
    connections = number(subject, "worker_connections")
    if worker_kind(subject.config) is not WorkerKind.THREADS or workers is None or threads is None:
        return
    if workers.least < 2 or threads.least < 2 or connections is None or connections <= threads.most:
        return
    sure = is_set_or_unset(subject, "worker_connections")
    if sure is None:
        return
    curable = subject.release >= KEEPS_ACCEPTING_SINCE
    exact = workers.least == workers.most and threads.least == threads.most
    slots = f"{workers.least} × {threads.least} = {count(workers.least * threads.least, 'slot')}"
    yield Problem(
        message=f"{'' if exact else 'at least '}{slots} are not all used: a worker takes up to "
        f"{count(connections, 'connection')} although its {count(threads.least, 'thread')} are busy and others "
        "are idle",
        place=place_of(subject, "worker_connections", "threads"),
        help="if requests take more than a few milliseconds, set worker_connections = threads and keepalive = 0"
        if curable
        else "upgrade to Gunicorn 25 or later, and then set worker_connections = threads and keepalive = 0",
        setting="worker_connections",
        fix=_take_only_what_is_served(subject) if curable else None,
        severity=None if curable else Severity.INFO,
        confidence=None if sure is Confidence.HIGH else sure,
    )


def _take_only_what_is_served(subject: Subject) -> Fix | None:
    written, threads = subject.config.get("threads"), number(subject, "threads")
    if threads is None or written is None:
        return None
    edits: list[Edit] = []
    added: list[str] = []
    # What is added stands after threads and may name it; what is replaced may stand before, and holds a number.
    for name, here, elsewhere in (("worker_connections", "threads", str(threads)), ("keepalive", "0", "0")):
        if subject.config.get(name) is None:
            added.append(f"{name} = {here}")
            continue
        fix = new_value(subject, name, elsewhere, f"set {name} to {elsewhere}")
        if fix is None or (name == "worker_connections" and not is_sure(written)):
            return None
        edits += fix.edits
    if added:
        edit = line_after(subject, "threads", "\n".join(added))
        if edit is None:
            return None
        edits.append(edit)
    description = f"set worker_connections to threads ({threads}) and keepalive to 0"
    return Fix(description=description, safe=False, edits=tuple(edits))


@depends_on("worker_class", "workers", "threads")
def one_request_at_a_time(subject: Subject) -> Iterator[Problem]:
    """One sync worker serves one request at a time, and nobody else.

    Every other request waits for it. A client that connects and sends nothing blocks it too, until ``timeout`` kills
    the worker: observed with ``timeout = 3``, the next request waited 4.9 s. Health checks wait as well, so that a
    platform may restart a server that is merely busy.

    Mend it with more workers, or with threads.

    Example::

        workers = 1                    # before
        workers = 3                    # after; or one worker and threads = 8

    Ignore it when nothing but one request at a time is wanted, for example behind a queue.
    """
    if number(subject, "workers") != 1 or worker_kind(subject.config) is not WorkerKind.SYNC:
        return
    sure = _sure_of_workers(subject)
    certain = Confidence.HIGH is sure is is_set_or_unset(subject, "threads")
    if sure is None or (sure is not Confidence.HIGH and not any(map(subject.config.get, _OF_A_SERVER))):
        return
    is_set = subject.config.get("workers") is not None
    yield Problem(
        message="one sync worker serves one request at a time, and an idle client can block it"
        if is_set
        else "workers is not set, so one sync worker serves one request at a time, and an idle client can block it",
        place=place_of(subject, "workers"),
        help="set workers to 2 or more, or threads",
        setting="workers",
        severity=None if certain else Severity.INFO,
        confidence=None if certain else Confidence.MEDIUM,
    )


@depends_on("worker_class", "threads")
def workers_not_set(subject: Subject) -> Iterator[Problem]:
    """Nothing says how many workers there are, so there is one.

    One worker is one Python process and uses one CPU, whatever number of threads or greenlets it has. When it is
    replaced, nobody serves.

    Mend it by setting ``workers``, or the variable ``WEB_CONCURRENCY``.

    Example::

        worker_class = "gthread"
        threads = 8                    # before: one worker
        workers = 3                    # after

    Ignore it when one is what you want, for example because the app keeps its state in memory; better say so with
    ``workers = 1``.
    """
    kind = worker_kind(subject.config)
    if subject.config.get("workers") is not None or kind in (None, WorkerKind.SYNC):
        return
    sure = _sure_of_workers(subject)
    if sure is None:
        return
    budget = subject.deployment.cpus
    if budget is not None and budget <= 1:
        return
    idle = budget is not None and sure is Confidence.HIGH
    yield Problem(
        message=f"workers is not set, so there is one worker, which uses one of {cpus(budget)}"
        if budget is not None
        else "workers is not set, so there is one worker, which uses one CPU",
        place=subject.place,
        help="set workers, to 1 if one is what you want",
        setting="workers",
        severity=Severity.WARNING if idle else None,
        confidence=sure,
    )


def _sure_of_workers(subject: Subject) -> Confidence | None:
    name = subject.deployment.platform
    if subject.config.get("workers") is None and name is not None and "WEB_CONCURRENCY" in platform(name).sets:
        return None
    return is_set_or_unset(subject, "workers")


RULES = (
    Rule(
        code="GC211",
        name="slots-not-delivered",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=slots_not_delivered,
        evidence="gunicorn/workers/gthread.py:420 (27.0.1), issue 908; run: 20 requests of 2 s on 3 × 3 take 10.0 s, "
        "with worker_connections = 3 and keepalive = 0 6.0 s",
    ),
    Rule(
        code="GC214",
        name="one-request-at-a-time",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=one_request_at_a_time,
        evidence="gunicorn/workers/sync.py; run: 3 requests of 2 s take 6.0 s, an idle client holds the next "
        "one for 4.9 s",
    ),
    Rule(
        code="GC215",
        name="workers-not-set",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=workers_not_set,
        evidence="gunicorn/config.py, Workers: 1 unless WEB_CONCURRENCY is set",
    ),
)
