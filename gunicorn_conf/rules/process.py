"""Rules on the process itself: its user, its environment, its control socket."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.given import given, is_on, is_sure, removal, rewrite, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import reads_variable, shown
from gunicorn_conf.value import Literal, certain


def user_without_root(subject: Subject) -> Iterator[Problem]:
    """user or group is set, and Gunicorn is not started as root.

    Only root may become another user. Gunicorn hands the workers' heartbeat file to the user first, which fails with
    PermissionError: it ends with exit code 255, after "Listening at".

    Mend it by removing the setting where the image or the service manager chooses the user already.

    Example::

        # Dockerfile: USER app
        user = "www-data"     # before
        # after: no user, the process is app's already

    Ignore it when the process already runs as this very user, since nothing is changed then. Nothing is reported unless
    the files say that the process does not start as root.
    """
    if subject.deployment.root is not False:
        return
    source = subject.deployment.sources.get("root", "")
    for name in ("user", "group"):
        one = given(subject, name)
        value = certain(one.value) if one is not None and is_sure(one) else None
        if one is None or value is None or value[0] is None or _names(source, str(value[0])):
            continue
        yield Problem(
            message=f"{name} is {shown(value[0])}, and the process does not start as root"
            f"{f' ({source})' if source else ''}: unless it is this {name} already, Gunicorn ends at start",
            place=one.value_place,
            help=f"remove {name}, or start as root",
            setting=name,
            # Which group a user has first is in no file, and naming that one changes nothing.
            severity=Severity.WARNING if name == "group" else None,
        )


def environment_entry(subject: Subject) -> Iterator[Problem]:
    """An entry of raw_env has no equals sign, or raw_env is a dictionary.

    Gunicorn takes a list of "NAME=value". It splits the entries when it starts, and ends with "environment setting
    'NAME' invalid"; of a dictionary it sees the names alone. ``gunicorn --check-config`` does not split them.

    Mend it by writing "NAME=value"; "NAME=" is an empty one.

    Example::

        raw_env = {"STAGE": "production"}      # before
        raw_env = ["STAGE=production"]         # after

    Ignore it when the entry is completed further down in the file.
    """
    found = wrong(subject, "raw_env", lambda value: _without_value(value) is not None)
    if found is None:
        return
    one, how = found
    entry = _without_value(how.example)
    what = (
        f"is a dictionary, of which Gunicorn sees {shown(entry)}"
        if isinstance(how.example, dict)
        else f"holds {shown(entry)}"
    )
    yield Problem(
        message=f"raw_env {what}, without an equals sign: Gunicorn ends at start",
        place=one.value_place,
        help='write a list of "NAME=value"',
        setting="raw_env",
        fix=_as_list(one, how.example) if how.always else None,
        severity=how.severity,
        confidence=how.confidence,
    )


def control_socket_none(subject: Subject) -> Iterator[Problem]:
    """control_socket is None, which does not switch the control socket off but ends Gunicorn.

    The path is made absolute when the first workers have been started; with None that raises TypeError in the main
    loop, and Gunicorn ends with exit code 255 right after start. ``gunicorn --check-config`` is content.

    Mend it with ``control_socket_disable = True``, on the command line ``--no-control-socket``.

    Example::

        control_socket = None             # before
        control_socket_disable = True     # after

    Ignore it when the socket is disabled on a command line that was not looked at. Since Gunicorn 25.1.0.
    """
    found = wrong(subject, "control_socket", lambda value: value is None)
    if found is None or is_on(subject, "control_socket_disable"):
        return
    one, how = found
    unset = bool(one.variables) or reads_variable(one.text)
    fix = None
    if how.always and not unset and removal(subject, one, safe=True) is not None:
        edit = Edit(place=one.place, text="control_socket_disable = True")
        fix = Fix(description="disable the control socket", safe=True, edits=(edit,))
    yield Problem(
        message=f"control_socket {how.verb} None{how.condition}: Gunicorn ends as soon as its first worker runs",
        place=one.place,
        help="set control_socket_disable = True to switch the control socket off",
        setting="control_socket",
        fix=fix,
        severity=Severity.WARNING if unset else how.severity,
        confidence=how.confidence,
    )


def _names(source: str, name: str) -> bool:
    import re

    return re.search(rf"\b{re.escape(name)}\b", source) is not None


def _without_value(value: Literal) -> str | None:
    """The first entry that Gunicorn cannot split at an equals sign."""
    if not value:
        return None
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple, set, frozenset, dict)):
        return None
    return next((one for one in entries if isinstance(one, str) and "=" not in one), None)


def _as_list(one: Assigned, value: Literal) -> Fix | None:
    if not isinstance(value, dict) or not one.text.startswith("{") or "#" in one.text:
        return None
    if not all(isinstance(part, str) for entry in value.items() for part in entry):
        return None
    # A value that is computed has to stay so.
    if any(repr(part)[1:-1] not in one.text for part in value.values()):
        return None
    text = ", ".join(f'"{name}={content}"' for name, content in value.items())
    if any(character in text for character in "\\\n") or text.count('"') != 2 * len(value):
        return None
    return rewrite(one, f"[{text}]", 'write a list of "NAME=value"', safe=True)


RULES = (
    Rule(
        code="GC147",
        name="user-without-root",
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        check=user_without_root,
        evidence="gunicorn/workers/workertmp.py:29 (27.0.1); run: PermissionError, exit code 255",
    ),
    Rule(
        code="GC148",
        name="environment-entry-without-value",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=environment_entry,
        evidence="gunicorn/config.py:246 (27.0.1); run: exit code 1, gunicorn --check-config exits 0",
    ),
    Rule(
        code="GC149",
        name="control-socket-none",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=control_socket_none,
        since=Release(25, 1),
        evidence="gunicorn/arbiter.py:1009 (27.0.1); run on 25.3.0, 26.2.0 and 27.0.1: exit code 255",
    ),
)
