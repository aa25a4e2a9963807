"""The rules on files that cannot be read, and on configuration files that end with an exception."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.read.files import is_template_name
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject, Unread


def unreadable_file(subject: Subject) -> Iterator[Problem]:
    """A file that configures or starts Gunicorn cannot be read.

    Gunicorn executes its configuration file, so it does not start with one that is not Python 3. Only those rules that
    look at the bare text have judged the file. A compose file or Kubernetes manifest that is not YAML, and a script or
    file that is too large to be read, have not been judged at all.

    Mend it where the finding points. A template (Jinja, Helm, ERB) is best validated as what it becomes: render it,
    then give the result to ``gcadvise validate``. A template counts as info where its name says so (``.j2``), and as a
    warning otherwise.

    Example::

        workers = 4,,      # before
        workers = 4        # after

    Ignore it when the file is a template that is rendered before Gunicorn reads it.
    """
    conf, unread = subject.conf, subject.unread
    if conf is not None and conf.problem is not None:
        unread = Unread(
            place=conf.problem_place or Place(path=conf.path), why=conf.problem, is_template=conf.is_template
        )
        severity = None
    elif unread is not None:
        # What reads the file in earnest may be more tolerant.
        severity = Severity.WARNING
    else:
        return
    if unread.is_template:
        severity = Severity.INFO if is_template_name(unread.place.path) else Severity.WARNING
    yield Problem(
        message=f"this file cannot be read: {unread.why}",
        place=unread.place,
        help="validate the file that is made from it" if unread.is_template else "mend it, and validate it again",
        severity=severity,
    )


def failing_file(subject: Subject) -> Iterator[Problem]:
    """A configuration file ends with an exception when it is executed.

    Gunicorn executes the file at each start and each reload, and ends with exit code 1 when that raises; what the
    file sets further down does not count.

    Mend it where the finding points. With ``--execute`` it may be a variable that is set where Gunicorn runs: give it
    with ``--env``.

    Example::

        pool = 10 / 0                                    # before
        pool = 10                                        # after

    Ignore it when the file is meant to stop Gunicorn, for example where a variable is missing.
    """
    conf = subject.conf
    if conf is None or conf.failure is None:
        return
    yield Problem(
        message=f"loading this file ends with an error: {conf.failure}",
        place=conf.failure_place or Place(path=conf.path),
        help="mend it, or give the variables that it needs with --env",
    )


RULES = (
    Rule(
        code="GC192",
        name="unreadable-file",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=unreadable_file,
        evidence="gunicorn/app/base.py:112 (27.0.1) executes the file and exits 1 when that raises",
    ),
    Rule(
        code="GC193",
        name="failing-file",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=failing_file,
        evidence="gunicorn/app/base.py:112 (27.0.1) executes the file and exits 1 when that raises",
    ),
)
