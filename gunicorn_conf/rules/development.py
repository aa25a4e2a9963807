"""Rules on what is for development alone: reloading, and tracing every line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import removal, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import OneOf

# Files that say of themselves that they are not for production.
_FOR_DEVELOPMENT = re.compile(
    r"(^|[^a-z])(dev|devel|development|local|debug|test|tests|testing|example|override)($|[^a-z])"
)
# What starts a service for others; compose files and scripts are often a developer's own.
_IN_EARNEST = frozenset({"dockerfile", "procfile", "systemd", "supervisor", "kubernetes"})


def reload_in_production(subject: Subject) -> Iterator[Problem]:
    """Workers restart whenever a source file changes, which is for development.

    Each worker watches every module's file, by asking for its date once a second where inotify is not installed.
    A deployment that copies files one after the other restarts workers on a half-copied application, and one that has a
    syntax error then is not kept from running: every client is answered with the traceback.

    Mend it by leaving ``reload`` off where others use the service.

    Example::

        reload = True                                        # before
        reload = os.environ.get("APP_ENV") == "development"  # after

    Ignore it when the configuration is for development. Files that have such a name (dev, local, test, override) are
    left out.
    """
    found = wrong(subject, "reload", _is_true)
    if found is None or _is_for_development(subject):
        return
    one, how = found
    if one.conditional or isinstance(one.value, OneOf):
        return
    command = subject.command
    in_earnest = command is not None and command.file_kind in _IN_EARNEST
    yield Problem(
        message=f"reload {how.verb} on{how.condition}, which is for development: workers restart when a file changes, "
        "and a syntax error is shown to every client with its traceback",
        place=one.place,
        help="leave it off where others use the service",
        setting="reload",
        fix=removal(subject, one, safe=False) if how.always else None,
        severity=None if in_earnest or command is None else Severity.INFO,
        confidence=how.confidence or (None if in_earnest else Confidence.MEDIUM),
    )


def every_line_traced(subject: Subject) -> Iterator[Problem]:
    """Every line of Python that is executed is printed.

    ``spew`` installs a trace function: each line of the application, of Gunicorn and of every library is looked up and
    written to standard output before it runs, which makes all of it many times slower.

    Mend it by removing it; a profiler or a debugger answers the question better.

    Example::

        spew = True     # before
        # after: not set

    Ignore it when you are looking for a fault in Gunicorn itself.
    """
    found = wrong(subject, "spew", _is_true)
    if found is None:
        return
    one, how = found
    yield Problem(
        message=f"spew {how.verb} on{how.condition}: every line that is executed is printed first",
        place=one.place,
        help="remove spew",
        setting="spew",
        fix=removal(subject, one, safe=False) if how.always else None,
        confidence=how.confidence,
    )


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _is_for_development(subject: Subject) -> bool:
    paths = [subject.place.path]
    if subject.command is not None:
        paths.append(subject.command.place.path)
    # The folders of an absolute path (/usr/local/...) say nothing of the file.
    names = [path.replace("\\", "/").rpartition("/")[2] if path.startswith("/") else path for path in paths]
    return any(_FOR_DEVELOPMENT.search(name.lower()) for name in names)


RULES = (
    Rule(
        code="GC519",
        name="reload-in-production",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=reload_in_production,
        evidence="gunicorn/workers/base.py:149 (27.0.1); run: a syntax error is answered with its traceback",
    ),
    Rule(
        code="GC523",
        name="every-line-traced",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=every_line_traced,
        evidence="gunicorn/debug.py:58 (27.0.1); run",
    ),
)
