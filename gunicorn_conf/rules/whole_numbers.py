"""Rules on settings that hold a whole number: fractions, text, True and False, octal modes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.accepted import accepts_int, kind
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import Verdict, place_of_wrong, reads_variable, replacement, shown, verdict
from gunicorn_conf.settings import SettingType, setting
from gunicorn_conf.value import Known, Literal, certain

_OCTAL = re.compile(r"0[0-7]+")
# Permission bits, which people write in octal.
_MODES = frozenset({"umask", "control_socket_mode"})
_WHOLE_QUOTED = re.compile(r"""(['"])\s*\d+\s*\1""")


def not_a_whole_number(subject: Subject) -> Iterator[Problem]:
    """A setting that takes a whole number holds a fraction, None, a list, text that is no number, or a negative number.

    Gunicorn ends with an error before it starts. Fractions come from a division: ``cpu_count() / 2`` is 4.0 and not 4,
    and ``cpu_count() * 1.5`` is a fraction on every machine. None comes from a variable that is not set.

    Mend it with ``int()``, and give variables a default.

    Example::

        workers = cpu_count() / 2          # before: 4.0
        workers = cpu_count() // 2         # after: 4

    Ignore it when the value is only reported for a variable that your deployment always sets.
    """
    for one in _numbers(subject):
        found = verdict(one.value, lambda value: not accepts_int(value))
        if found is None or _is_octal_text(one, found.example):
            continue
        yield _number_problem(subject, one, found)


def quoted_number(subject: Subject) -> Iterator[Problem]:
    """A setting that takes a whole number holds it as text.

    Gunicorn converts it, with Python's rules for numbers in programs: ``"4"`` is fine, ``"08"`` and ``"0022"`` end with
    an error, ``"0x10"`` is 16.

    Mend it by removing the quotes.

    Example::

        workers = "4"      # before
        workers = 4        # after

    Ignore it when you prefer it so; it works. Values from the environment, which are always text, are not reported.
    """
    for one in _numbers(subject):
        if one.source is not Source.FILE or not _WHOLE_QUOTED.fullmatch(one.text):
            continue
        value = certain(one.value)
        if value is None or not isinstance(value[0], str) or not accepts_int(value[0]):
            continue
        number = int(value[0], 0)
        yield Problem(
            message=f"{one.name} holds the number {number} as text",
            place=one.value_place,
            help=f"write {one.name} = {number}",
            setting=one.name,
            fix=replacement(one, str(number), "remove the quotes", safe=True),
        )


def truth_as_number(subject: Subject) -> Iterator[Problem]:
    """A setting that takes a number holds True or False, which Gunicorn reads as 1 or 0.

    ``keepalive = True`` keeps idle connections for 1 second, ``timeout = False`` switches the watch over hung workers
    off, ``workers = True`` runs one worker. Nothing complains.

    Mend it by writing the number.

    Example::

        keepalive = True     # before: 1 second
        keepalive = 5        # after

    Ignore it when 1 or 0 is what you mean; writing the number says so.
    """
    for one in _numbers(subject):
        found = verdict(one.value, lambda value: isinstance(value, bool))
        if found is None:
            continue
        number = int(found.example is True)
        fix = None
        if one.source is Source.FILE and one.text in ("True", "False"):
            fix = replacement(one, str(number), f"write {number}, which is what it stands for", safe=True)
        same = number == setting(one.name).default(subject.release)
        yield Problem(
            message=f"{one.name} {found.verb} {found.example}, which Gunicorn reads as the number {number}",
            place=place_of_wrong(subject, one, found),
            help="write the number that you mean",
            setting=one.name,
            fix=fix,
            severity=Severity.INFO if same else found.severity,
            confidence=found.confidence,
        )


def octal_text(subject: Subject) -> Iterator[Problem]:
    """A mode is written as octal text, such as ``umask = "0022"``.

    Gunicorn's documentation calls this valid, but in a configuration file Gunicorn converts text with
    ``int(text, 0)``, which refuses a leading zero: it ends with an error before it starts. Only the command line takes
    ``--umask 0022``. Text without the zero is worse: ``"22"`` is decimal, 0o26.

    Mend it by writing an octal number.

    Example::

        umask = "0022"     # before: invalid literal for int() with base 0
        umask = 0o022      # after

    Ignore it when the text is really meant as a decimal number.
    """
    for one in _numbers(subject):
        value = certain(one.value)
        if value is None or one.name not in _MODES or one.source is not Source.FILE:
            continue
        text = value[0]
        if not isinstance(text, str) or not _OCTAL.fullmatch(text.strip()) or accepts_int(text):
            continue
        right = f"0o{text.strip()[1:]}"
        fix = None if reads_variable(one.text) else replacement(one, right, f"write {right}", safe=True)
        yield Problem(
            message=f"{one.name} is the text {text!r}, which Gunicorn refuses in a configuration file",
            place=one.value_place,
            help=f"int(variable, 8) reads octal text; the number here is {right}" if fix is None else f"write {right}",
            setting=one.name,
            fix=fix,
        )


def _numbers(subject: Subject) -> Iterator[Assigned]:
    """Whatever gives a number setting a value that can take effect; variables have rules of their own."""
    for one in subject.config.assigned:
        # On the command line cert_reqs is text, which Gunicorn converts as in a file.
        if one.source is not Source.VARIABLE and kind(one.name, subject.release) is SettingType.INT:
            yield one


def _is_octal_text(one: Assigned, value: Literal) -> bool:
    return one.name in _MODES and isinstance(value, str) and _OCTAL.fullmatch(value.strip()) is not None


def _number_problem(subject: Subject, one: Assigned, found: Verdict) -> Problem:
    value = found.example
    severity = found.severity
    condition = found.condition
    if value is None and reads_variable(one.text):
        condition, severity = " while the variable is not set", Severity.WARNING
    return Problem(
        message=f"{one.name} {found.verb} {shown(value)}{condition}, {_lacks(value)}: Gunicorn ends with an error",
        place=place_of_wrong(subject, one, found),
        help=_how(one, value),
        setting=one.name,
        fix=_whole(one, value) if found.always else None,
        severity=severity,
        confidence=found.confidence,
    )


def _lacks(value: Literal) -> str:
    if isinstance(value, float):
        return "a float and no whole number"
    if isinstance(value, int):
        return "which is below 0"
    return "which is no whole number"


def _how(one: Assigned, value: Literal) -> str:
    if isinstance(value, float):
        return "make it whole with int() or with // instead of /"
    if value is None and reads_variable(one.text):
        return "give the variable a default, and convert it with int()"
    if isinstance(value, int):
        return "make it at least 0, with max() where it is computed"
    return "give it a whole number from 0"


def _whole(one: Assigned, value: Literal) -> Fix | None:
    """Gunicorn does not start with it, so nothing that works can change."""
    if one.source is not Source.FILE or not isinstance(value, float) or not 0 <= value < math.inf:
        return None
    if isinstance(one.value, Known) and re.fullmatch(r"\d+\.\d*", one.text):
        return replacement(one, str(int(value)), "drop the fraction", safe=True)
    return replacement(one, f"int({one.text})", "make it whole with int()", safe=True)


RULES = (
    Rule(
        code="GC105",
        name="not-a-whole-number",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=not_a_whole_number,
        evidence='gunicorn/config.py:421 (27.0.1), validate_pos_int; run: 4.0, None and "four" end with exit code 1',
    ),
    Rule(
        code="GC106",
        name="quoted-number",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=quoted_number,
        evidence='gunicorn/config.py:421 (27.0.1), int(val, 0); run: "4" is taken, "08" is refused',
    ),
    Rule(
        code="GC108",
        name="truth-as-number",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=truth_as_number,
        evidence="gunicorn/config.py:425 (27.0.1), int(val); run: keepalive = True prints keepalive = 1",
    ),
    Rule(
        code="GC109",
        name="octal-text",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=octal_text,
        evidence='gunicorn/config.py, Umask and validate_pos_int (27.0.1); run: umask = "0022" ends with exit code 1',
    ),
)
