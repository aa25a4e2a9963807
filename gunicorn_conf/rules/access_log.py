"""Rules on access_log_format: formats that nothing uses, that name nothing, or that fail on every request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, is_off, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_classes import effective_class
from gunicorn_conf.value import Literal

# What switches the access log on: gunicorn/glogging.py:368, _compute_access_log_enabled (27.0.1).
_SWITCHES = ("accesslog", "logconfig", "logconfig_dict", "logconfig_json")
# gunicorn/glogging.py:302, Logger.atoms (27.0.1; the same in 20.1.0).
_ATOMS = frozenset("hlutrsmUqHbBfaTDMLp")
_NUMBERS = frozenset("BTDM")
_IN_BRACES = re.compile(r"\{.+\}[ioe]", re.DOTALL)
_FIELD = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?(?P<flags>[#0 +-]*)(?P<width>\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>.)?", re.S
)
_TEXT = frozenset("sra")
_WHOLE = frozenset("diouxX")
_REAL = frozenset("eEfFgG")
_SHOWN = 3
_SHOWN_CHARACTERS = 40
# Far above any format in use; beyond it the pattern would take its time.
_LONGEST = 4000


def format_without_log(subject: Subject) -> Iterator[Problem]:
    """access_log_format is set, and the access log is off.

    Gunicorn writes no access log unless accesslog, a logconfig setting or syslog asks for one.

    Mend it by setting accesslog, with "-" for standard output.

    Example::

        access_log_format = '%(h)s "%(r)s" %(s)s'     # before: no access log at all
        accesslog = "-"                               # after, with the format

    Ignore it when the access log is switched on by a command line that was not looked at, or by a logger class.
    """
    one = given(subject, "access_log_format")
    if one is None or given(subject, "logger_class") is not None or not _is_log_off(subject):
        return
    yield Problem(
        message="access_log_format has no effect: accesslog is not set, so there is no access log",
        place=one.place,
        help='set accesslog = "-", or remove access_log_format',
        setting="access_log_format",
        confidence=None if subject.command is not None else Confidence.MEDIUM,
    )


def bad_format(subject: Subject) -> Iterator[Problem]:
    """access_log_format holds a field that Gunicorn does not have, or is no format of Python's.

    The format is applied with Python's ``%`` to the fields by name: ``%(h)s``. Apache's spelling (``%h``, ``%>s``)
    raises, and so does a number asked of text (``%(s)d``): instead of its line, each request logs a traceback. A name
    that does not exist is written as "-".

    Mend it with the fields of Gunicorn's documentation; headers and variables are ``%({referer}i)s``,
    ``%({content-type}o)s`` and ``%({REMOTE_USER}e)s``.

    Example::

        access_log_format = '%h %l %u %t "%r" %>s %b'                            # before
        access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s'        # after

    Ignore it when a logger class of your own adds fields; nothing is reported when logger_class is set, nor with
    aiohttp's and uvicorn's workers, which write their access log themselves.
    """
    name = effective_class(subject)
    if (name is not None and "." in name) or given(subject, "logger_class") is not None:
        return
    found = wrong(subject, "access_log_format", lambda value: bool(_faults(value)))
    if found is None:
        return
    one, how = found
    off = _is_log_off(subject)
    faults = _faults(how.example)
    raising = [fault for fault in faults if fault.raises]
    if raising:
        text = ", ".join(fault.field for fault in raising[:_SHOWN])
        each = "once there is an access log, each request" if off else "each request"
        message = f"access_log_format holds {text}, {raising[0].why}: {each} logs a traceback instead of its line"
    else:
        text = ", ".join(fault.field for fault in faults[:_SHOWN])
        message = f'access_log_format holds {text}, {faults[0].why}: "-" is written'
    yield Problem(
        message=message,
        place=one.value_place,
        help=(raising or faults)[0].instead,
        setting="access_log_format",
        severity=how.severity if raising and not off else Severity.WARNING,
        confidence=how.confidence,
    )


def _is_log_off(subject: Subject) -> bool:
    if not all(is_off(subject, name) for name in _SWITCHES):
        return False
    return is_off(subject, "syslog") or is_known(subject, "disable_redirect_access_to_syslog", bool)


class _Fault(NamedTuple):
    field: str
    why: str
    raises: bool
    instead: str


def _faults(value: Literal) -> list[_Fault]:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return []
    fields = [match for match in _FIELD.finditer(value) if match.group() != "%%"]
    named = any(match["name"] is not None for match in fields)
    faults = []
    for match in fields:
        fault = _fault(match["name"], match["kind"], named or len(fields) > 1)
        if fault is not None or match["width"] == "*":
            why, raises, instead = fault or ("whose width cannot be given here", True, "write the width as a number")
            text = " ".join(match.group().split()) or "%"
            faults.append(_Fault(text[:_SHOWN_CHARACTERS], why, raises, instead))
    return faults


def _fault(name: str | None, kind: str | None, several: bool) -> tuple[str, bool, str] | None:
    if kind is None or kind not in _TEXT | _WHOLE | _REAL | {"c"}:
        return "which Python's % does not read", True, "write fields as %(h)s, and a percent sign as %%"
    if name is None:
        # A lone "%s" writes all fields at once; beside others it finds no value left.
        if kind in _TEXT and not several:
            return None
        return "which names no field", True, "write fields by name, as %(h)s"
    if name not in _ATOMS and not _IN_BRACES.fullmatch(name):
        return (
            "which names no field of Gunicorn's",
            kind not in _TEXT,
            "see access_log_format in Gunicorn's documentation",
        )
    if kind in _TEXT or name in _NUMBERS:
        return None
    return "which asks text for a number", True, f"write %({name})s"


RULES = (
    Rule(
        code="GC155",
        name="access-format-without-log",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=format_without_log,
        evidence="gunicorn/glogging.py:368 (27.0.1)",
    ),
    Rule(
        code="GC156",
        name="access-format-bad",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bad_format,
        evidence="gunicorn/glogging.py:391 (27.0.1); run: %(s)d logs a TypeError for each request, %(x)s writes -",
    ),
)
