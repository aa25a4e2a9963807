"""The rules on comments that suppress findings; gunicorn_conf.validate finds their problems, after all others."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject


def unused_suppression(subject: Subject) -> Iterator[Problem]:  # noqa: ARG001  (see the module's first line)
    """A comment suppresses a finding that is not there.

    The configuration has changed since, or the comment stands on another line than the finding did. It would hide the
    next finding of this rule, which nobody has looked at yet.

    Mend it by taking the comment away; ``gcadvise validate --fix`` does so.

    Example::

        workers = 4  # gcadvise: ignore[GC101] ours      # before: nothing is wrong with this line
        workers = 4                                      # after

    Ignore it when the finding only comes up elsewhere, for example with ``--platform`` or under another release of
    Gunicorn: then ignore this rule for the file, in ``per-file-ignores``.
    """
    yield from ()


def bad_suppression(subject: Subject) -> Iterator[Problem]:  # noqa: ARG001  (see the module's first line)
    """A comment is meant to suppress a finding, but names no rule that exists.

    It has no effect: what it was to accept is still reported, or will be.

    Mend it by writing the code or the name of the rule within the brackets. There is no comment that suppresses
    everything: it would also hide what is found tomorrow.

    Example::

        worker = 4  # gcadvise: ignore            # before: names no rule
        worker = 4  # gcadvise: ignore[GC101]     # after

    Ignore it when you may not touch the file; leave it out by ``per-file-ignores`` then.
    """
    yield from ()


RULES = (
    Rule(
        code="GC190",
        name="unused-suppression",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=unused_suppression,
        evidence="of gcadvise itself",
    ),
    Rule(
        code="GC191",
        name="bad-suppression",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bad_suppression,
        evidence="of gcadvise itself",
    ),
)
