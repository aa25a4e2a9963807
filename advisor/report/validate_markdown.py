"""Findings as a Markdown table, for a comment or a job's summary page."""

from __future__ import annotations

from advisor.report.validate import printable, summary
from gunicorn_conf.rules.finding import Finding
from gunicorn_conf.validate import Validation

# What Markdown or a table would take for its own.
_SPECIAL = "\\`*_[]<>|~"


def validate_markdown(validation: Validation) -> str:
    """A table of the findings, then the summary."""
    lines = []
    if validation.findings:
        lines += ["| Where | Severity | Rule | What | What to do |", "|---|---|---|---|---|"]
        lines += [_row(finding) for finding in validation.findings]
        lines.append("")
    head, *rest = summary(validation)
    lines += [f"{markdown_text(head)}.", *(f"\n{markdown_text(line)}" for line in rest)]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    problem = finding.problem
    rule = f"{finding.code} {finding.name}"
    cells = (str(problem.place), finding.severity.value, rule, problem.message, problem.help)
    return "| " + " | ".join(markdown_text(cell) for cell in cells) + " |"


def markdown_text(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in printable(" ".join(text.split())))
