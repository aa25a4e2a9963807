"""Rules on settings that are on or off: values that Gunicorn refuses, and text that is taken for True."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.accepted import accepts_bool, kind
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import place_of_wrong, reads_variable, replacement, shown, verdict
from gunicorn_conf.settings import SettingType
from gunicorn_conf.value import Literal

# Text that people write for on and off, beside "true" and "false", which Gunicorn takes.
_ON = frozenset({"1", "on", "y", "yes", "t", "enabled"})
_OFF = frozenset({"0", "off", "n", "no", "f", "disabled", "", "none"})
_READERS = frozenset({"get", "getenv"})


def not_a_truth_value(subject: Subject) -> Iterator[Problem]:
    """A setting that is on or off holds something other than True or False, such as 1 or "yes".

    Gunicorn takes True, False, None and the text "true" or "false". With anything else, 1 and 0 included, it ends with
    an error before it starts.

    Mend it by writing True or False; compare a variable with the text that stands for on.

    Example::

        preload_app = 1                                                     # before
        preload_app = True                                                  # after
        preload_app = os.environ.get("PRELOAD", "false").lower() == "true"  # from a variable

    Ignore it when the value is only reported for a variable that your deployment sets to true or false.
    """
    for one in _switches(subject):
        found = verdict(one.value, lambda value: not accepts_bool(value))
        if found is None:
            continue
        fix = _truth(one, found.example) if found.always else None
        yield Problem(
            message=f"{one.name} {found.verb} {shown(found.example)}{found.condition}, "
            "which is neither True nor False: Gunicorn ends with an error",
            place=place_of_wrong(subject, one, found),
            help=_how(one) if fix is None else "write True or False",
            setting=one.name,
            fix=fix,
            severity=found.severity,
            confidence=found.confidence,
        )


def truth_of_text(subject: Subject) -> Iterator[Problem]:
    """A setting is on or off by ``bool()`` of an environment variable, which is on for every text.

    Variables hold text, and ``bool()`` of a text is True unless it is empty: ``RELOAD=false`` and ``RELOAD=0`` switch
    reloading on.

    Mend it by comparing the text.

    Example::

        reload = bool(os.environ.get("RELOAD", False))                 # before: RELOAD=false is True
        reload = os.environ.get("RELOAD", "false").lower() == "true"   # after

    Ignore it when the variable is always either empty or not set when the setting is to be off.
    """
    if subject.conf is None:
        return
    for one in subject.config.assigned:
        if one.source is not Source.FILE or not one.text.startswith("bool(") or not reads_variable(one.text):
            continue
        variable = _variable_in_bool(one.text)
        if variable is None:
            continue
        yield Problem(
            message=f'{one.name} is bool() of the text in {variable}, so "false" and "0" switch it on too',
            place=one.value_place,
            help=f'compare the text instead: os.environ.get("{variable}", "false").lower() == "true"',
            setting=one.name,
        )


def _switches(subject: Subject) -> Iterator[Assigned]:
    for one in subject.config.assigned:
        # On the command line they take no value.
        if one.source is Source.FILE and kind(one.name, subject.release) is SettingType.BOOL:
            yield one


def _truth(one: Assigned, value: Literal) -> Fix | None:
    """True or False in place of a literal that stands for it; Gunicorn does not start with the literal."""
    if reads_variable(one.text) or not one.text.strip("'\"").isalnum():
        return None
    text = str(value).lower().strip()
    if text in _ON or text in _OFF:
        return replacement(one, str(text in _ON), f"write {text in _ON}", safe=True)
    return None


def _how(one: Assigned) -> str:
    if reads_variable(one.text):
        return 'compare the variable\'s text: os.environ.get("NAME", "false").lower() == "true"'
    return "write True or False"


def _variable_in_bool(text: str) -> str | None:
    """The variable whose very text ``bool()`` gets: nothing is compared or converted in between."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Call) or len(tree.args) != 1:
        return None
    inner = tree.args[0]
    if isinstance(inner, ast.Call) and inner.args:
        called, name = inner.func, inner.args[0]
        reads = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
        if reads not in _READERS:
            return None
    elif isinstance(inner, ast.Subscript):
        name = inner.slice
    else:
        return None
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


RULES = (
    Rule(
        code="GC107",
        name="not-a-truth-value",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=not_a_truth_value,
        evidence='gunicorn/config.py:399 (27.0.1), validate_bool; run: 1, 0, "yes" and "1" end with exit code 1',
    ),
    Rule(
        code="GC126",
        name="truth-of-text",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=truth_of_text,
        evidence='Python: bool("false") is True',
    ),
)
