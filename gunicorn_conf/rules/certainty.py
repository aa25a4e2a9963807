"""How sure a finding is that rests on several settings: what is not set, and what a variable may change."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import is_sure
from gunicorn_conf.rules.rule import Check
from gunicorn_conf.rules.subject import Subject


def is_unset(subject: Subject, name: str) -> Confidence | None:
    """How sure it is that Gunicorn's default holds; None where something sets it, or may well do so.

    High where a command and what it names were read, medium where there is a file alone, which a command may add to.
    """
    if subject.config.get(name) is not None or subject.config.undecided is not None:
        return None
    if subject.conf is not None and subject.conf.problem is not None:
        return None
    return Confidence.MEDIUM if subject.command is None else Confidence.HIGH


def is_set_or_unset(subject: Subject, name: str) -> Confidence | None:
    """How sure the setting's value is: high where something sets it, else as ``is_unset``."""
    return Confidence.HIGH if subject.config.get(name) is not None else is_unset(subject, name)


def depends_on(*names: str, unsure: Severity | None = None) -> Callable[[Check], Check]:
    """A check whose findings rest on these settings: a variable or condition that may change them makes it less sure.

    ``unsure`` is the severity then, where the case at hand has none of its own.
    """

    def decorated(check: Check) -> Check:
        @functools.wraps(check)
        def hedged(subject: Subject) -> Iterator[Problem]:
            for problem in check(subject):
                yield _hedged(subject, problem, names, unsure)

        return hedged

    return decorated


def _hedged(subject: Subject, problem: Problem, names: tuple[str, ...], unsure: Severity | None) -> Problem:
    given = [one for one in map(subject.config.get, names) if one is not None and not is_sure(one)]
    if not given:
        return problem
    variables = list(dict.fromkeys(variable for one in given for variable in one.variables))
    condition = (
        f" (while {' and '.join(variables)} {'is' if len(variables) == 1 else 'are'} not set)" if variables else ""
    )
    return replace(
        problem,
        message=problem.message + condition,
        severity=problem.severity or unsure,
        confidence=Confidence.LOW if problem.confidence is Confidence.LOW else Confidence.MEDIUM,
    )
