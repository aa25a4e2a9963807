"""Rules on the listening socket: its queue, who shares it, and who is in front of it."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import amount, set_number
from gunicorn_conf.rules.reach import addresses, is_loopback
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# net.core.somaxconn of Linux since 5.4 (include/linux/socket.h, SOMAXCONN); it was 128 before.
_SOMAXCONN = 4096
# The first release in which each worker opens a socket of its own for it (gunicorn/arbiter.py:638 in 24.1.1).
_SOCKET_PER_WORKER_SINCE = Release(24, 0, 0)
_PUBLIC_PORTS = ("80", "443")


@depends_on("backlog")
def backlog_above_somaxconn(subject: Subject) -> Iterator[Problem]:
    """The queue of waiting connections is longer than the kernel allows.

    Linux cuts ``backlog`` to ``net.core.somaxconn``, without a word: 4,096 since Linux 5.4, 128 before.

    Mend it by raising the kernel's limit as well, or by leaving the default of 2,048, which is seconds of work already.

    Example::

        backlog = 65535                # before: 4,096
        backlog = 2048                 # after

    Ignore it when ``net.core.somaxconn`` is raised where it runs.
    """
    backlog = set_number(subject.config, "backlog")
    if backlog is None or backlog <= _SOMAXCONN:
        return
    yield Problem(
        message=f"backlog = {backlog:,} is cut to net.core.somaxconn, {_SOMAXCONN:,} unless it was raised",
        place=place_of(subject, "backlog"),
        help=f"raise the sysctl net.core.somaxconn too, or set backlog to {_SOMAXCONN:,} or less",
        setting="backlog",
    )


@depends_on("reuse_port", "workers")
def reuse_port_splits_queue(subject: Subject) -> Iterator[Problem]:
    """Each worker has a queue of its own, so that requests wait for a busy worker while others are idle.

    Since release 24 each worker opens a socket of its own with ``reuse_port``, and the kernel deals connections out
    among them whether the worker is free or not. Four requests of 0.5 s to four sync workers take 0.5 s with the one
    queue that they share otherwise, and 1.0 to 1.5 s with ``reuse_port``. Connections that wait in the queue of a
    worker that ends are reset. And a second Gunicorn on the same port starts without an error.

    Mend it by leaving ``reuse_port`` off.

    Example::

        reuse_port = True              # before
        reuse_port = False             # after, the default

    Ignore it when there is one worker, or when a second Gunicorn is meant to take over the port.
    """
    if subject.config.known("reuse_port") is not True:
        return
    workers = amount(subject, "workers")
    own_sockets = subject.release >= _SOCKET_PER_WORKER_SINCE
    if own_sockets and (workers is None or workers.most > 1):
        message = (
            "with reuse_port each worker has a queue of its own: requests wait for a busy worker while others are idle"
        )
        severity = None
    else:
        message = "with reuse_port a second Gunicorn on the same port starts without an error and takes requests"
        severity = Severity.INFO
    yield Problem(
        message=message,
        place=place_of(subject, "reuse_port"),
        help="leave reuse_port off",
        setting="reuse_port",
        severity=severity,
    )


@depends_on("bind", "worker_class", "threads")
def sync_without_proxy(subject: Subject) -> Iterator[Problem]:
    """Sync workers face clients directly.

    A sync worker reads a request and writes the answer at the speed of the client, and serves nobody else meanwhile. As
    many slow clients as there are workers, on purpose or by mobile network, stop the service.

    Mend it with a proxy in front that takes in requests whole (nginx does by default), or with the gthread worker.

    Example::

        bind = "0.0.0.0:443"
        worker_class = "sync"          # before
        worker_class = "gthread"       # after
        threads = 16

    Ignore it when only your own, fast clients can connect. It is reported where no proxy is declared and the port is 80
    or 443, or where ``proxy`` is declared to be absent.
    """
    deployment = subject.deployment
    if worker_kind(subject.config) is not WorkerKind.SYNC or subject.config.get("bind") is None or deployment.proxy:
        return
    bound = addresses(subject.config.known("bind"))
    public = [text for text, address in bound if address.host is not None and not is_loopback(address)]
    on_public_port = [address for address in public if address.rpartition(":")[2] in _PUBLIC_PORTS]
    if deployment.proxy is None and deployment.container is not True:
        public = on_public_port
    elif deployment.proxy is None:
        return
    if not public:
        return
    declared = deployment.proxy is False
    yield Problem(
        message=f"sync workers at {public[0]} with no proxy in front serve at the speed of their clients: a few "
        "slow ones "
        "occupy all workers",
        place=place_of(subject, "bind"),
        help="put nginx or another buffering proxy in front, or use gthread with threads",
        setting="worker_class",
        severity=None if declared or deployment.container is False else Severity.INFO,
        confidence=None if declared else Confidence.LOW,
    )


RULES = (
    Rule(
        code="GC218",
        name="reuse-port-splits-queue",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=reuse_port_splits_queue,
        evidence="gunicorn/arbiter.py:749 (27.0.1); run with 4 sync workers, 4 requests of 0.5 s: 0.5 s on "
        "23.0.0, up to "
        "1.0 s on 24.1.1 and 1.5 s on 27.0.1",
    ),
    Rule(
        code="GC321",
        name="backlog-above-somaxconn",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=backlog_above_somaxconn,
        evidence="listen(2); run with 99999: ss shows 4096",
    ),
    Rule(
        code="GC322",
        name="sync-without-proxy",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=sync_without_proxy,
        evidence="gunicorn/workers/sync.py; docs.gunicorn.org/en/stable/deploy.html: a buffering proxy is "
        "strongly advised",
    ),
)
