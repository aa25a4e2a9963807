"""Rules on the control socket, by which gunicornc stops, scales and watches a running Gunicorn (since 25.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_off, is_on, place_of, rewrite, text_of
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Known

_SINCE = Release(25, 1)
# gunicorn/config.py:3126 of 25.1.0: "gunicorn.ctl" in the working directory; since 25.2.0 in a directory of the user's.
_IN_HOME_SINCE = Release(25, 2)
_OTHERS = 0o077
_WRITABLE = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/", "/var/run/")
# Users of a fresh Debian system whose home directory does not exist or is root's (its /etc/passwd).
_HOMES = {"nobody": "/nonexistent", "www-data": "/var/www", "daemon": "/usr/sbin"}
_NOWHERE = ("/nonexistent", "/dev/null", "/var/empty")


class _Lost(NamedTuple):
    """Where the control socket cannot be made, and why."""

    path: str
    why: str


def control_socket_for_others(subject: Subject) -> Iterator[Problem]:
    """Other users may connect to the control socket, and so stop or scale Gunicorn.

    Whoever connects may shut Gunicorn down, kill and add workers, and read every setting, raw_env included. The mode is
    0600 unless ``control_socket_mode`` changes it.

    Mend it with the default, or with 0o660 and a group of administrators.

    Example::

        control_socket_mode = 0o666     # before
        control_socket_mode = 0o600     # after, the default

    Ignore it when the group holds only those who may stop the service. Since Gunicorn 25.1.
    """
    one = given(subject, "control_socket_mode")
    mode = subject.config.whole_number("control_socket_mode")
    if one is None or mode is None or not mode & _OTHERS or is_on(subject, "control_socket_disable"):
        return
    everybody = bool(mode & 0o007)
    who = "every user of the machine" if everybody else "its whole group"
    yield Problem(
        message=f"control_socket_mode {oct(mode)} lets {who} shut Gunicorn down and read its settings",
        place=one.value_place,
        help="leave it at 0o600" + (", or use 0o660 with a group of administrators" if everybody else ""),
        setting="control_socket_mode",
        fix=rewrite(one, "0o600", "set it to 0o600", safe=False),
        severity=None if everybody else Severity.INFO,
    )


def control_socket_unwritable(subject: Subject) -> Iterator[Problem]:
    """The control socket is to be made where the process cannot write.

    Since 25.2 it lies in $XDG_RUNTIME_DIR, else in .gunicorn in the home directory. Where that is read-only, missing or
    another user's, each start logs "[ERROR] Control server error"; Gunicorn runs all the same, without the socket.

    Mend it by disabling the socket where nobody uses gunicornc, or by a path that can be written.

    Example::

        # readOnlyRootFilesystem: true
        control_socket_disable = True            # after
        control_socket = "/run/shop/control"     # or so, with a volume there

    Ignore it when a volume makes the directory writable, or alarms do not read the log. Since Gunicorn 25.1.
    """
    if not is_off(subject, "control_socket_disable"):
        return
    lost = _lost(subject)
    if lost is None:
        return
    yield Problem(
        message=f"the control socket goes to {lost.path}, {lost.why}: every start logs an error",
        place=place_of(subject, "control_socket"),
        help="set control_socket_disable = True (--no-control-socket), or control_socket to a path that it can write",
        setting="control_socket",
    )


def control_socket_shared(subject: Subject) -> Iterator[Problem]:
    """Every instance of a systemd template unit takes the same path for its control socket.

    The one that starts last removes the socket of the others: gunicornc then speaks to another instance than was meant,
    to stop it, for example. Without a setting the path is the same for all of one user.

    Mend it with a path for each instance, or disable the socket.

    Example::

        # shop@.service
        ExecStart=gunicorn app:app                                                  # before
        ExecStart=gunicorn --control-socket /run/shop-%i/control app:app            # after

    Ignore it when there is never more than one instance, or each has a user of its own. Since Gunicorn 25.1.
    """
    command = subject.command
    if command is None or not command.place.path.endswith("@.service") or not is_off(subject, "control_socket_disable"):
        return
    path = text_of(subject, "control_socket") if given(subject, "control_socket") is not None else ""
    if path is None or "%" in path or _lost(subject) is not None:
        return
    if not path and (is_unset(subject, "control_socket") is None or "HOME" in command.environment):
        return
    yield Problem(
        message=f"every instance of this unit takes the same control socket{f', {shown(path)}' if path else ''}, and "
        "the last to start removes that of the others",
        place=place_of(subject, "control_socket"),
        help="put %i into its path (--control-socket /run/shop-%i/control), or disable it with --no-control-socket",
        setting="control_socket",
    )


def _lost(subject: Subject) -> _Lost | None:
    deployment = subject.deployment
    if given(subject, "control_socket") is not None:
        path = text_of(subject, "control_socket")
        if path is None or not deployment.read_only_root or path.startswith(_WRITABLE):
            return None
        return _Lost(shown(path), f"which is read-only ({_why_read_only(subject)})") if path.startswith("/") else None
    if is_unset(subject, "control_socket") is None:
        return None
    if subject.release < _IN_HOME_SINCE:
        if not deployment.read_only_root or f"{_directory(subject)}/".startswith(_WRITABLE):
            return None
        return _Lost("the working directory", f"which is read-only ({_why_read_only(subject)})")
    if _variable(subject, "XDG_RUNTIME_DIR") is not None:
        return None
    home = _home(subject)
    if home is not None and f"{home}/".startswith(_WRITABLE):
        return None
    if deployment.read_only_root:
        return _Lost(f"{home or '~'}/.gunicorn", f"which is read-only ({_why_read_only(subject)})")
    if home in _NOWHERE:
        return _Lost(f"{home}/.gunicorn", "which cannot be made")
    if home is not None and home in _HOMES.values():
        return _Lost(f"{home}/.gunicorn", "where its user may not write")
    return None


def _why_read_only(subject: Subject) -> str:
    return subject.deployment.sources.get("read_only_root", "as given")


def _home(subject: Subject) -> str | None:
    written = _variable(subject, "HOME")
    if written is not None:
        return written.rstrip("/") or "/"
    match = re.search(r"\b(?:User=|USER |user=)(?P<name>[a-z][\w-]*)", subject.deployment.sources.get("root", ""))
    if match is None or subject.deployment.supervisor == "supervisor":
        # supervisor changes the user and leaves HOME as it is (supervisord.org, "Subprocess Environment").
        return None
    return _HOMES.get(match["name"])


def _variable(subject: Subject, name: str) -> str | None:
    value = subject.command.environment.get(name) if subject.command is not None else None
    return str(value.value) if isinstance(value, Known) else "" if value is not None else None


def _directory(subject: Subject) -> str:
    return (subject.command.directory if subject.command is not None else None) or ""


RULES = (
    Rule(
        code="GC518",
        name="control-socket-for-others",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=control_socket_for_others,
        since=_SINCE,
        evidence="gunicorn/ctl/server.py:226 (27.0.1); run: stat shows the mode",
    ),
    Rule(
        code="GC603",
        name="control-socket-unwritable",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=control_socket_unwritable,
        since=_SINCE,
        evidence="gunicorn/ctl/server.py:213 (27.0.1); run with a directory that cannot be made; "
        "github.com/opengisch/QFieldCloud issue 1706",
    ),
    Rule(
        code="GC703",
        name="control-socket-shared",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=control_socket_shared,
        since=_SINCE,
        evidence="gunicorn/ctl/server.py:217 (27.0.1); run with two on one path: the second removes the first's socket",
    ),
)
