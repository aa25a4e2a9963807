"""Findings as GitHub's workflow commands, which show them beside the lines of a pull request."""

from __future__ import annotations

from advisor.report.validate import is_file
from gunicorn_conf.rules.finding import Finding, Severity
from gunicorn_conf.validate import Validation

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

# As actions/toolkit escapes them (packages/core/src/command.ts).
_IN_MESSAGE = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_PROPERTY = (*_IN_MESSAGE, (":", "%3A"), (",", "%2C"))


def validate_github(validation: Validation) -> str:
    """One command a finding, each with a line end; empty without findings."""
    return "".join(_command(finding) + "\n" for finding in validation.findings)


def _command(finding: Finding) -> str:
    problem = finding.problem
    place = problem.place
    properties = {"title": f"{finding.code} {finding.name}"}
    if is_file(place):
        properties["file"] = place.path.removeprefix("./")
    if place.line is not None:
        properties["line"] = str(place.line)
        properties["endLine"] = str(place.end_line or place.line)
        if place.column is not None and place.end_line == place.line:  # GitHub takes columns on a single line alone
            properties["col"] = str(place.column)
            properties["endColumn"] = str(place.end_column or place.column)
    said = problem.message + (f"\nHelp: {problem.help}" if problem.help else "")
    given = ",".join(f"{name}={_escaped(value, _IN_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{_escaped(said, _IN_MESSAGE)}"


def _escaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for character, escape in table:
        text = text.replace(character, escape)
    return text
