"""The rule on values that Gunicorn's validators refuse, where no other rule says more of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.release import Release
from gunicorn_conf.rules.accepted import COMMA_LISTS, accepts, kind, wanted
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import place_of_wrong, reads_variable, replacement, shown, verdict
from gunicorn_conf.settings import SettingType
from gunicorn_conf.value import Literal

# Settings with rules of their own: numbers and switches by their type, and these.
_ELSEWHERE = frozenset({"bind", "forwarded_allow_ips", "proxy_allow_ips", "uwsgi_allow_ips"})
_ELSEWHERE_TYPES = frozenset({SettingType.INT, SettingType.BOOL})
# Numbers that must also lie within limits.
_LIMITED = frozenset({"http2_max_frame_size", "http2_initial_window_size", "http2_max_concurrent_streams"})
# Text that Gunicorn takes apart at commas.
_COMMAS = COMMA_LISTS | {"pythonpath", "dogstatsd_tags", "http_protocols"}
_LITERAL_LIST = re.compile(r"[\[(][^\[\]()]*[\])]")


def refused_value(subject: Subject) -> Iterator[Problem]:
    """A setting has a value of a kind that Gunicorn refuses.

    Gunicorn checks the kind of most values when it reads them, and ends with an error before it starts: a number or a
    list where it takes text, None for a dictionary or a hook, a word that is not among those that the setting knows.

    Mend it by writing a value of the kind that the setting takes.

    Example::

        loglevel = logging.INFO      # before: 20 is no string
        loglevel = "info"            # after

    Ignore it when the value is only reported for a variable that your deployment always sets.
    """
    for one in subject.config.assigned:
        if not _is_judged(one, subject):
            continue
        found = verdict(one.value, partial(_refuses, one.name, subject.release))
        if found is None:
            continue
        unset = found.example is None and reads_variable(one.text)
        condition = " while its variable is not set" if unset else found.condition
        yield Problem(
            message=f"{one.name} {found.verb} {shown(found.example)}{condition}, but "
            f"Gunicorn takes {wanted(one.name, subject.release)}: it ends with an error",
            place=place_of_wrong(subject, one, found),
            help=_how(one, found.example, unset),
            setting=one.name,
            fix=_joined(one, found.example) if found.always else None,
            severity=Severity.WARNING if unset else found.severity,
            confidence=found.confidence,
        )


def _refuses(name: str, release: Release, value: Literal) -> bool:
    return not accepts(name, value, release)


def _is_judged(one: Assigned, subject: Subject) -> bool:
    if one.source is Source.VARIABLE or one.name in _ELSEWHERE:
        return False
    taken = kind(one.name, subject.release)
    return taken is not None and (one.name in _LIMITED or taken not in _ELSEWHERE_TYPES)


def _how(one: Assigned, value: Literal, unset: bool) -> str:
    if unset:
        return "give the variable a default"
    if value is None:
        return f"remove {one.name}, so that Gunicorn's default holds"
    if one.name in _COMMAS and isinstance(value, (list, tuple)):
        return "write one string with commas"
    return "write a value of that kind"


def _joined(one: Assigned, value: Literal) -> Fix | None:
    """The string with commas for a literal list of strings; Gunicorn does not start with the list."""
    if one.name not in _COMMAS or one.source is not Source.FILE or not _LITERAL_LIST.fullmatch(one.text):
        return None
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) and part.isprintable() for part in value):
        return None
    text = ",".join(str(part) for part in value)
    if '"' in text or "\\" in text or "#" in one.text:
        return None
    return replacement(one, f'"{text}"', "write one string with commas", safe=True)


RULES = (
    Rule(
        code="GC125",
        name="refused-value",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=refused_value,
        evidence='gunicorn/config.py, validate_* (27.0.1); run: loglevel = 20, post_fork = None, reload_engine = "x": '
        "exit code 1",
    ),
)
