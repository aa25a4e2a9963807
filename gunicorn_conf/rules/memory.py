"""Rules on memory: what the workers need against what there is."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on, is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import MEBIBYTE, amount, count, mebibytes, number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

# What a worker with the smallest Flask app needs for itself (USS 15.9 MB measured after 400 requests, Gunicorn 27.0.1,
# Python 3.11), rounded down: an app of any size needs more.
_SMALLEST_WORKER_BYTES = 15 * MEBIBYTE
# Below a tenth of free memory a burst, or the page cache's needs, decide whether the kernel kills.
_FULL_SHARE = 0.9
# A worker of this size has libraries worth sharing: with 90 MB of data four workers needed 433 MB, and 140 MB with
# preload_app.
_LARGE_WORKER_BYTES = 100 * MEBIBYTE
_MANY_WORKERS = 3


@depends_on("workers", unsure=Severity.WARNING)
def workers_exceed_memory(subject: Subject) -> Iterator[Problem]:
    """The workers need more memory than there is.

    Where memory has a limit, the kernel kills a process that goes beyond it: a worker, in the midst of requests, or the
    arbiter, and the container with it. Without a limit the machine swaps, which is slower than fewer workers.

    Mend it with fewer workers and more threads, which share a worker's memory, or with more memory.

    Example::

        workers = 5                    # before: 5 × 200 MiB = 1,000 MiB of 512 MiB
        workers = 2                    # after
        threads = 8

    Ignore it when ``preload_app`` shares most of a worker's memory. What a worker needs is what you give with
    ``--worker-memory``; without, only what no worker can do without is counted (15 MiB).
    """
    workers, limit = amount(subject, "workers"), subject.deployment.memory_bytes
    if workers is None or not limit:
        return
    given = subject.deployment.worker_memory_bytes or None
    each = given if given is not None else _SMALLEST_WORKER_BYTES
    needed = workers.least * each
    if needed <= limit * (_FULL_SHARE if given is not None else 1):
        return
    at_least = "at least " if given is None or workers.least < workers.most else ""
    over = needed > limit
    fitting = max(1, int(limit * _FULL_SHARE // each))
    yield Problem(
        message=f"{at_least}{count(workers.least, 'worker')} × {mebibytes(each)} = {mebibytes(needed)} of "
        f"{mebibytes(limit)}{'' if over else ', which leaves nothing to spare'}",
        place=place_of(subject, "workers"),
        help=_fewer(fitting, fits=fitting * each <= limit, measured=given is not None),
        setting="workers",
        severity=None if over and subject.config.known("preload_app") is False else Severity.WARNING,
    )


def _fewer(workers: int, *, fits: bool, measured: bool) -> str:
    if not measured:
        return "set far fewer workers, and say with --worker-memory what one of them needs"
    if not fits:
        return "one worker alone needs more: give it more memory"
    return f"set workers to {workers} or fewer, and threads for more requests at once"


@depends_on("workers")
def preload_would_share(subject: Subject) -> Iterator[Problem]:
    """Several large workers each import the app for themselves.

    With ``preload_app`` the app is imported once, before the workers are forked, and they share what they do not
    change. Four workers with 90 MB of data needed 433 MB, and 140 MB with ``preload_app`` (and ``gc.freeze()``).

    Mend it by turning ``preload_app`` on, once you know that the app opens no connections and starts no threads while
    it is imported.

    Example::

        workers = 8                    # before: 8 × 200 MiB
        preload_app = True             # after: the libraries and their data once

    Ignore it when the app does not survive a fork, or when SIGHUP must bring new code.
    """
    workers, each = number(subject, "workers"), subject.deployment.worker_memory_bytes
    if workers is None or workers < _MANY_WORKERS or each is None or each < _LARGE_WORKER_BYTES:
        return
    is_set = subject.config.get("preload_app") is not None
    if is_set or is_unset(subject, "preload_app") is None:
        return
    yield Problem(
        message=f"{count(workers, 'worker')} × {mebibytes(each)} = {mebibytes(workers * each)}, of which "
        "preload_app would "
        "share what the app only reads",
        place=place_of(subject, "workers"),
        help="try preload_app = True, if the app survives a fork",
        setting="preload_app",
    )


RULES = (
    Rule(
        code="GC401",
        name="workers-exceed-memory",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=workers_exceed_memory,
        evidence="arithmetic; measured: the sum of PSS of Flask workers is 21.5 MB + workers × 16.1 MB",
    ),
    Rule(
        code="GC402",
        name="preload-would-share",
        severity=Severity.INFO,
        confidence=Confidence.LOW,
        check=preload_would_share,
        evidence="measured with 4 workers: sum of PSS 433 MB, with preload_app 140 MB",
    ),
)
