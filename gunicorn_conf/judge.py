"""Runs rules over one subject: what they find becomes findings, in the order in which it stands in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gunicorn_conf.rules.finding import Finding, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

Failed = Callable[[Rule, Subject, Exception], None]


def judge(
    subject: Subject,
    rules: Iterable[Rule],
    *,
    severities: Mapping[str, Severity] | None = None,
    failed: Failed | None = None,
) -> tuple[Finding, ...]:
    """What the rules that apply to the subject's release find.

    ``severities`` (by code) replace those of the rules and of the cases at hand. A rule that raises is a defect: with
    ``failed`` it is reported there and the others go on; without, the exception is passed on.
    """
    given = severities or {}
    found: list[Finding] = []
    for rule in rules:
        if not rule.applies_to(subject.release):
            continue
        try:
            problems = tuple(rule.check(subject))
        except Exception as error:
            if failed is None:
                raise
            failed(rule, subject, error)
            continue
        found += (
            Finding(
                code=rule.code,
                name=rule.name,
                severity=given.get(rule.code) or problem.severity or rule.severity,
                confidence=problem.confidence or rule.confidence,
                problem=problem,
            )
            for problem in problems
        )
    return in_order(found)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file, line, column and code; the same finding, made twice, once."""
    once = {(finding.code, finding.problem.place, finding.problem.message): finding for finding in findings}
    return tuple(sorted(once.values(), key=_position))


def _position(finding: Finding) -> tuple[str, int, int, str, str]:
    place = finding.problem.place
    return (place.path, place.line or 0, place.column or 0, finding.code, finding.problem.message)
