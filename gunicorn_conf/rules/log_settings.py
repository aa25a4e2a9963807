"""Rules on settings of the log that change nothing, and on syslog."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, is_off, is_on, removal, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Literal

# gunicorn/glogging.py:23, SYSLOG_FACILITIES.
_FACILITIES = frozenset(
    {
        *("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "security"),
        *("syslog", "user", "uucp"),
        *(f"local{number}" for number in range(8)),
    }
)


def capture_without_file(subject: Subject) -> Iterator[Problem]:
    """capture_output is on, and the error log goes to the terminal.

    capture_output sends what the application prints to the file that errorlog names. With errorlog "-", the default,
    Gunicorn skips it; printed text goes where standard output goes anyway.

    Mend it by removing the setting, or by naming a file in errorlog. Where printed text shows up late in a container's
    log, it is Python that holds it back: set PYTHONUNBUFFERED=1.

    Example::

        capture_output = True               # before: no effect
        errorlog = "/var/log/shop.log"      # after, with capture_output

    Ignore it when a command line that was not looked at names the error log.
    """
    one = given(subject, "capture_output")
    if one is None or not is_on(subject, "capture_output") or not is_known(subject, "errorlog", _is_terminal):
        return
    yield Problem(
        message='capture_output has no effect, because errorlog is "-"',
        place=one.place,
        help="remove it, or name a file in errorlog; PYTHONUNBUFFERED=1 makes printed text appear at once",
        setting="capture_output",
        fix=removal(subject, one, safe=False),
        confidence=None if subject.command is not None else Confidence.MEDIUM,
    )


def inheritance_without_daemon(subject: Subject) -> Iterator[Problem]:
    """enable_stdio_inheritance is on without daemon.

    It says whether a daemon keeps the standard output that it was started with. Without daemon Gunicorn keeps it
    anyway.

    Mend it by removing the setting.

    Example::

        enable_stdio_inheritance = True     # before: no effect
                                            # after: nothing

    Ignore it when a command line that was not looked at has --daemon.
    """
    one = given(subject, "enable_stdio_inheritance")
    if one is None or not is_on(subject, "enable_stdio_inheritance") or not is_off(subject, "daemon"):
        return
    yield Problem(
        message="enable_stdio_inheritance has no effect without daemon",
        place=one.place,
        help="remove it; PYTHONUNBUFFERED=1 makes printed text appear at once, if that was meant",
        setting="enable_stdio_inheritance",
        fix=removal(subject, one, safe=False),
        confidence=None if subject.command is not None else Confidence.MEDIUM,
    )


def unknown_facility(subject: Subject) -> Iterator[Problem]:
    """syslog_facility is none of syslog's facilities.

    With syslog on, Gunicorn ends at start with "unknown facility name"; ``gunicorn --check-config`` does not look.

    Mend it with user, daemon or local0 to local7.

    Example::

        syslog_facility = "local8"     # before
        syslog_facility = "local7"     # after

    Ignore it when syslog is never on; nothing is reported where that is known.
    """
    found = wrong(subject, "syslog_facility", _is_no_facility)
    if found is None or is_off(subject, "syslog"):
        return
    one, how = found
    sure = is_on(subject, "syslog")
    yield Problem(
        message=f"syslog_facility {how.verb} {shown(how.example)}{how.condition}, which syslog does not have:"
        f" {'' if sure else 'with syslog on, '}Gunicorn ends at start",
        place=one.value_place,
        help="use user, daemon or one of local0 to local7",
        setting="syslog_facility",
        severity=how.severity if sure else Severity.WARNING,
        confidence=how.confidence,
    )


def _is_terminal(value: Literal) -> bool:
    return value == "-"


def _is_no_facility(value: Literal) -> bool:
    return isinstance(value, str) and value.strip().lower() not in _FACILITIES


RULES = (
    Rule(
        code="GC159",
        name="capture-without-file",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=capture_without_file,
        evidence="gunicorn/glogging.py:213 (27.0.1)",
    ),
    Rule(
        code="GC160",
        name="stdio-inheritance-without-daemon",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=inheritance_without_daemon,
        evidence="gunicorn/app/base.py:226 (27.0.1) is the only reader",
    ),
    Rule(
        code="GC163",
        name="syslog-facility-unknown",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=unknown_facility,
        evidence="gunicorn/glogging.py:473 (27.0.1); run: exit code 1",
    ),
)
