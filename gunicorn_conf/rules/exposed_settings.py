"""Rules on settings that others come to see: secrets in raw_env, and the log that lists every setting."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from gunicorn_conf.place import Source
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_on, rewrite, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Known, Literal, OneOf, Value

_NAMES = r"(^|_)(SECRET|SECRET_?KEY|PASSWORD|PASSWD|PWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)$"
_WITH_PASSWORD = r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"


def secret_in_raw_env(subject: Subject) -> Iterator[Problem]:
    """A secret stands in raw_env with its value.

    It is in the repository and in the image then, in the process list where it is given with ``-e``, and wherever
    Gunicorn shows its settings: ``--print-config``, the log at ``loglevel = "debug"``, and the control socket's
    ``show config``.

    Mend it by setting the variable outside: EnvironmentFile= in systemd, a secret of the platform.

    Example::

        raw_env = ["SECRET_KEY=hunter2"]     # before
        # after: EnvironmentFile=/etc/shop/environment in the unit, and no raw_env

    Ignore it when the value is none of value, such as one for development.
    """
    for one in subject.config.all("raw_env"):
        for name in dict.fromkeys(_secrets(one.value)):
            seen = "the process list, " if one.source is Source.COMMAND_LINE else ""
            yield Problem(
                message=f"raw_env holds {shown(name)} with its value, which {seen}--print-config and the log at level "
                "debug show",
                place=one.value_place,
                help=f"set {name} in the environment of the process instead",
                setting="raw_env",
            )


def settings_in_log(subject: Subject) -> Iterator[Problem]:
    """At loglevel debug Gunicorn writes all its settings into the log when it starts, raw_env among them.

    The list has the values of ``raw_env`` and every path and address. The level also logs each connection that a client
    closes early, and more in each worker class, which costs time and disk.

    Mend it with "info".

    Example::

        loglevel = "debug"     # before
        loglevel = "info"      # after

    Ignore it when you are looking for a fault.
    """
    found = wrong(subject, "loglevel", lambda value: isinstance(value, str) and value.strip().lower() == "debug")
    if found is None or is_on(subject, "reload"):
        return
    one, how = found
    env = given(subject, "raw_env")
    secrets = list(_secrets(env.value)) if env is not None else []
    shows = f", {' and '.join(map(shown, secrets[:3]))} of raw_env among them" if secrets else ""
    if one.conditional or isinstance(one.value, OneOf):
        # A level that depends on something is chosen for the case at hand.
        return
    yield Problem(
        message=f"loglevel {how.verb} debug{how.condition}: all settings are written into the log at start{shows}",
        place=one.value_place,
        help="set it to info",
        setting="loglevel",
        fix=rewrite(one, '"info"', "set it to info", safe=False) if one.source is Source.FILE else None,
        severity=Severity.WARNING if secrets else None,
        confidence=how.confidence,
    )


def _secrets(value: Value) -> Iterator[str]:
    """The names of variables that are given a secret literally."""
    match value:
        case Known():
            for entry in _texts(value.value):
                name, _, content = entry.partition("=")
                if len(content) > 1 and _is_secret(name.strip(), content.strip()):
                    yield name.strip()
        case OneOf():
            for one in value.values:
                yield from _secrets(one)
        case _:
            return


def _texts(value: Literal) -> list[str]:
    entries = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [entry for entry in entries if isinstance(entry, str)]


@functools.lru_cache(maxsize=256)
def _is_secret(name: str, content: str) -> bool:
    if content.startswith(("$", "{", "%", "/run/secrets/")) or content.lower() in ("true", "false", "none", "null"):
        return False
    return re.search(_NAMES, name, re.IGNORECASE) is not None or re.match(_WITH_PASSWORD, content) is not None


RULES = (
    Rule(
        code="GC516",
        name="secret-in-raw-env",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=secret_in_raw_env,
        evidence="gunicorn/arbiter.py, setup (27.0.1); run: the log at debug shows SECRET_KEY=hunter2",
    ),
    Rule(
        code="GC517",
        name="settings-in-log",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=settings_in_log,
        evidence='gunicorn/arbiter.py, setup (27.0.1): "Current configuration"; run',
    ),
)
