"""The rule on a server without workers."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.place import Source
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import Literal, PerHost


def workers_zero(subject: Subject) -> Iterator[Problem]:
    """workers is 0, or becomes 0 on a small machine.

    Gunicorn starts, listens and accepts it: connections are made, and no process ever answers one. Nothing is logged.

    Mend it with at least 1; where the number is computed, with ``max(1, ...)``.

    Example::

        workers = cpu_count() - 1             # before: 0 on a machine with 1 CPU
        workers = max(1, cpu_count() - 1)     # after

    Ignore it when the workers are added later by the signal TTIN on purpose.
    """
    found = wrong(subject, "workers", _is_zero)
    if found is None:
        return
    one, how = found
    computed = isinstance(one.value, PerHost)
    source = "WEB_CONCURRENCY" if one.source is Source.VARIABLE else "workers"
    yield Problem(
        message=f"{source} {how.verb} 0{how.condition}: Gunicorn listens, and no process ever answers a request",
        place=one.value_place,
        help=f"write max(1, {one.text})" if computed else "make it at least 1",
        setting="workers",
        severity=how.severity,
        confidence=how.confidence,
    )


def _is_zero(value: Literal) -> bool:
    if isinstance(value, str):
        try:
            return int(value, 0) == 0
        except ValueError:
            return False
    return isinstance(value, int) and value == 0


RULES = (
    Rule(
        code="GC138",
        name="workers-zero",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=workers_zero,
        evidence="run: with workers = 0 a request hangs and gunicorn --check-config exits 0 (27.0.1)",
    ),
)
