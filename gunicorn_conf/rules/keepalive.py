"""Rules on ``keepalive``: which worker obeys it, and how it must fit whoever is in front."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on, is_set_or_unset
from gunicorn_conf.rules.conf_edits import new_value, removal
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import number, seconds, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.windows import idle_timeout, stop_window
from gunicorn_conf.rules.worker_kind import KEEPS_ALIVE, WorkerKind, worker_kind

# Long enough for a clock tick and a round trip: whoever is in front closes first.
_MARGIN_SECONDS = 5
# Where the proxy is the owner's own, the figure is nginx's, which keeps no connections unless its upstream says so.
_NGINX_IN_FRONT = frozenset({"systemd", "supervisor", "bare"})
_IF_KEPT = " (if the proxy keeps connections, as nginx does with keepalive in its upstream)"


@depends_on("worker_class", "threads", "keepalive")
def keepalive_ignored(subject: Subject) -> Iterator[Problem]:
    """Connections are to be kept alive by the sync worker, which never does so.

    The sync worker answers every request with "Connection: close", whatever ``keepalive`` says. Nothing breaks; only
    the setting promises what is not there.

    Mend it by removing it, or with the gthread worker.

    Example::

        worker_class = "sync"
        keepalive = 65                 # before: no effect
        # after: removed

    Ignore it when the same file also serves a deployment with another worker.
    """
    wanted = set_number(subject.config, "keepalive")
    if not wanted or worker_kind(subject.config) is not WorkerKind.SYNC:
        return
    yield Problem(
        message=f"keepalive = {wanted} has no effect: the sync worker closes every connection after the answer",
        place=place_of(subject, "keepalive"),
        help="remove it, or use the gthread worker",
        setting="keepalive",
        fix=removal(subject, "keepalive"),
    )


@depends_on("worker_class", "threads", "keepalive")
def keepalive_below_proxy(subject: Subject) -> Iterator[Problem]:
    """Gunicorn closes idle connections before whoever is in front does.

    A proxy or load balancer keeps connections to Gunicorn for its next requests. When Gunicorn closes one at the moment
    at which a request is sent into it, the client gets a 502, now and then and without a trace in Gunicorn's log.

    Mend it by keeping connections alive for longer than the other side does, or not at all with ``keepalive = 0``.

    Example::

        keepalive = 2                  # before, behind an AWS load balancer, which keeps them for 60 s
        keepalive = 65                 # after

    Ignore it when the proxy opens a new connection for each request, as nginx does unless its upstream says keepalive.
    """
    keepalive = number(subject, "keepalive")
    if not keepalive or not _keeps_connections(subject):
        return
    is_set = subject.config.get("keepalive") is not None
    sure = is_set_or_unset(subject, "keepalive")
    front = idle_timeout(subject.deployment)
    if sure is None or front is None or keepalive > front.length_seconds:
        return
    longer = math.ceil(front.length_seconds) + _MARGIN_SECONDS
    by_nginx = subject.deployment.platform in _NGINX_IN_FRONT and front.of_platform
    certain = sure is Confidence.HIGH and front.verified and not by_nginx
    what = f"keepalive = {keepalive}" if is_set else f"keepalive, by default {keepalive},"
    yield Problem(
        message=f"{what} closes idle connections before whoever is in front does, after {front}: a request sent at "
        f"that moment gets a 502{_IF_KEPT if by_nginx else ''}",
        place=place_of(subject, "keepalive", "worker_class", "threads"),
        help=f"set keepalive to {longer}, or to 0 to close every connection after the answer",
        setting="keepalive",
        fix=new_value(subject, "keepalive", str(longer), f"set keepalive to {longer}"),
        severity=None if certain else Severity.INFO,
        confidence=None if certain else Confidence.MEDIUM,
    )


@depends_on("worker_class", "threads", "keepalive")
def keepalive_off(subject: Subject) -> Iterator[Problem]:
    """Connections are not kept alive, although something in front would use them again.

    Every request costs a new connection between the two, which is well below a millisecond on one network, and more
    with TLS.

    Mend it by keeping connections for longer than the other side does.

    Example::

        keepalive = 0                  # before, behind an AWS load balancer, which keeps connections for 60 s
        keepalive = 65                 # after

    Ignore it when requests take more than a few milliseconds, where it is hardly to be noticed. It is not reported for
    gthread workers with ``worker_connections = threads``, where an idle connection would occupy a thread's place.
    """
    if set_number(subject.config, "keepalive") != 0 or not _keeps_connections(subject):
        return
    front = idle_timeout(subject.deployment)
    if front is None or not front.length_seconds:
        return
    yield Problem(
        message="keepalive = 0 makes each request a new connection, although whoever is in front keeps idle "
        f"ones for {front}",
        place=place_of(subject, "keepalive"),
        help=f"set keepalive to {math.ceil(front.length_seconds) + _MARGIN_SECONDS} if requests are short",
        setting="keepalive",
        confidence=front.confidence,
    )


def _keeps_connections(subject: Subject) -> bool:
    """Whether the worker keeps idle connections where ``keepalive`` lets it."""
    kind = worker_kind(subject.config)
    if kind is not WorkerKind.THREADS:
        return kind in KEEPS_ALIVE
    threads, connections = number(subject, "threads"), number(subject, "worker_connections")
    return threads is None or connections is None or connections > threads


@depends_on("worker_class", "threads", "keepalive", "graceful_timeout")
def idle_connection_delays_stop(subject: Subject) -> Iterator[Problem]:
    """A gthread worker that stops waits for idle connections until ``graceful_timeout``.

    From release 24 to 26 a stopping worker waits until every connection is closed, idle ones too, and does not look at
    ``keepalive`` while it waits. One idle connection with ``keepalive = 2`` and ``graceful_timeout = 8`` made the stop
    take 8.0 s; on 23.0.0 it took 0.8 s, on 27.0.1 1.9 s. Each deploy takes that long, and so does each replacement
    after ``max_requests``, with a worker less all the while.

    Mend it by upgrading Gunicorn to 27 or later, or with ``keepalive = 0``.

    Example::

        worker_class = "gthread"
        threads = 4
        keepalive = 65                 # before, on 26.2.0: a stop takes 30 s
        keepalive = 0                  # after

    Ignore it when nobody waits for a stop. Since 27 it does not apply.
    """
    keepalive, graceful = number(subject, "keepalive"), number(subject, "graceful_timeout")
    if worker_kind(subject.config) is not WorkerKind.THREADS or not keepalive or not graceful:
        return
    sure = is_set_or_unset(subject, "keepalive")
    if sure is None or not _keeps_connections(subject):
        return
    window = stop_window(subject.deployment)
    killed = window is not None and window.length_seconds <= graceful
    recycles = bool(number(subject, "max_requests"))
    after = "; SIGKILL comes after " + str(window) if killed else ""
    yield Problem(
        message=f"on Gunicorn {subject.release} one idle kept-alive connection makes a stopping gthread worker "
        "wait for all "
        f"of graceful_timeout, {seconds(graceful)}{', also after max_requests' if recycles else ''}{after}",
        place=place_of(subject, "keepalive", "worker_class", "threads"),
        help="upgrade to Gunicorn 27 or later, or set keepalive = 0",
        setting="keepalive",
        severity=Severity.WARNING if killed or recycles else None,
        confidence=sure,
    )


RULES = (
    Rule(
        code="GC301",
        name="keepalive-ignored",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=keepalive_ignored,
        evidence='gunicorn/workers/sync.py:179 (27.0.1), resp.force_close(); run: the answer says "Connection: close"',
    ),
    Rule(
        code="GC302",
        name="keepalive-below-proxy",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=keepalive_below_proxy,
        evidence="github.com/alphagov/notifications-admin#4826, heroku/python-getting-started#261, PostHog#17897",
    ),
    Rule(
        code="GC303",
        name="keepalive-off",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=keepalive_off,
        evidence="gunicorn/workers/base_async.py:76 and gthread.py:766 (27.0.1)",
    ),
    Rule(
        code="GC323",
        name="idle-connection-delays-stop",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=idle_connection_delays_stop,
        since=Release(24, 0, 0),
        until=Release(27, 0, 0),
        evidence="gunicorn/workers/gthread.py (26.2.0), run(); run with keepalive 2 and graceful_timeout 8: 0.8 "
        "s on 23.0.0, "
        "8.0 s on 24.1.1 and 26.2.0, 1.9 s on 27.0.1",
    ),
)
