"""Rules on worker classes that are being left behind: removed from Gunicorn, deprecated, or no longer maintained."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import rewrite, wrong
from gunicorn_conf.rules.packages import pinned
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.rules.worker_classes import EVENTLET, class_text

_EVENTLET_DEPRECATED = Release(25)
_EVENTLET_REMOVED = Release(26)
# uvicorn 0.30.0 (2024) deprecated uvicorn.workers: github.com/Kludex/uvicorn/pull/2302.
_UVICORN_DEPRECATED = (0, 30)
_DEPRECATED = ("uvicorn.workers.UvicornWorker", "uvicorn.workers.UvicornH11Worker")


def removed_worker_class(subject: Subject) -> Iterator[Problem]:
    """The worker class was removed from Gunicorn: eventlet in 26.0.0.

    Gunicorn ends before it starts, with "class uri 'eventlet' invalid or not found". Releases 25.x still run it and
    announce the removal.

    Mend it by moving to gevent, which needs the same kind of patching, or to gthread, which needs none.

    Example::

        worker_class = "eventlet"     # before: 26.0.0 and later do not start
        worker_class = "gevent"       # after, with gunicorn[gevent] in the requirements

    Ignore it when Gunicorn stays below 26 for good. The class is reported since 25.0.0, as a warning until 26.0.0.
    """
    found = wrong(subject, "worker_class", lambda value: class_text(value) in EVENTLET)
    if found is None:
        return
    one, how = found
    gone = subject.release >= _EVENTLET_REMOVED
    says = "no longer has the eventlet worker and ends at start" if gone else "announces that 26.0.0 removes it"
    yield Problem(
        message=f"worker_class {how.verb} {how.example}{how.condition}:"
        f" Gunicorn {subject.release}, which is in use, {says}",
        place=one.value_place,
        help="use gevent or gthread",
        setting="worker_class",
        severity=how.severity if gone else Severity.WARNING,
        confidence=how.confidence,
    )


def dead_worker_package(subject: Subject) -> Iterator[Problem]:
    """The worker class comes from meinheld, a package that is no longer maintained.

    Its last release is of May 2020. It requires a greenlet below 0.5, which does not compile with Python 3.11 and
    later, so that the next upgrade of Python ends in an installation that fails.

    Mend it by moving to gthread, or to gevent where many connections wait.

    Example::

        worker_class = "egg:meinheld#gunicorn_worker"     # before
        worker_class = "gthread"                          # after
        threads = 4

    Ignore it when Python stays at a release with which meinheld installs.
    """
    found = wrong(subject, "worker_class", lambda value: "meinheld" in class_text(value))
    if found is None:
        return
    one, how = found
    yield Problem(
        message=f"worker_class {how.verb} {shown(how.example)}{how.condition},"
        " whose package has had no release since 2020 and does not install on Python 3.11",
        place=one.value_place,
        help="use gthread or gevent",
        setting="worker_class",
        confidence=how.confidence,
    )


def deprecated_uvicorn_worker(subject: Subject) -> Iterator[Problem]:
    """The worker class is one of uvicorn.workers, which uvicorn deprecates.

    Since 0.30.0 the classes live on in the package uvicorn-worker; a later uvicorn may come without them.

    Mend it by adding uvicorn-worker to the requirements and naming its class. Gunicorn's own asgi worker, since 24.0.0,
    needs no package at all.

    Example::

        worker_class = "uvicorn.workers.UvicornWorker"     # before
        worker_class = "uvicorn_worker.UvicornWorker"      # after, with uvicorn-worker in the requirements

    Ignore it when uvicorn is pinned to a release that has the classes.
    """
    version = pinned(subject, "uvicorn")
    if version is not None and version < _UVICORN_DEPRECATED:
        return
    found = wrong(subject, "worker_class", lambda value: class_text(value) in _DEPRECATED)
    if found is None:
        return
    one, how = found
    right = class_text(how.example).replace("uvicorn.workers", "uvicorn_worker")
    fix = None
    if how.always and one.text.strip("\"'") == how.example:
        fix = rewrite(one, f'"{right}"', f"use {right}, which needs the package uvicorn-worker", safe=False)
    yield Problem(
        message=f"worker_class {how.verb} {how.example}{how.condition}, which uvicorn deprecates since 0.30.0",
        place=one.value_place,
        help=f"require uvicorn-worker and use {right}",
        setting="worker_class",
        fix=fix,
        confidence=how.confidence,
    )


RULES = (
    Rule(
        code="GC130",
        name="worker-class-removed",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=removed_worker_class,
        since=_EVENTLET_DEPRECATED,
        evidence="gunicorn/workers/__init__.py (27.0.1); run: exit code 1; geventlet.py:13 (25.3.0); #3623",
    ),
    Rule(
        code="GC133",
        name="dead-worker-package",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=dead_worker_package,
        evidence="meinheld 1.0.2 (17 May 2020) requires greenlet<0.5; run: that does not compile with Python 3.11",
    ),
    Rule(
        code="GC134",
        name="uvicorn-workers-deprecated",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=deprecated_uvicorn_worker,
        evidence="github.com/Kludex/uvicorn/pull/2302; uvicorn 0.54 still has the classes",
    ),
)
