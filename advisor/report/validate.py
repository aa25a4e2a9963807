"""Findings as terminal text: where, what, the line with a caret, help; then a summary. A pure function of the data."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.units import count
from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Confidence, Finding, Severity
from gunicorn_conf.validate import Validation

# A line of the source that is longer than this is cut around the place.
_LONGEST_LINE = 120
_LEAD_IN = 20
_TAB = "    "
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLUE = "\x1b[1;34m"
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.INFO: "\x1b[1;36m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Whether text is coloured; the words are the same either way."""

    colour: bool = False

    def __call__(self, text: str, code: str) -> str:  # noqa: D102  (the class says it)
        return f"{code}{text}{_RESET}" if self.colour else text


def validate_text(validation: Validation, *, colour: bool = False) -> str:
    """Every finding with its source line, then the summary; ends with a line end."""
    style = Style(colour=colour)
    found_in = {finding.problem.place.path for finding in validation.findings}
    lines_of = {file.path: _LINE_END.split(file.text) for file in validation.files if file.path in found_in}
    blocks = [_block(finding, lines_of.get(finding.problem.place.path, ()), style) for finding in validation.findings]
    return "\n".join([*blocks, *summary(validation)]) + "\n"


def summary(validation: Validation) -> list[str]:
    """What the findings amount to, and on which release they are based."""
    lines = [f"{counts(validation.findings)}; {count(validation.rules, 'rule')} on {_files(validation)}"]
    accepted = [
        f"{number} {how}"
        for number, how in (
            (validation.suppressed, "suppressed by comments"),
            (validation.ignored, "ignored by the settings"),
        )
        if number
    ]
    if accepted:
        lines.append("Not shown: " + ", ".join(accepted) + ".")
    lines += _releases(validation)
    if validation.findings:
        gravest = min(validation.findings, key=lambda finding: list(Severity).index(finding.severity))
        lines.append(f"More about a rule: gcadvise rule {gravest.code}")
    return lines


def counts(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 warning, 1 fixable``, or ``No findings``."""
    by_severity = Counter(finding.severity for finding in findings)
    parts = [
        count(by_severity[severity], noun, plural)
        for severity, noun, plural in (
            (Severity.ERROR, "error", ""),
            (Severity.WARNING, "warning", ""),
            (Severity.INFO, "info", "infos"),
        )
        if by_severity[severity]
    ]
    fixes = [finding.problem.fix for finding in findings if finding.problem.fix is not None]
    safe = sum(fix.safe for fix in fixes)
    if safe:
        parts.append(f"{safe} fixable")
    if len(fixes) > safe:
        parts.append(f"{len(fixes) - safe} fixable with --unsafe-fixes")
    return ", ".join(parts) or "No findings"


def _files(validation: Validation) -> str:
    judged = len(validation.judged)
    if not judged:
        return f"{count(len(validation.files), 'file')}, none of which configures or starts Gunicorn"
    number = len(validation.subjects)
    files = count(judged, "file")
    return files if number <= judged else f"{files} ({count(number, 'configuration')})"


def _releases(validation: Validation) -> list[str]:
    found = dict.fromkeys((str(one.release), one.release_source) for one in validation.subjects)
    return [f"Judged as Gunicorn {release} ({source})." for release, source in found]


def _block(finding: Finding, lines_of_file: Sequence[str], style: Style) -> str:
    problem = finding.problem
    head = (
        f"{style(printable(str(problem.place)), _BOLD)}: "
        f"{style(f'{finding.severity.value}[{finding.code}]', _COLOURS[finding.severity])} "
        f"{finding.name}: {style(printable(problem.message), _BOLD)}"
    )
    number = "" if problem.place.line is None else str(problem.place.line)
    margin = " " * max(len(number), 1)
    lines = [head, *_excerpt(problem.place, lines_of_file, number, margin, _COLOURS[finding.severity], style)]
    notes = [("help", problem.help)]
    if problem.fix is not None:
        notes.append(("fix", f"{problem.fix.description} ({'--fix' if problem.fix.safe else '--unsafe-fixes'})"))
    if finding.confidence is not Confidence.HIGH:
        notes.append(("note", f"{finding.confidence.value} confidence"))
    lines += [f"{margin} {style('=', _BLUE)} {what}: {printable(said)}" for what, said in notes if said]
    return "\n".join(lines) + "\n"


def _excerpt(place: Place, lines: Sequence[str], number: str, margin: str, colour: str, style: Style) -> list[str]:
    if place.line is None or place.column is None or not 1 <= place.line <= len(lines):
        return []
    line = lines[place.line - 1]
    start = min(place.column - 1, len(line))
    one_line = place.end_line in (None, place.line) and place.end_column is not None
    end = min(place.end_column - 1, len(line)) if one_line and place.end_column else len(line.rstrip())
    before, marked, after = line[:start], line[start:end], line[end:]
    if len(line) > _LONGEST_LINE:
        before = before if len(before) <= _LEAD_IN else "…" + before[-_LEAD_IN:]
        marked = marked if len(marked) <= _LONGEST_LINE else marked[:_LONGEST_LINE] + "…"
        room = max(_LONGEST_LINE - len(before) - len(marked), 0)
        after = after if len(after) <= room else after[:room] + "…"
    before, marked, after = (printable(part.replace("\t", _TAB)) for part in (before, marked, after))
    bar = style("|", _BLUE)
    carets = " " * _width(before) + style("^" * max(_width(marked), 1), colour)
    return [
        f"{margin} {bar}",
        f"{style(number, _BLUE)} {bar} {before}{marked}{after}".rstrip(),
        f"{margin} {bar} {carets}",
    ]


def is_file(place: Place) -> bool:
    """Whether the place is in a file, and not in a variable ($PORT) or an option (--env)."""
    return not place.path.startswith(("$", "--"))


def printable(text: str) -> str:
    """The text without what would drive a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _width(text: str) -> int:
    """How many columns a terminal gives the text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
