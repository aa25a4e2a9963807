"""Rules on whoever starts and stops Gunicorn: signals that a shell keeps, and daemons that nobody can watch."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import is_off, place_of, removal, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Command, Signals, Subject
from gunicorn_conf.rules.windows import stop_window

# Who expects that the process which it started stays the service's own, and what it takes its end for.
_EXPECTS_FOREGROUND = {
    "container": "the container stops with it",
    "systemd-simple": "systemd takes the service for ended and kills what is left of it",
    "systemd-notify": "systemd waits for a message from a process that has ended",
    "supervisor": "supervisor starts it again and again",
}


def signals_stop_at_shell(subject: Subject) -> Iterator[Problem]:
    """A shell stands between Gunicorn and whoever stops it, and does not pass the signal on.

    SIGTERM reaches the shell alone: Gunicorn serves on as if nothing had happened, until SIGKILL ends it in the middle
    of requests, or until it is left behind. Every stop then takes the whole grace period. The shell form of CMD, and a
    script that starts Gunicorn without ``exec``, do this with dash, the /bin/sh of Debian and Ubuntu; bash replaces
    itself by the last command of ``-c`` on its own, not by that of a script.

    Mend it with the exec form in a Dockerfile, and with ``exec`` before the last command of a script.

    Example::

        CMD gunicorn -c gunicorn.conf.py app:app                 # before
        CMD ["gunicorn", "-c", "gunicorn.conf.py", "app:app"]    # after

        gunicorn -c gunicorn.conf.py app:app                     # before, at the end of entrypoint.sh
        exec gunicorn -c gunicorn.conf.py app:app                # after

    Ignore it when the script catches SIGTERM and passes it on, or the container runs with an init that signals the
    whole group (``tini -g``).
    """
    command, deployment = subject.command, subject.deployment
    if command is None or command.signals is not Signals.BEHIND_SHELL:
        return
    known = deployment.container or deployment.supervisor is not None or deployment.platform == "app-service"
    window = stop_window(deployment)
    when = f"after {window}" if window is not None else "after the grace period"
    if known:
        message = f"SIGTERM reaches a shell and not Gunicorn: it serves on until SIGKILL {when} ends its requests"
    else:
        message = "if SIGTERM is to stop it, it reaches a shell and not Gunicorn, which serves on"
    yield Problem(
        message=message,
        place=command.place,
        help=_how_to_exec(command),
        severity=None if known else Severity.INFO,
        confidence=None if known else Confidence.MEDIUM,
    )


def daemon_under_supervision(subject: Subject) -> Iterator[Problem]:
    """Gunicorn goes to the background, and whoever started it takes it for ended.

    With ``daemon`` the process that was started ends at once, with exit code 0. A container stops with its process,
    systemd takes the service for ended and kills what is left, supervisor starts it again and again although the
    address is taken.
    Unless ``errorlog`` names a file, its log goes to /dev/null.

    Mend it by removing ``daemon``: whoever supervises the process is what it was made for in former times.

    Example::

        CMD ["gunicorn", "--daemon", "app:app"]     # before
        CMD ["gunicorn", "app:app"]                 # after

    Ignore it when a script starts something else in the foreground after Gunicorn, such as nginx.
    """
    found = wrong(subject, "daemon", _is_true)
    if found is None:
        return
    one, how = found
    deployment, command = subject.deployment, subject.command
    expects = _EXPECTS_FOREGROUND.get(deployment.supervisor or "")
    if expects is None and deployment.container:
        expects = _EXPECTS_FOREGROUND["container"]
    if expects is None and command is not None and command.file_kind == "procfile":
        expects = "the platform takes it for crashed"
    if expects is None:
        return
    # In a script, or a shell's list of commands, something else may be left in the foreground.
    alone = command is not None and command.signals is Signals.DIRECT
    yield Problem(
        message=f"daemon {how.verb} on{how.condition}: the process that was started ends at once, and "
        f"{expects}{'' if alone else ', unless something else stays in the foreground'}",
        place=one.place,
        help="remove daemon",
        setting="daemon",
        fix=removal(subject, one, safe=False) if how.always else None,
        severity=how.severity if alone else Severity.WARNING,
        confidence=how.confidence if alone else Confidence.MEDIUM,
    )


def forking_without_daemon(subject: Subject) -> Iterator[Problem]:
    """The systemd unit says Type=forking, and Gunicorn stays in the foreground.

    With that type systemd waits until the process that it started ends and leaves another behind. Gunicorn does not
    end, so that after 90 seconds (TimeoutStartSec) systemd takes the start for failed and kills it.

    Mend it with ``Type=notify``, which Gunicorn supports: systemd is told when the workers can be started.

    Example::

        Type=forking     # before
        Type=notify      # after

    Ignore it when daemon is set in a file that was not looked at.
    """
    if subject.deployment.supervisor != "systemd-forking" or not is_off(subject, "daemon"):
        return
    yield Problem(
        message="the unit says Type=forking and daemon is off: systemd waits for an end that does not come, and kills "
        "Gunicorn after TimeoutStartSec, 90 s by default",
        place=place_of(subject, "daemon"),
        help="say Type=notify in the unit",
        setting="daemon",
    )


def _how_to_exec(command: Command) -> str:
    if command.file_kind == "dockerfile":
        return 'use the exec form, CMD ["gunicorn", ...], or put exec before the command'
    if command.file_kind in ("compose", "kubernetes"):
        return "give the command as a list of words, or put exec before it"
    return "put exec before the command, as the script's last one"


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


RULES = (
    Rule(
        code="GC701",
        name="signals-stop-at-shell",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=signals_stop_at_shell,
        evidence="run with dash 0.5.12: SIGTERM to the shell leaves Gunicorn running; "
        "docs.docker.com, Shell and exec form",
    ),
    Rule(
        code="GC702",
        name="daemon-under-supervision",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=daemon_under_supervision,
        evidence="gunicorn/app/base.py:220 (27.0.1); run: exit code 0 at once",
    ),
    Rule(
        code="GC709",
        name="forking-without-daemon",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=forking_without_daemon,
        evidence="systemd.service(5), Type=forking; gunicorn/app/base.py:220 (27.0.1)",
    ),
)
