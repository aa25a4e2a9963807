"""Rules on ``threads``: which worker reads it, and what it silently changes."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on, is_unset
from gunicorn_conf.rules.conf_edits import line_after, new_value, removal
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import is_sure, place_of
from gunicorn_conf.rules.numbers import amount, count, number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind
from gunicorn_conf.value import certain


@depends_on("worker_class", "threads")
def threads_imply_gthread(subject: Subject) -> Iterator[Problem]:
    """More than one thread silently replaces the sync worker by the gthread worker.

    Gunicorn starts gthread as soon as ``threads`` is above 1, also where ``worker_class`` says sync. With that,
    ``timeout`` no longer ends a slow request, ``keepalive`` becomes active, and the app must be thread-safe.

    Mend it by naming the worker that runs; ``--fix`` does so and changes nothing else.

    Example::

        threads = 4                    # before: gthread runs, and nothing says so
        worker_class = "gthread"       # after
        threads = 4

    Ignore it when everybody who reads the configuration knows it.
    """
    threads = amount(subject, "threads")
    written = certain(subject.config.value("worker_class"))
    if subject.config.worker_class != "gthread" or written is None or threads is None or threads.least < 2:
        return
    if not isinstance(written[0], str) or "gthread" in written[0] or "ThreadWorker" in written[0]:
        return
    named = subject.config.get("worker_class") is not None
    if not named and is_unset(subject, "worker_class") is None:
        return
    each = count(threads.least, "thread")
    yield Problem(
        message=f"worker_class is sync, but with {each} Gunicorn runs gthread"
        if named
        else f"with {each} Gunicorn runs gthread and not its default, sync",
        place=place_of(subject, "worker_class" if named else "threads"),
        help='write worker_class = "gthread", or threads = 1 if the app is not thread-safe',
        setting="worker_class",
        fix=_name_gthread(subject, named=named),
        severity=Severity.WARNING if named else None,
    )


def _name_gthread(subject: Subject, *, named: bool) -> Fix | None:
    if named:
        return new_value(subject, "worker_class", '"gthread"', "name the gthread worker", safe=True)
    threads = subject.config.get("threads")
    edit = line_after(subject, "threads", 'worker_class = "gthread"')
    if threads is None or edit is None:
        return None
    # Where a variable can bring threads down to 1, the sync worker runs today.
    return Fix(description="name the gthread worker", safe=is_sure(threads), edits=(edit,))


@depends_on("worker_class", "threads", unsure=Severity.WARNING)
def threads_ignored(subject: Subject) -> Iterator[Problem]:
    """Threads are set for a worker that has none.

    Only the gthread worker reads ``threads``. The workers with greenlets or an event loop (gevent, eventlet, tornado,
    asgi, uvicorn's) serve many requests in one thread and skip the setting: gevent and uvicorn's without a word, asgi
    with a warning when it starts.

    Mend it by removing ``threads``; more requests at once come from ``workers``, or from ``worker_connections`` with
    gevent.

    Example::

        worker_class = "gevent"
        threads = 8                    # before: no effect
        worker_connections = 1000      # after

    Ignore it when the same file also serves a gthread deployment.
    """
    threads = amount(subject, "threads")
    kind = worker_kind(subject.config)
    if threads is None or threads.least < 2 or kind in (None, WorkerKind.SYNC, WorkerKind.THREADS):
        return
    more = "worker_connections" if kind is WorkerKind.GREENLETS else "workers"
    yield Problem(
        message=f"threads = {threads.least} has no effect: the {subject.config.worker_class} worker does not read it",
        place=place_of(subject, "threads"),
        help=f"remove it; to serve more requests at once raise {more}",
        setting="threads",
        fix=removal(subject, "threads"),
    )


@depends_on("worker_class", "threads")
def gthread_without_threads(subject: Subject) -> Iterator[Problem]:
    """The gthread worker runs with one thread.

    It then serves one request at a time, like the sync worker, but takes up to ``worker_connections`` connections into
    a queue of its own, where they wait although another worker is idle. Three requests of 2 s to one such worker take
    6.1 s; with 4 threads they take 2.1 s.

    Mend it by setting ``threads``, or by going back to the sync worker.

    Example::

        worker_class = "gthread"       # before: one thread
        worker_class = "gthread"       # after
        threads = 4

    Ignore it when you want gthread for its kept-alive connections only and the requests take a few milliseconds.
    """
    if number(subject, "threads") != 1 or subject.config.worker_class != "gthread":
        return
    is_set = subject.config.get("threads") is not None
    sure = Confidence.HIGH if is_set else is_unset(subject, "threads")
    if sure is None:
        return
    yield Problem(
        message=f"the gthread worker has 1 thread{'' if is_set else ' (threads is not set)'} "
        "and serves one request at a time",
        place=place_of(subject, "threads", "worker_class"),
        help="set threads to 2 or more, or use the sync worker",
        setting="threads",
        confidence=sure,
    )


@depends_on("worker_class", "threads", unsure=Severity.WARNING)
def no_threads(subject: Subject) -> Iterator[Problem]:
    """The gthread worker is to run with 0 threads.

    Gunicorn accepts the value and starts, then every worker ends with "max_workers must be greater than 0", and
    Gunicorn with them (exit code 3).

    Mend it by setting at least 1.

    Example::

        threads = 0                    # before: no worker starts
        threads = 4                    # after

    Ignore it when the worker is not gthread where it counts; the others do not read ``threads``.
    """
    threads = amount(subject, "threads")
    if subject.config.worker_class != "gthread" or threads is None or threads.least != 0:
        return
    always = threads.most == 0
    yield Problem(
        message=f"threads {'is' if always else 'can be'} 0, with which no gthread worker starts",
        place=place_of(subject, "threads"),
        help="set threads to 1 or more",
        setting="threads",
        severity=None if always else Severity.WARNING,
        confidence=None if always else Confidence.MEDIUM,
    )


RULES = (
    Rule(
        code="GC201",
        name="threads-imply-gthread",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=threads_imply_gthread,
        evidence='gunicorn/config.py:145 (27.0.1); run: --threads 2 logs "Using worker: gthread"',
    ),
    Rule(
        code="GC202",
        name="threads-ignored",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=threads_ignored,
        evidence="only gunicorn/workers/gthread.py reads cfg.threads (20.1.0 to 27.0.1); run: gevent is silent, "
        "asgi warns",
    ),
    Rule(
        code="GC203",
        name="gthread-without-threads",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=gthread_without_threads,
        evidence="gunicorn/workers/gthread.py:284 (27.0.1); run: 3 requests of 2 s take 6.1 s, with 4 threads 2.1 s",
    ),
    Rule(
        code="GC204",
        name="no-threads",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=no_threads,
        evidence="gunicorn/workers/gthread.py:284 (27.0.1); run: exit code 3",
    ),
)
