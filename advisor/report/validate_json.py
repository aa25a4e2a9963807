"""Findings as JSON: ``gcadvise.validate/1``, described by schemas/validate.json."""

from __future__ import annotations

from collections import Counter

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Finding, Fix, Severity
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.validate import Validation


def validate_json(validation: Validation) -> dict[str, object]:
    """The body of the envelope."""
    by_severity = Counter(finding.severity for finding in validation.findings)
    return {
        "findings": [_finding(finding) for finding in validation.findings],
        "files": list(validation.judged),
        "configurations": [_subject(subject) for subject in validation.subjects],
        "summary": {
            **{severity.value: by_severity[severity] for severity in Severity},
            "fixable": sum(finding.problem.fix is not None for finding in validation.findings),
            "suppressed": validation.suppressed,
            "ignored": validation.ignored,
            "rules": validation.rules,
            "files": len(validation.judged),
        },
    }


def _finding(finding: Finding) -> dict[str, object]:
    problem = finding.problem
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": problem.message,
        "help": problem.help,
        **_place(problem.place),
        "setting": problem.setting,
        "fix": None if problem.fix is None else _fix(problem.fix),
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "file": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "description": fix.description,
        "safe": fix.safe,
        "edits": [{**_place(edit.place), "text": edit.text} for edit in fix.edits],
    }


def _subject(subject: Subject) -> dict[str, object]:
    deployment = subject.deployment
    return {
        "conf": None if subject.conf is None else subject.conf.path,
        "command": None if subject.command is None else _place(subject.command.place),
        "release": str(subject.release),
        "release_source": subject.release_source,
        "deployment": {
            "platform": deployment.platform,
            "cpus": deployment.cpus,
            "memory_bytes": deployment.memory_bytes,
            "stop_window_seconds": deployment.stop_window_seconds,
            "request_timeout_seconds": deployment.request_timeout_seconds,
            "idle_timeout_seconds": deployment.idle_timeout_seconds,
            "source": dict(deployment.sources),
        },
    }
