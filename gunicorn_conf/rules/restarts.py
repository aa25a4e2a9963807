"""Rules on ``max_requests``: workers that are replaced together, too often, or while nobody else serves."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on, is_set_or_unset
from gunicorn_conf.rules.conf_edits import line_after, new_value
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import amount, count, number, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

# At 10 requests/s to a worker it lives for 20 s, of which it spends seconds on importing the app.
_LOW_REQUESTS = 200
# A tenth spreads 10 workers over the time in which one serves a tenth of its requests.
_JITTER_SHARE = 10


@depends_on("workers", "max_requests", "max_requests_jitter")
def max_requests_without_jitter(subject: Subject) -> Iterator[Problem]:
    """All workers are replaced at nearly the same time.

    Workers share the requests evenly, so they reach ``max_requests`` together. While they import the app again, the
    service stands still, and the next time again.

    Mend it with ``max_requests_jitter``, which adds a random number for each worker.

    Example::

        max_requests = 1000            # before
        max_requests = 1000            # after
        max_requests_jitter = 100

    Ignore it when the app is imported within milliseconds, or by ``preload_app``.
    """
    requests, jitter = number(subject, "max_requests"), number(subject, "max_requests_jitter")
    workers = amount(subject, "workers")
    if not requests or jitter != 0 or (workers is not None and workers.most == 1):
        return
    sure = is_set_or_unset(subject, "max_requests_jitter")
    if sure is None:
        return
    exact = workers is not None and workers.least == workers.most
    together = f"all {count(workers.most, 'worker')}" if workers is not None and exact else "all workers"
    several = workers is not None and workers.least > 1
    yield Problem(
        message=f"{together} reach max_requests = {requests:,} at nearly the same time and are replaced together",
        place=place_of(subject, "max_requests"),
        help=f"set max_requests_jitter to {_jitter(requests)}",
        setting="max_requests_jitter",
        fix=_add_jitter(subject, _jitter(requests)),
        severity=Severity.INFO if not several or subject.config.known("preload_app") is True else None,
        confidence=None if sure is Confidence.HIGH else sure,
    )


def _jitter(requests: int) -> int:
    return max(1, requests // _JITTER_SHARE)


def _add_jitter(subject: Subject, jitter: int) -> Fix | None:
    description = f"set max_requests_jitter to {jitter}"
    if subject.config.get("max_requests_jitter") is not None:
        return new_value(subject, "max_requests_jitter", str(jitter), description)
    edit = line_after(subject, "max_requests", f"max_requests_jitter = {jitter}")
    return Fix(description=description, safe=False, edits=(edit,)) if edit is not None else None


@depends_on("max_requests", "max_requests_jitter")
def jitter_without_max_requests(subject: Subject) -> Iterator[Problem]:
    """A jitter is set, but nothing that it could spread: workers are never replaced.

    ``max_requests_jitter`` is added to ``max_requests``, and 0 there means never, whatever the jitter is.

    Mend it by setting ``max_requests`` too, or by removing the jitter.

    Example::

        max_requests_jitter = 50       # before: no effect
        max_requests = 1000            # after
        max_requests_jitter = 50

    Ignore it when ``max_requests`` comes from a variable that only some deployments set; then it is not reported.
    """
    jitter = set_number(subject.config, "max_requests_jitter")
    if not jitter or number(subject, "max_requests") != 0:
        return
    written = subject.config.get("max_requests")
    if written is not None and written.variables:
        return
    sure = is_set_or_unset(subject, "max_requests")
    if sure is None:
        return
    yield Problem(
        message=f"max_requests_jitter = {jitter} has no effect: max_requests is "
        f"{'0' if written is not None else 'not set'}, so workers are never replaced",
        place=place_of(subject, "max_requests_jitter"),
        help="set max_requests, or remove the jitter",
        setting="max_requests_jitter",
        confidence=None if sure is Confidence.HIGH else sure,
    )


@depends_on("max_requests")
def max_requests_low(subject: Subject) -> Iterator[Problem]:
    """Workers are replaced after few requests.

    Each replacement imports the app again, which takes CPU from the others and leaves one worker fewer meanwhile.

    Mend it with some thousands, which serves against a slow leak as well.

    Example::

        max_requests = 50              # before: at 10 requests/s to a worker, every 5 s
        max_requests = 2000            # after

    Ignore it when each request may leave so much behind that it must be so.
    """
    requests = set_number(subject.config, "max_requests")
    if not requests or requests >= _LOW_REQUESTS:
        return
    often = requests / 10
    yield Problem(
        message=f"max_requests = {requests} replaces a worker every {often:g} s at 10 requests/s to each",
        place=place_of(subject, "max_requests"),
        help="set it to 1,000 or more",
        setting="max_requests",
    )


@depends_on("workers", "max_requests", "preload_app")
def max_requests_one_worker(subject: Subject) -> Iterator[Problem]:
    """The only worker is replaced now and then, and nobody serves meanwhile.

    At ``max_requests`` the worker ends, a new one is started and imports the app. Until it has, requests wait.

    Mend it with a second worker, or with ``preload_app``, with which a new worker starts in milliseconds.

    Example::

        workers = 1
        max_requests = 1000            # before
        workers = 2                    # after

    Ignore it when the import is fast enough to wait for.
    """
    requests = number(subject, "max_requests")
    if not requests or number(subject, "workers") != 1 or subject.config.known("preload_app") is not False:
        return
    sure = is_set_or_unset(subject, "workers")
    if sure is None:
        return
    yield Problem(
        message=f"the only worker is replaced after {count(requests, 'request')}, and until its successor has "
        "imported the "
        "app nobody serves",
        place=place_of(subject, "max_requests"),
        help="set workers to 2 or more, or preload_app = True",
        setting="max_requests",
        severity=None if sure is Confidence.HIGH else Severity.INFO,
        confidence=None if sure is Confidence.HIGH else sure,
    )


RULES = (
    Rule(
        code="GC312",
        name="max-requests-without-jitter",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=max_requests_without_jitter,
        evidence="gunicorn/workers/base.py:59 (27.0.1); github.com/benoitc/gunicorn pull request 862, issue 3427",
    ),
    Rule(
        code="GC313",
        name="jitter-without-max-requests",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=jitter_without_max_requests,
        evidence="gunicorn/workers/base.py:59 (27.0.1); 19.9 behaved otherwise (issue 1978)",
    ),
    Rule(
        code="GC314",
        name="max-requests-low",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=max_requests_low,
        evidence="gunicorn/workers/base.py:59 (27.0.1)",
    ),
    Rule(
        code="GC315",
        name="max-requests-one-worker",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=max_requests_one_worker,
        evidence="gunicorn/arbiter.py (27.0.1), manage_workers starts the successor when the worker has ended",
    ),
)
