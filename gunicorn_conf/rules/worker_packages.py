"""Rules on packages that a setting needs and the requirements do not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, place_of
from gunicorn_conf.rules.packages import is_complete, lacks, pinned
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_classes import effective_class
from gunicorn_conf.value import certain

# The package of a worker class, by the beginning of its name, and Gunicorn's extra that brings it.
_PACKAGES: Mapping[str, tuple[str, str | None]] = {
    "gevent": ("gevent", "gevent"),
    "eventlet": ("eventlet", "eventlet"),
    "tornado": ("tornado", "tornado"),
    "uvicorn.workers.": ("uvicorn", None),
    "uvicorn_worker.": ("uvicorn-worker", None),
    "aiohttp.": ("aiohttp", None),
}
# gunicorn/workers/ggevent.py:18 of 24.1.1: "gevent worker requires gevent 24.10.1 or higher"; 23.0.0 takes 1.4.
_GEVENT_RAISED = Release(24, 1)
_LEAST_GEVENT = (24, 10, 1)


def missing_worker_package(subject: Subject) -> Iterator[Problem]:
    """The requirements do not name the package that the worker class needs, or pin a version that is too old.

    Gunicorn does not bring the packages of its gevent and tornado workers along; without them it ends at start. Since
    24.1 the gevent worker refuses a gevent below 24.10.1. ``gunicorn --check-config`` does not look.

    Mend it by requiring Gunicorn with the extra of the same name, or the package itself.

    Example::

        # requirements.txt, for worker_class = "gevent"
        gunicorn==27.0.1             # before
        gunicorn[gevent]==27.0.1     # after

    Ignore it when another file brings the package, such as the base image or a second requirements file. A lock file
    lists everything, so with one the finding is an error.
    """
    name = effective_class(subject)
    requirements = subject.requirements
    if name is None or requirements is None:
        return
    package, extra = next((needs for start, needs in _PACKAGES.items() if name.startswith(start)), ("", None))
    if not package:
        return
    version = pinned(subject, package)
    too_old = package == "gevent" and subject.release >= _GEVENT_RAISED and version is not None
    if version is not None and too_old and version < _LEAST_GEVENT:
        wanted = ".".join(str(number) for number in _LEAST_GEVENT)
        has = ".".join(str(number) for number in version)
        yield Problem(
            message=f"the {name} worker of Gunicorn {subject.release} needs gevent {wanted} or later,"
            f" and {requirements.path} pins {has}",
            place=place_of(subject, "worker_class"),
            help=f"require gevent>={wanted}",
            setting="worker_class",
        )
    elif lacks(subject, package, extra=extra):
        bring = f"gunicorn[{extra}]" if extra else package
        yield Problem(
            message=f"the {name} worker needs the package {package}, which {requirements.path} does not name",
            place=place_of(subject, "worker_class"),
            help=f"require {bring}",
            setting="worker_class",
            severity=None if is_complete(requirements) else Severity.WARNING,
            confidence=None if is_complete(requirements) else Confidence.MEDIUM,
        )


def fast_parser(subject: Subject) -> Iterator[Problem]:
    """http_parser is "fast", which fails on every request without the package gunicorn_h1c or with compatibility flags.

    Gunicorn starts as usual; the parser is looked for when the first request comes, and each is answered with 500. The
    fast parser also refuses to work together with the flags permit_obsolete_folding and strip_header_spaces.

    Mend it by requiring ``gunicorn[fast]``, or by leaving the setting at "auto", which uses the fast parser where it
    can.

    Example::

        http_parser = "fast"     # before: 500 without gunicorn_h1c
        http_parser = "auto"     # after

    Ignore it when gunicorn_h1c is installed by other means. Since Gunicorn 25.2.0.
    """
    if not is_known(subject, "http_parser", lambda value: isinstance(value, str) and value.strip().lower() == "fast"):
        return
    flags = [name for name in _NOT_FAST if is_known(subject, name, lambda value: value is True)]
    if flags:
        yield Problem(
            message=f"http_parser is fast together with {' and '.join(flags)}: every request is answered with 500",
            place=place_of(subject, "http_parser"),
            help="set http_parser to auto, or remove the flag",
            setting="http_parser",
        )
        return
    requirements = subject.requirements
    if requirements is not None and not lacks(subject, "gunicorn_h1c", extra="fast"):
        return
    known = requirements is not None
    names = f", which {requirements.path} does not name" if requirements is not None else ""
    yield Problem(
        message=f"http_parser is fast: without the package gunicorn_h1c{names}, every request is answered with 500",
        place=place_of(subject, "http_parser"),
        help="require gunicorn[fast], or set http_parser to auto",
        setting="http_parser",
        severity=None if known else Severity.INFO,
        confidence=Confidence.MEDIUM,
    )


def process_name(subject: Subject) -> Iterator[Problem]:
    """proc_name is set, but the requirements do not name setproctitle, without which processes keep their names.

    Gunicorn tries to import setproctitle and does nothing when that fails. The name still stands before the messages
    that go to syslog.

    Mend it by requiring ``gunicorn[setproctitle]``, or remove the setting.

    Example::

        # requirements.txt, for proc_name = "shop"
        gunicorn                   # before: ps shows the command line
        gunicorn[setproctitle]     # after: ps shows "gunicorn: master [shop]"

    Ignore it when setproctitle is installed by other means, or the name is meant for syslog.
    """
    one = given(subject, "proc_name")
    if one is None or subject.requirements is None or not lacks(subject, "setproctitle", extra="setproctitle"):
        return
    value = certain(one.value)
    if (value is not None and not value[0]) or not is_known(subject, "syslog", lambda syslog: not syslog):
        return
    yield Problem(
        message=f"proc_name changes nothing without the package setproctitle, which {subject.requirements.path}"
        " does not name",
        place=one.place,
        help="require gunicorn[setproctitle], or remove proc_name",
        setting="proc_name",
    )


# _FAST_PARSER_INCOMPATIBLE_FLAGS, gunicorn/http/message.py:29 (27.0.1).
_NOT_FAST = ("permit_obsolete_folding", "strip_header_spaces")

RULES = (
    Rule(
        code="GC132",
        name="worker-package-missing",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=missing_worker_package,
        evidence="gunicorn/workers/ggevent.py:14, gtornado.py:11 (27.0.1); run: exit code 1",
    ),
    Rule(
        code="GC154",
        name="fast-parser-missing",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=fast_parser,
        since=Release(25, 2),
        evidence="gunicorn/http/message.py:64 and 88 (27.0.1); run: every request is answered with 500",
    ),
    Rule(
        code="GC166",
        name="process-name-without-setproctitle",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=process_name,
        evidence="gunicorn/util.py:69 (27.0.1)",
    ),
)
