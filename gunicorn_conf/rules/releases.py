"""Rules on settings that the release of Gunicorn in use does not have: not yet, or no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gunicorn_conf.place import Place
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import ConfFile, Name, Subject
from gunicorn_conf.settings import settings
from gunicorn_conf.value import certain

# Settings of releases before 19.9, where the catalogue begins (read from gunicorn/config.py of 18.0, 19.1.0, 19.3.0
# and 19.9.0): the release by which each was gone, and what to do instead.
_GONE: dict[str, tuple[Release, str]] = {
    "debug": (Release(19, 3), "set loglevel or reload, whichever was meant"),
    "django_settings": (Release(19, 9), "name the application on the command line, or set wsgi_app"),
    "x_forwarded_for_header": (Release(19, 1), "set forwarded_allow_ips and secure_scheme_headers"),
}
# Switching off what the release does not have anyway loses nothing.
_SWITCHES_OFF = {"control_socket_disable": True}


def newer_setting(subject: Subject) -> Iterator[Problem]:
    """A setting belongs to a newer release of Gunicorn than the one in use.

    The release in use does not know the name and skips it without a word, so what it was to bring is not there.

    Mend it by requiring the release that has the setting, or by removing the setting.

    Example::

        # requirements.txt: gunicorn==23.0.0
        asgi_lifespan = "on"      # before: ignored, the setting came with 24.0.0
        # requirements.txt: gunicorn>=24.0.0

    Ignore it when the same file serves several releases and the older ones can do without. It is only worth knowing
    where the setting has the value that the release has in effect.
    """
    for bound in _bound(subject):
        known = settings().get(bound.name)
        if known is None or known.since <= subject.release:
            continue
        loses_nothing = bound.value is not None and (
            bound.value[0] == known.defaults[0][1] or bound.value[0] == _SWITCHES_OFF.get(bound.name, ...)
        )
        yield Problem(
            message=f"{bound.name} came with Gunicorn {known.since}; {subject.release}, which is in use, ignores it",
            place=bound.place,
            help=f"require gunicorn>={known.since}, or remove {bound.name} ({_why(subject)})",
            setting=bound.name,
            severity=Severity.INFO if loses_nothing else None,
        )


def removed_setting(subject: Subject) -> Iterator[Problem]:
    """A setting was removed from Gunicorn before the release in use.

    Gunicorn skips the name without a word. The file looks as if something were switched on that is not.

    Mend it by removing the setting.

    Example::

        debug = True             # before: ignored since 19.3.0
        loglevel = "debug"       # after, if that was meant

    Ignore it when the name is a variable of your own that another program reads. Names that the file itself uses are
    not reported.
    """
    for bound in _bound(subject):
        removal = _removal(bound.name)
        if removal is None or subject.release < removal[0]:
            continue
        release, instead = removal
        yield Problem(
            message=f"{bound.name} is silently ignored: Gunicorn has had no such setting since {release}",
            place=bound.place,
            help=f"remove it; {instead}" if instead else "remove it",
            setting=bound.name,
            fix=_remove(bound, subject.conf),
            # The name may well be the author's own.
            severity=Severity.WARNING if bound.name == "debug" else None,
            confidence=Confidence.MEDIUM if bound.name == "debug" else None,
        )


class _Bound(NamedTuple):
    name: str
    place: Place
    written: Name | None
    """None for a function."""
    value: tuple[object] | None


def _bound(subject: Subject) -> Iterator[_Bound]:
    """Names of the configuration file that could be settings."""
    if subject.conf is None:
        return
    for name in subject.conf.names:
        # A setting counts although the file reads it too; any other name that it reads is the author's own.
        if name.name in settings() or not (name.read_elsewhere or name.imported):
            yield _Bound(name.name, name.place, name, certain(name.value))
    for function in subject.conf.functions:
        if function.name in settings():
            yield _Bound(function.name, function.place, None, None)


def _removal(name: str) -> tuple[Release, str] | None:
    if name in _GONE:
        return _GONE[name]
    known = settings().get(name)
    return None if known is None or known.removed is None else (known.removed, "")


def _remove(bound: _Bound, conf: ConfFile | None) -> Fix | None:
    """Only a statement that binds nothing else, on all paths, and that has no effect besides."""
    name = bound.written
    if name is None or conf is None or name.conditional or bound.value is None:
        return None
    if any(other.statement == name.statement for other in conf.names if other is not name):
        return None
    return Fix(description="remove it", safe=True, edits=(Edit(place=name.statement, text=""),))


def _why(subject: Subject) -> str:
    return f"the release is taken from {subject.release_source}"


RULES = (
    Rule(
        code="GC103",
        name="setting-from-newer-release",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=newer_setting,
        evidence="gunicorn/app/base.py:140 (27.0.1); settings.json, read from 28 releases",
    ),
    Rule(
        code="GC104",
        name="setting-removed",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=removed_setting,
        evidence="gunicorn/config.py of 18.0, 19.1.0, 19.3.0, 19.9.0, 22.0.0 and 23.0.0, compared",
    ),
)
