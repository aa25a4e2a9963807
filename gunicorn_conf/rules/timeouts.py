"""Rules on ``timeout``: what it bounds, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import number, seconds, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# Gunicorn's default (gunicorn/config.py, Timeout): not worth a word.
_DEFAULT_SECONDS = 30
# Large apps take 5 to 10 s to import on a busy CPU; a shorter timeout was chosen for requests, not for that.
_SHORT_BOOT_SECONDS = 10
# The main loops of gthread (select(1.0)) and gevent (sleep(1.0)) come round so often when nothing happens.
_HEARTBEAT_SECONDS = 1
_REPORT_EVERY_SECOND = frozenset({WorkerKind.THREADS, WorkerKind.GREENLETS})


@depends_on("timeout")
def timeout_zero(subject: Subject) -> Iterator[Problem]:
    """Hung workers are never replaced.

    With ``timeout = 0`` the arbiter does not look whether workers are alive. A worker that hangs, in a deadlock or in
    a call that never returns, stays for good, and with it a part of the capacity, until somebody restarts Gunicorn.

    Mend it with a time that is longer than the longest request that you allow.

    Example::

        timeout = 0                    # before
        timeout = 60                   # after

    Ignore it when something else watches each worker and restarts what hangs. On Cloud Run, which may stop the CPU
    between requests, ends requests itself and for which Google's own guides set 0, nothing is reported.
    """
    if number(subject, "timeout") != 0 or subject.deployment.platform == "cloud-run":
        return
    yield Problem(
        message="timeout is 0, so a worker that hangs is never replaced",
        place=place_of(subject, "timeout"),
        help="set it above the longest request that you allow",
        setting="timeout",
    )


@depends_on("worker_class", "threads", "timeout")
def timeout_is_not_per_request(subject: Subject) -> Iterator[Problem]:
    """The timeout does not bound a request with this worker.

    ``timeout`` bounds how long a worker may stay silent. A sync worker is silent during a request; the others go on
    reporting from their main loop. A request of 5 s under ``timeout = 2`` is ended by a sync worker, and answered by
    gthread, gevent and uvicorn's.

    Mend it where the time is spent: a timeout of the database, of the HTTP client, of the proxy.

    Example::

        worker_class = "gthread"
        timeout = 10                   # before, meant for requests
        # after: SQLAlchemy's connect_args={"options": "-c statement_timeout=10000"}, requests.get(..., timeout=10)

    Ignore it when you know it, and mean the worker. On App Service, where the image's own command sets 600, nothing is
    reported.
    """
    timeout = set_number(subject.config, "timeout")
    kind = worker_kind(subject.config)
    if subject.deployment.platform == "app-service":
        return
    if not timeout or timeout == _DEFAULT_SECONDS or kind in (None, WorkerKind.SYNC):
        return
    yield Problem(
        message=f"timeout = {timeout} does not end slow requests: the {subject.config.worker_class} worker "
        "reports itself "
        "alive while they run",
        place=place_of(subject, "timeout"),
        help="bound requests in the app, the database or the proxy",
        setting="timeout",
    )


@depends_on("timeout", "preload_app")
def slow_boot_killed(subject: Subject) -> Iterator[Problem]:
    """On old releases a short timeout kills workers that are still importing the app.

    Until release 21 the clock of ``timeout`` runs from the fork on. A worker whose app takes longer to import is killed
    and started again, for ever: with ``timeout = 2`` and an import of 6 s, 20.1.0 never serves, 22.0.0 and later do.

    Mend it by upgrading Gunicorn, with a longer timeout, or with ``preload_app``.

    Example::

        timeout = 5                    # before
        timeout = 30                   # after

    Ignore it when the app is imported in much less time. Since 22 it does not apply.
    """
    timeout = number(subject, "timeout")
    if not timeout or timeout > _SHORT_BOOT_SECONDS or subject.config.known("preload_app") is not False:
        return
    yield Problem(
        message=f"on Gunicorn {subject.release} a worker that takes longer than {seconds(timeout)} to import the "
        "app is "
        "killed and started again, for ever",
        place=place_of(subject, "timeout"),
        help="upgrade to Gunicorn 22 or later, or set a timeout well above the import",
        setting="timeout",
    )


@depends_on("worker_class", "threads", "timeout")
def timeout_near_heartbeat(subject: Subject) -> Iterator[Problem]:
    """The timeout is as short as the time between two signs of life.

    The gthread and the gevent worker report themselves once a second. With ``timeout = 1`` a healthy worker, even an
    idle one, is killed as soon as a report comes a little late.

    Mend it with several seconds; it does not bound requests with these workers anyway.

    Example::

        worker_class = "gevent"
        timeout = 1                    # before: "WORKER TIMEOUT" within half a minute, without any request
        timeout = 30                   # after

    Ignore it when you test how Gunicorn replaces workers.
    """
    timeout, kind = number(subject, "timeout"), worker_kind(subject.config)
    if timeout is None or not 0 < timeout <= _HEARTBEAT_SECONDS or kind not in _REPORT_EVERY_SECOND:
        return
    yield Problem(
        message=f"timeout = {timeout} kills healthy workers: the {subject.config.worker_class} worker reports itself "
        "only once a second",
        place=place_of(subject, "timeout"),
        help="set it to several seconds",
        setting="timeout",
    )


RULES = (
    Rule(
        code="GC304",
        name="timeout-zero",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=timeout_zero,
        evidence="gunicorn/arbiter.py:603 (27.0.1), murder_workers returns at once",
    ),
    Rule(
        code="GC305",
        name="timeout-is-not-per-request",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=timeout_is_not_per_request,
        evidence="issues 2086, 2695, 1493; run with timeout 2: sync ends a request of 5 s, gthread, gevent, "
        "uvicorn answer it",
    ),
    Rule(
        code="GC308",
        name="slow-boot-killed",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=slow_boot_killed,
        until=Release(22, 0, 0),
        evidence="gunicorn/workers/workertmp.py; run with timeout 2 and an import of 6 s: 4 kills on 20.1.0, "
        "none on 22.0.0",
    ),
    Rule(
        code="GC324",
        name="timeout-near-heartbeat",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=timeout_near_heartbeat,
        evidence="gunicorn/workers/gthread.py, run() and ggevent.py, run() (20.1.0 to 27.0.1); run: of two idle gevent "
        "workers with timeout 1 on 27.0.1 one was killed within 25 s",
    ),
)
