"""Rules on names that Gunicorn silently ignores: settings misspelt, or written in capitals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gunicorn_conf.place import Place
from gunicorn_conf.rules.accepted import accepts, kind
from gunicorn_conf.rules.conf_text import names_in_text
from gunicorn_conf.rules.conf_tree import bindings, is_read
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.spelling import AMBIGUOUS, OF_UVICORN, near_hook, near_setting
from gunicorn_conf.rules.subject import ConfFile, Name, Subject
from gunicorn_conf.settings import settings
from gunicorn_conf.value import certain

# What authors keep in variables of their own to build bind from; alone they do nothing.
_PARTS_OF_BIND = frozenset({"addr", "address", "host", "hostname", "ip", "listen", "port", "server_port"})


def unknown_setting(subject: Subject) -> Iterator[Problem]:
    """A name in the configuration file is not a setting of Gunicorn, but was probably meant to be one.

    Gunicorn skips names that it does not know without a word, so the setting that was meant keeps its default.
    ``gunicorn --check-config`` says nothing either. Among the usual ones are the names of the command line's options
    (``access_logfile``, ``preload``, ``pid``), which are not those of the settings, options of uvicorn
    (``timeout_keep_alive``), and misspelt hooks.

    Mend it by writing the setting's name.

    Example::

        worker = 4       # before: one worker runs
        workers = 4      # after

    Ignore it when the name is a variable of your own that another program reads. Names that the file itself uses,
    that are imported, or that resemble no setting are not reported.
    """
    conf = subject.conf
    if conf is None:
        return
    for name in _names(conf):
        if name.read_elsewhere or name.imported or name.name.lower() in settings():
            continue
        guess = _meant(name, subject)
        if guess is not None:
            yield _unknown(conf, name.name, name.place, guess)
    yield from _misspelt_hooks(conf)


def wrong_case(subject: Subject) -> Iterator[Problem]:
    """A setting is written in capitals, as in ``WORKERS``.

    Gunicorn looks names up exactly as they are written before it lowers their case, so the name counts as unknown and
    is skipped without a word; the setting keeps its default.

    Mend it by writing the name in lower case.

    Example::

        WORKERS = 4      # before: one worker runs
        workers = 4      # after

    Ignore it when it is a constant that another module imports. Constants that the file itself uses are not reported.
    """
    conf = subject.conf
    if conf is None:
        return
    bound = [(name.name, name.place) for name in _names(conf) if not (name.read_elsewhere or name.imported)]
    functions = [(function.name, function.place) for function in conf.functions]
    for written, place in (*bound, *functions):
        right = written.lower()
        if right == written or right not in settings() or is_read(conf, written):
            continue
        other = _is_bound(conf, right)
        yield Problem(
            message=f"{written} is silently ignored, because Gunicorn's settings are in lower case",
            place=place,
            help=f"{right} is set as well, so remove {written}" if other else f"write {right}",
            setting=right,
            fix=None if other else _rename(conf, written, place, right, safe=True),
            severity=Severity.WARNING if other else None,
        )


def _names(conf: ConfFile) -> Iterable[Name]:
    return conf.names if conf.problem is None else names_in_text(conf)


class _Guess(NamedTuple):
    setting: str | None
    severity: Severity | None = None
    confidence: Confidence | None = None
    renames: bool = True


def _meant(name: Name, subject: Subject) -> _Guess | None:
    lower = name.name.lower()
    if lower in _PARTS_OF_BIND:
        if subject.config.get("bind") is not None:
            return None
        return _Guess("bind", Severity.WARNING, Confidence.MEDIUM, renames=False)
    if lower in OF_UVICORN:
        return _Guess(OF_UVICORN[lower], Severity.WARNING, Confidence.MEDIUM)
    near = near_setting(lower)
    if near is None or kind(near, subject.release) is None or (near == "bind" and _is_bound_in(subject, near)):
        return None
    value = certain(name.value)
    if value is not None and not accepts(near, value[0], subject.release):
        if not isinstance(value[0], dict) or near != "logconfig":
            return None
        near = "logconfig_dict"
    own = lower in AMBIGUOUS or lower != name.name
    if own or _is_bound_in(subject, near):
        return _Guess(near, Severity.WARNING, Confidence.MEDIUM)
    return _Guess(near, confidence=None if value is not None else Confidence.MEDIUM)


def _unknown(conf: ConfFile, written: str, place: Place, guess: _Guess) -> Problem:
    right = guess.setting
    help_text = f"did you mean {right}?"
    fix = None
    if right is None:
        help_text = "remove it: it is an option of uvicorn's command line, of which its worker class knows nothing"
    elif not guess.renames:
        help_text = f'Gunicorn takes host and port together: {right} = "host:port"'
    elif _is_bound(conf, right):
        help_text = f"{right} is set as well; remove {written}, unless it is a variable of your own"
    else:
        fix = _rename(conf, written, place, right, safe=guess.severity is None)
    return Problem(
        message=f"{written} is not a setting of Gunicorn and is silently ignored",
        place=place,
        help=help_text,
        setting=right,
        fix=fix,
        severity=guess.severity,
        confidence=guess.confidence,
    )


def _misspelt_hooks(conf: ConfFile) -> Iterator[Problem]:
    for function in conf.functions:
        if function.body is None or function.name in settings() or function.name.lower() in settings():
            continue
        near = near_hook(function.name.lower())
        if near is None or is_read(conf, function.name):
            continue
        yield _unknown(conf, function.name, function.place, _Guess(near))


def _rename(conf: ConfFile, written: str, place: Place, right: str, *, safe: bool) -> Fix | None:
    if conf.problem is not None:
        return None
    places = bindings(conf, written) if conf.tree is not None else []
    edits = tuple(Edit(place=one, text=right) for one in places or [place])
    return Fix(description=f"rename it to {right}", safe=safe, edits=edits)


def _is_bound(conf: ConfFile, name: str) -> bool:
    return conf.name(name) is not None or conf.function(name) is not None


def _is_bound_in(subject: Subject, name: str) -> bool:
    return subject.config.get(name) is not None or (subject.conf is not None and _is_bound(subject.conf, name))


RULES = (
    Rule(
        code="GC101",
        name="unknown-setting",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=unknown_setting,
        evidence="gunicorn/app/base.py:140 (27.0.1) ignores unknown names; started with worker=4, it runs one worker",
    ),
    Rule(
        code="GC102",
        name="setting-wrong-case",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=wrong_case,
        evidence="gunicorn/app/base.py:140 (27.0.1) compares names exactly; started with WORKERS=4, it runs one worker",
    ),
)
