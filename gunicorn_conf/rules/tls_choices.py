"""Rules on what TLS in Gunicorn does not do: hold to ssl_version, and keep its context between connections."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_on, is_sure, place_of, removal
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind
from gunicorn_conf.value import certain


def ssl_version_ignored(subject: Subject) -> Iterator[Problem]:
    """ssl_version is set, and counts for nothing since release 21.

    Gunicorn prints a warning and negotiates the versions of TLS that Python allows. A minimum that was set here is not
    enforced.

    Mend it with a function ``ssl_context`` that sets the minimum, and remove the setting.

    Example::

        ssl_version = ssl.PROTOCOL_TLSv1_2                    # before

        def ssl_context(config, default_ssl_context_factory): # after
            context = default_ssl_context_factory()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            return context

    Ignore it when the file also serves a release before 21. Since Gunicorn 21.
    """
    one = given(subject, "ssl_version")
    if one is None:
        return
    value = certain(one.value)
    if value is not None and value[0] is None:
        return
    yield Problem(
        message="ssl_version is ignored: the versions of TLS that Python allows are negotiated",
        place=one.place,
        help="set minimum_version in a function ssl_context, and remove ssl_version",
        setting="ssl_version",
        fix=removal(subject, one, safe=True),
        confidence=None if is_sure(one) else Confidence.MEDIUM,
    )


@depends_on("worker_class", "threads")
def context_per_connection(subject: Subject) -> Iterator[Problem]:
    """Gunicorn itself serves TLS, and reads certificate and key again for each connection.

    Sync and gthread workers make a new TLS context for every connection: two files are read and parsed, and no session
    is resumed. The handshake is done in the worker, which serves nobody else meanwhile if it is a sync worker.

    Mend it by letting a proxy serve TLS, which also takes in slow clients.

    Example::

        certfile = "/etc/tls/tls.crt"       # before
        bind = "unix:/run/shop/shop.sock"   # after: behind nginx, which has the certificate

    Ignore it when clients are services of your own with few, long connections.
    """
    one = given(subject, "certfile")
    if one is None or not is_on(subject, "certfile"):
        return
    kind = worker_kind(subject.config)
    if kind not in (WorkerKind.SYNC, WorkerKind.THREADS):
        return
    yield Problem(
        message=f"{subject.config.worker_class} workers make a TLS context from certificate and key "
        "for each connection",
        place=place_of(subject, "certfile"),
        help="let a proxy in front serve TLS",
        setting="certfile",
    )


RULES = (
    Rule(
        code="GC520",
        name="ssl-version-ignored",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=ssl_version_ignored,
        since=Release(21),
        evidence="gunicorn/config.py:460 (27.0.1), 366 (21.2.0): prints that it is ignored; run",
    ),
    Rule(
        code="GC522",
        name="context-per-connection",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=context_per_connection,
        evidence="gunicorn/sock.py:282 (27.0.1), called by workers/sync.py and gthread.py for each connection",
    ),
)
