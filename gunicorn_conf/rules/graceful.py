"""Rules on ``graceful_timeout``: how long a stop may take, and who is faster."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on, is_set_or_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import number, seconds, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.windows import stop_window
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# Between the last worker's end and SIGKILL the arbiter runs on_exit and removes its files.
_MARGIN_SECONDS = 2


@depends_on("graceful_timeout")
def graceful_above_stop_window(subject: Subject) -> Iterator[Problem]:
    """Gunicorn is killed before it has stopped.

    After SIGTERM Gunicorn lets running requests finish for ``graceful_timeout``. Whoever stops it waits for a time of
    its own and then sends SIGKILL, which ends requests, hooks and clean-up at once. ``docker stop`` and compose wait
    for 10 s, Kubernetes for 30 s; Gunicorn's default is 30 s.

    Mend it by keeping ``graceful_timeout`` below that time, or by raising the other one (``stop_grace_period``,
    ``terminationGracePeriodSeconds``, ``TimeoutStopSec``).

    Example::

        graceful_timeout = 60          # before, with docker stop, which kills after 10 s
        graceful_timeout = 8           # after

    Ignore it when requests are always shorter than that time.
    """
    graceful = number(subject, "graceful_timeout")
    window = stop_window(subject.deployment)
    if graceful is None or window is None or graceful < window.length_seconds:
        return
    is_set = subject.config.get("graceful_timeout") is not None
    sure = is_set_or_unset(subject, "graceful_timeout")
    if sure is None:
        return
    when = "but SIGKILL comes after" if graceful > window.length_seconds else "and SIGKILL comes just then, after"
    below = max(1, int(window.length_seconds) - _MARGIN_SECONDS)
    yield Problem(
        message=f"graceful_timeout {'=' if is_set else 'is by default'} {graceful}, {when} {window} and ends "
        "requests that still run",
        place=place_of(subject, "graceful_timeout"),
        help=f"set graceful_timeout to {below}, or raise the other time above {seconds(graceful)}",
        setting="graceful_timeout",
        severity=None if is_set and window.verified else Severity.INFO,
        confidence=None if sure is Confidence.HIGH and window.verified else Confidence.MEDIUM,
    )


@depends_on("graceful_timeout")
def graceful_zero(subject: Subject) -> Iterator[Problem]:
    """Every stop and every reload ends the requests that are running.

    With ``graceful_timeout = 0`` workers are killed at once: their clients get a closed connection.

    Mend it with a time that the longest usual request needs.

    Example::

        graceful_timeout = 0           # before
        graceful_timeout = 20          # after

    Ignore it when this is for development.
    """
    if number(subject, "graceful_timeout") != 0:
        return
    yield Problem(
        message="graceful_timeout is 0, so every stop or reload cuts off the requests that are running",
        place=place_of(subject, "graceful_timeout"),
        help="set it to what the longest usual request takes",
        setting="graceful_timeout",
    )


@depends_on("worker_class", "threads", "timeout", "graceful_timeout")
def graceful_below_timeout(subject: Subject) -> Iterator[Problem]:
    """A restart cuts off requests that would otherwise be allowed to finish.

    A sync worker may spend ``timeout`` on one request, but when Gunicorn stops or reloads it has ``graceful_timeout``
    for the rest of it. Long requests fail with each deploy.

    Mend it by raising ``graceful_timeout``, together with the time that whoever stops Gunicorn waits.

    Example::

        timeout = 120
        graceful_timeout = 10          # before
        graceful_timeout = 120         # after

    Ignore it when a deploy may cut off the few longest requests.
    """
    graceful, timeout = number(subject, "graceful_timeout"), set_number(subject.config, "timeout")
    if worker_kind(subject.config) is not WorkerKind.SYNC or not graceful or timeout is None or graceful >= timeout:
        return
    window = stop_window(subject.deployment)
    if window is not None and window.length_seconds <= timeout:
        return  # the platform cuts it off anyway, which graceful-above-stop-window and timeout-above-... judge
    is_set = subject.config.get("graceful_timeout") is not None
    sure = is_set_or_unset(subject, "graceful_timeout")
    if sure is None:
        return
    yield Problem(
        message=f"a request may take {seconds(timeout)} (timeout), but a stop or reload cuts it off after "
        f"{seconds(graceful)} (graceful_timeout{'' if is_set else ', by default'})",
        place=place_of(subject, "graceful_timeout", "timeout"),
        help=f"set graceful_timeout to {timeout}, and let whoever stops Gunicorn wait for longer",
        setting="graceful_timeout",
        confidence=None if sure is Confidence.HIGH else sure,
    )


RULES = (
    Rule(
        code="GC309",
        name="graceful-above-stop-window",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=graceful_above_stop_window,
        evidence="gunicorn/arbiter.py:460 (27.0.1); the time of each platform has its source in platforms.toml",
    ),
    Rule(
        code="GC310",
        name="graceful-zero",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=graceful_zero,
        evidence="gunicorn/arbiter.py:460 (27.0.1); run: the client of a running request gets no answer",
    ),
    Rule(
        code="GC311",
        name="graceful-below-timeout",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=graceful_below_timeout,
        evidence="gunicorn/arbiter.py:460 (27.0.1)",
    ),
)
