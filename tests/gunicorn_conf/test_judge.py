"""Rules over one subject: which run, what becomes of their problems, and of a rule that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gunicorn_conf.config import Config
from gunicorn_conf.judge import judge
from gunicorn_conf.place import Place
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Check, Rule
from gunicorn_conf.rules.subject import Subject

SUBJECT = Subject(release=Release(23), release_source="given", config=Config(release=Release(23)))


def rule(check: Check, code: str = "GC101", since: Release | None = None, until: Release | None = None) -> Rule:
    return Rule(
        code=code,
        name=f"name-{code.lower()}",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=check,
        since=since,
        until=until,
        evidence="of a test",
    )


def problem(line: int, message: str = "m", severity: Severity | None = None) -> Problem:
    return Problem(message=message, place=Place(path="f", line=line, column=1), severity=severity)


def two(subject: Subject) -> Iterator[Problem]:
    yield problem(2)
    yield problem(1, severity=Severity.INFO)


def broken(subject: Subject) -> Iterator[Problem]:
    yield problem(1)
    raise KeyError("x")


def test_problems_become_findings_in_the_order_of_the_file() -> None:
    found = judge(SUBJECT, [rule(two)])
    assert [(one.problem.place.line, one.severity, one.code) for one in found] == [
        (1, Severity.INFO, "GC101"),
        (2, Severity.ERROR, "GC101"),
    ]


def test_a_given_severity_wins() -> None:
    found = judge(SUBJECT, [rule(two)], severities={"GC101": Severity.WARNING})
    assert {one.severity for one in found} == {Severity.WARNING}


def test_the_same_finding_is_made_once() -> None:
    assert len(judge(SUBJECT, [rule(two), rule(two)])) == 2


@pytest.mark.parametrize(
    ("since", "until", "runs"),
    [
        (None, None, True),
        (Release(23), None, True),
        (Release(24), None, False),
        (None, Release(23), False),
        (Release(22), Release(24), True),
    ],
)
def test_a_rule_runs_for_the_releases_that_it_applies_to(
    since: Release | None, until: Release | None, runs: bool
) -> None:
    assert bool(judge(SUBJECT, [rule(two, since=since, until=until)])) is runs


def test_a_rule_that_fails_does_not_stop_the_others() -> None:
    failures: list[str] = []
    found = judge(
        SUBJECT, [rule(broken), rule(two, "GC102")], failed=lambda one, _, error: failures.append(f"{one.code} {error}")
    )
    assert failures == ["GC101 'x'"]
    assert [one.code for one in found] == ["GC102", "GC102"]


def test_a_rule_that_fails_is_not_hidden_where_nobody_is_told() -> None:
    with pytest.raises(KeyError):
        judge(SUBJECT, [rule(broken)])
