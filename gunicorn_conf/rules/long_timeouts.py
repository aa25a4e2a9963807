"""Rules on a ``timeout`` that is longer than anybody waits."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import number, seconds
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.windows import request_limit
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# Five minutes: longer than any front end waits by default (Cloud Run, 300 s), so nobody is there to read the answer.
_HUGE_SECONDS = 300
# As much above the limit in front as advisor.sizing.server_settings recommends, TIMEOUT_MARGIN_SECONDS.
_ALLOWANCE_SECONDS = 10


@depends_on("worker_class", "threads", "timeout")
def timeout_huge(subject: Subject) -> Iterator[Problem]:
    """A worker may hang for many minutes before it is replaced.

    A sync worker serves nobody else meanwhile. With a few workers, a few requests that hang take the whole service
    down for that time.

    Mend it by moving work that takes minutes into a queue, and with a timeout near the longest request that is left.

    Example::

        timeout = 3600                 # before: a hung worker is away for an hour
        timeout = 60                   # after

    Ignore it when such requests are the service's purpose, and there are workers enough.
    """
    timeout = number(subject, "timeout")
    if timeout is None or timeout < _HUGE_SECONDS or worker_kind(subject.config) is not WorkerKind.SYNC:
        return
    if request_limit(subject.deployment) is not None:
        return  # timeout-above-request-limit says more
    yield Problem(
        message=f"timeout = {timeout} keeps a hung sync worker for {seconds(timeout)}, in which it serves nobody",
        place=place_of(subject, "timeout"),
        help="move long work into a queue, and set timeout near the longest request that is left",
        setting="timeout",
    )


@depends_on("worker_class", "threads", "timeout")
def timeout_above_request_limit(subject: Subject) -> Iterator[Problem]:
    """A request may run for longer than whoever is in front waits for the answer.

    The client has long had an error (502, 503, 504) while the sync worker goes on, for nobody, and is missing for
    others. Clients that try again occupy the next worker.

    Mend it by setting ``timeout`` near the limit in front, and by moving longer work into a queue. Up to 10 s above it
    nothing is reported: a worker is then replaced only when nobody waits for its answer any more.

    Example::

        timeout = 120                  # before, on Heroku, which answers 503 after 30 s
        timeout = 30                   # after

    Ignore it when the work must be finished although nobody waits, or when you raised the limit in front: say so with
    its configuration beside, or in ``[tool.gcadvise]``.
    """
    timeout = number(subject, "timeout")
    limit = request_limit(subject.deployment)
    if timeout is None or limit is None or timeout <= limit.length_seconds + _ALLOWANCE_SECONDS:
        return
    if worker_kind(subject.config) is not WorkerKind.SYNC or subject.config.get("timeout") is None:
        return
    yield Problem(
        message=f"timeout = {timeout} lets a request run on for {seconds(timeout - limit.length_seconds)} after "
        "whoever is "
        f"in front has given up, after {limit}",
        place=place_of(subject, "timeout"),
        help=f"set timeout to {limit.length_seconds:g} or less, and move longer work into a queue",
        setting="timeout",
        severity=None if limit.verified else Severity.INFO,
        confidence=limit.confidence,
    )


RULES = (
    Rule(
        code="GC306",
        name="timeout-huge",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=timeout_huge,
        evidence="gunicorn/arbiter.py:603 (27.0.1), murder_workers waits for timeout",
    ),
    Rule(
        code="GC307",
        name="timeout-above-request-limit",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=timeout_above_request_limit,
        evidence="the limit of each platform has its source in gunicorn_conf/platforms.toml",
    ),
)
