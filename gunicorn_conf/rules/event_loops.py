"""Rules on the event loop of the asgi worker."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of, text_of
from gunicorn_conf.rules.packages import is_complete, lacks
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

_BRINGS_UVLOOP = ("uvicorn", "fastapi", "sanic", "granian", "hypercorn")


def uvloop_missing(subject: Subject) -> Iterator[Problem]:
    """asgi_loop is "uvloop", and the requirements do not name the package.

    The asgi worker then logs "uvloop not available, falling back to asyncio" each time a worker starts, and uses
    Python's own loop.

    Mend it by requiring uvloop, or by leaving the setting at "auto", which uses uvloop where it is installed.

    Example::

        asgi_loop = "uvloop"     # before, without uvloop in requirements.txt
        asgi_loop = "auto"       # after

    Ignore it when uvloop is installed by other means. Since Gunicorn 24.
    """
    requirements = subject.requirements
    if requirements is None or text_of(subject, "asgi_loop") != "uvloop" or subject.config.worker_class != "asgi":
        return
    if not lacks(subject, "uvloop"):
        return
    complete = is_complete(requirements)
    if not complete and any(name.partition("[")[0] in _BRINGS_UVLOOP for name in requirements.packages):
        return
    yield Problem(
        message=f"asgi_loop is uvloop, which {requirements.path} does not name: without it workers "
        "use Python's own loop and log a warning",
        place=place_of(subject, "asgi_loop"),
        help="require uvloop, or set asgi_loop to auto",
        setting="asgi_loop",
        confidence=None if complete else Confidence.MEDIUM,
    )


RULES = (
    Rule(
        code="GC707",
        name="uvloop-missing",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=uvloop_missing,
        since=Release(24),
        evidence="gunicorn/workers/gasgi.py:65 (27.0.1); run",
    ),
)
