"""Rules on command lines that Gunicorn refuses, or understands otherwise than they look."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import OptionProblem, Subject
from gunicorn_conf.settings import Setting, settings


def refused_option(subject: Subject) -> Iterator[Problem]:
    """An option on the command line is unknown, ambiguous, lacks its value, or has one that it does not take.

    Gunicorn prints its usage and ends with exit code 2. Some options are not named like their settings:
    ``--keep-alive`` sets keepalive, ``--no-control-socket`` sets control_socket_disable, and
    ``--limit-request-field_size`` has an underscore.

    Mend it by writing the option that the release in use has.

    Example::

        gunicorn --keepalive 5 app:app        # before: error: unrecognized arguments
        gunicorn --keep-alive 5 app:app       # after

    Ignore it when the options belong to a program in front of Gunicorn.
    """
    former: OptionProblem | None = None
    for problem in _problems(subject, "unknown", "ambiguous", "missing-value"):
        follows = former is not None and _is_value_of(problem, former)
        former = problem
        if follows:
            continue
        message, help_text = _refusal(problem, subject)
        yield Problem(
            message=f"{message}: Gunicorn ends with exit code 2",
            place=problem.place,
            help=help_text,
            setting=_setting_of(problem.meant),
            fix=_write(problem) if problem.kind == "unknown" else None,
        )


def abbreviated_option(subject: Subject) -> Iterator[Problem]:
    """An option on the command line is abbreviated, such as ``--max-requests-j``.

    Python's argparse takes any beginning of an option that is not ambiguous. A later release of Gunicorn with another
    option of the same beginning ends with exit code 2 instead.

    Mend it by writing the option in full.

    Example::

        gunicorn --time 60 app:app         # before
        gunicorn --timeout 60 app:app      # after

    Ignore it when the command is typed by hand and kept nowhere.
    """
    for problem in _problems(subject, "abbreviated"):
        yield Problem(
            message=f"{problem.text} is an abbreviation of {problem.meant}, which a later release may not take",
            place=problem.place,
            help=f"write {problem.meant}",
            setting=_setting_of(problem.meant),
            fix=_write(problem),
        )


def swallowed_app(subject: Subject) -> Iterator[Problem]:
    """An option without its value takes the application for it.

    ``--access-logfile app:app`` writes a log to the file ``app:app``, and Gunicorn ends with "No application module
    specified".

    Mend it by giving the option its value; ``-`` stands for the standard output.

    Example::

        gunicorn --access-logfile app:app         # before
        gunicorn --access-logfile - app:app       # after

    Ignore it when the configuration file names the application in wsgi_app and the value is meant.
    """
    named = subject.config.get("wsgi_app") is not None or subject.config.undecided is not None
    for problem in _problems(subject, "swallows-app"):
        option = problem.meant or problem.text.split()[0]
        log = option in ("--access-logfile", "--error-logfile", "--log-file")
        yield Problem(
            message=f"{option} takes the application for its value"
            + ("" if named else ': Gunicorn ends with "No application module specified"'),
            place=problem.place,
            help=f"give {option} its value" + (", such as -" if log else ""),
            setting=_setting_of(option),
            severity=Severity.WARNING if named else None,
            confidence=Confidence.MEDIUM if named else None,
        )


def extra_argument(subject: Subject) -> Iterator[Problem]:
    """There are several arguments that are no options; Gunicorn takes the first for the application and drops the rest.

    Nothing complains. Mostly an option in front of the argument is missing, or a quote.

    Mend it by removing the argument, or by writing what is missing.

    Example::

        gunicorn app:app 0.0.0.0:8000          # before: listens on 127.0.0.1:8000
        gunicorn app:app -b 0.0.0.0:8000       # after

    Ignore it when another program reads the argument from the process list.
    """
    for problem in _problems(subject, "extra-positional"):
        yield Problem(
            message=f"{problem.text} is silently dropped, because Gunicorn takes only one application",
            place=problem.place,
            help="remove it, or put the option in front of it that it belongs to",
        )


def app_in_variable(subject: Subject) -> Iterator[Problem]:
    """GUNICORN_CMD_ARGS names the application, which Gunicorn drops.

    Only options of the variable are read. Without an application elsewhere Gunicorn ends with "No application module
    specified".

    Mend it by naming the application on the command line or in wsgi_app.

    Example::

        GUNICORN_CMD_ARGS="-w 4 app:app" gunicorn          # before
        GUNICORN_CMD_ARGS="-w 4" gunicorn app:app          # after

    Ignore it when the command line names the same application.
    """
    command = subject.command
    named = (
        subject.config.get("wsgi_app") is not None
        or subject.config.undecided is not None
        or (command is not None and command.app is not None)
    )
    for problem in _problems(subject, "app-in-variable"):
        yield Problem(
            message=f"{problem.text} in GUNICORN_CMD_ARGS is dropped"
            + ("" if named else ', and Gunicorn ends with "No application module specified"'),
            place=problem.place,
            help="name the application on the command line, or in wsgi_app",
            severity=Severity.INFO if named else None,
        )


def _problems(subject: Subject, *kinds: str) -> Iterator[OptionProblem]:
    if subject.command is not None:
        yield from (problem for problem in subject.command.problems if problem.kind in kinds)


def _is_value_of(problem: OptionProblem, former: OptionProblem) -> bool:
    """Whether it is the word right behind an option that is not known, and so probably its value."""
    if problem.text.startswith("-") or not former.text.startswith("-") or "=" in former.text:
        return False
    here, before = problem.place, former.place
    return (here.path, here.line, here.column) == (before.path, before.end_line, (before.end_column or 0) + 1)


def _refusal(problem: OptionProblem, subject: Subject) -> tuple[str, str]:
    """What is wrong with an option, and what to do."""
    option = problem.text.partition("=")[0]
    if problem.kind == "ambiguous":
        return f"{option} may be {problem.meant}", "write one of them in full"
    if problem.kind == "missing-value":
        return f"{option} lacks its value", f"write a value behind {option}"
    if problem.meant == option:
        return f"{option} takes no value", f"write {option} alone"
    known = _named(option)
    if known is not None and known.since > subject.release:
        return (
            f"{option} came with Gunicorn {known.since} and {subject.release} does not know it",
            f"require gunicorn>={known.since}, or remove it (the release is taken from {subject.release_source})",
        )
    if known is not None and known.removed is not None and known.removed <= subject.release:
        return f"{option} was removed in Gunicorn {known.removed}", "remove it"
    if not option.startswith("-"):
        return f"{option} stands behind options, apart from the application", "put both side by side, or remove it"
    if known is not None and not known.flags:
        return f"{option} is no option; only a configuration file can set {known.name}", f"set {known.name} in a file"
    return (
        f"{option} is not an option of Gunicorn {subject.release}",
        f"did you mean {problem.meant}?" if problem.meant else "see gunicorn --help for the options that it has",
    )


def _named(option: str) -> Setting | None:
    """The setting of this flag, or of this name, in any release."""
    of_flag = next((one for one in settings().values() if option in one.flags), None)
    return of_flag or settings().get(option.lstrip("-").replace("-", "_"))


def _setting_of(option: str | None) -> str | None:
    return next((one.name for one in settings().values() if option in one.flags), None)


def _write(problem: OptionProblem) -> Fix | None:
    """The right option in place of the one that is written, where the place holds that and nothing else."""
    place, option, meant = problem.place, problem.text.partition("=")[0], problem.meant
    if meant is None or meant == option or place.line is None or place.column is None or place.end_line != place.line:
        return None
    if place.end_column is None or place.end_column - place.column < len(option):
        return None
    exact = Place(
        path=place.path,
        line=place.line,
        column=place.column,
        end_line=place.line,
        end_column=place.column + len(option),
    )
    return Fix(
        description=f"write {meant}",
        # An abbreviation means the same; for an unknown option it is a guess.
        safe=problem.kind == "abbreviated",
        edits=(Edit(place=exact, text=meant),),
    )


RULES = (
    Rule(
        code="GC117",
        name="refused-option",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=refused_option,
        evidence="argparse; run: --keepalive 5 ends with exit code 2",
    ),
    Rule(
        code="GC118",
        name="abbreviated-option",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=abbreviated_option,
        evidence="argparse, allow_abbrev; run: --time 77 is taken, --log is ambiguous",
    ),
    Rule(
        code="GC119",
        name="swallowed-app",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=swallowed_app,
        evidence='argparse; run: --access-logfile app:app ends with "No application module specified"',
    ),
    Rule(
        code="GC120",
        name="extra-argument",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=extra_argument,
        evidence="gunicorn/app/wsgiapp.py, init (27.0.1): only args[0] is read; run",
    ),
    Rule(
        code="GC121",
        name="app-in-variable",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=app_in_variable,
        evidence='gunicorn/app/base.py, load_config (27.0.1) skips "args"; run: no application module',
    ),
)
