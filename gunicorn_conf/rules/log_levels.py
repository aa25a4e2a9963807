"""Rules on loglevel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import rewrite, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import reads_variable, shown
from gunicorn_conf.value import Literal

# gunicorn/glogging.py:166, Logger.LOG_LEVELS.
_LEVELS = ("critical", "error", "warning", "info", "debug")
_MEANT: Mapping[str, str] = {
    "warn": "warning",
    "fatal": "critical",
    "crit": "critical",
    "err": "error",
    "trace": "debug",
    "verbose": "debug",
    "notice": "info",
    "notset": "debug",
    "all": "debug",
}


def unknown_level(subject: Subject) -> Iterator[Problem]:
    """loglevel is none of Gunicorn's levels, as "warn" is not.

    Gunicorn takes info for every level that it does not know, without a word.

    Mend it with critical, error, warning, info or debug, in any case.

    Example::

        loglevel = "warn"        # before: info
        loglevel = "warning"     # after

    Ignore it when info is what you want; writing it says so.
    """
    found = wrong(subject, "loglevel", _is_unknown)
    if found is None:
        return
    one, how = found
    level = str(how.example)
    meant = _meant(level.strip().lower())
    fix = None
    if meant is not None and how.always and one.text[:1] in ("'", '"'):
        fix = rewrite(one, f'"{meant}"', f"write {meant}", safe=False)
    yield Problem(
        message=f"loglevel {how.verb} {shown(level)}{how.condition}, which Gunicorn does not know: it logs at info",
        place=one.value_place,
        help=f"did you mean {meant}?" if meant else f"use one of {', '.join(_LEVELS)}",
        setting="loglevel",
        fix=fix,
        confidence=how.confidence,
    )


def level_none(subject: Subject) -> Iterator[Problem]:
    """loglevel is None, most often from a variable that is not set.

    Gunicorn asks it for its lower case and ends at start with an AttributeError, which ``gunicorn --check-config``
    does not find.

    Mend it with a default for the variable.

    Example::

        loglevel = os.environ.get("LOG_LEVEL")             # before
        loglevel = os.environ.get("LOG_LEVEL", "info")     # after

    Ignore it when your deployment always sets the variable.
    """
    found = wrong(subject, "loglevel", lambda value: value is None)
    if found is None:
        return
    one, how = found
    unset = bool(one.variables) or reads_variable(one.text)
    condition = how.condition or (" while the variable is not set" if unset else "")
    yield Problem(
        message=f"loglevel {how.verb} None{condition}: Gunicorn ends at start",
        place=one.value_place,
        help='give the variable a default, such as "info"' if unset else "name a level, such as info",
        setting="loglevel",
        severity=Severity.WARNING if unset else how.severity,
        confidence=how.confidence,
    )


def _is_unknown(value: Literal) -> bool:
    return isinstance(value, str) and value.strip().lower() not in _LEVELS


def _meant(level: str) -> str | None:
    if level in _MEANT:
        return _MEANT[level]
    import difflib

    near = difflib.get_close_matches(level, _LEVELS, 1, 0.7)
    return near[0] if near else None


RULES = (
    Rule(
        code="GC157",
        name="loglevel-unknown",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=unknown_level,
        evidence='gunicorn/glogging.py:201 (27.0.1); run: with "warn" info is logged',
    ),
    Rule(
        code="GC158",
        name="loglevel-none",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=level_none,
        evidence="gunicorn/glogging.py:201 (27.0.1); run: AttributeError, exit code 1",
    ),
)
