"""Findings as SARIF 2.1.0, the format of code-scanning services."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote

from advisor import __version__
from advisor.report.validate import is_file
from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Finding, Fix, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.validate import Validation

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "SRCROOT"


def validate_sarif(validation: Validation, rules: Sequence[Rule]) -> str:
    """One run with its rules (those that were selected) and results; ends with a line end."""
    index = {rule.code: number for number, rule in enumerate(rules)}
    prints = _fingerprints(validation)
    results = [_result(finding, index, mark) for finding, mark in zip(validation.findings, prints, strict=True)]
    driver: dict[str, object] = {
        "name": "gcadvise",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run: dict[str, object] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The directory in which gcadvise ran."}}},
        "results": results,
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="replace").decode() + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    first, _, rest = rule.page.partition("\n\n")
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": first},
        "fullDescription": {"text": rest or first},
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"precision": _PRECISION[rule.confidence.value], "tags": [rule.topic.name.lower()]},
    }


# GitHub's words for how sure a rule is.
_PRECISION = {"high": "high", "medium": "medium", "low": "low"}


def _result(finding: Finding, index: dict[str, int], mark: str) -> dict[str, object]:
    problem = finding.problem
    result: dict[str, object] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": _sentence(problem.message) + (f" {_sentence(problem.help)}" if problem.help else "")},
        "locations": [{"physicalLocation": _location(problem.place)}] if is_file(problem.place) else [],
        "partialFingerprints": {"gcadvise/v1": mark},
    }
    if finding.code in index:
        result["ruleIndex"] = index[finding.code]
    if problem.fix is not None:
        result["fixes"] = [_fix(problem.fix)]
    return result


def _location(place: Place) -> dict[str, object]:
    location: dict[str, object] = {"artifactLocation": _artifact(place.path)}
    region = _region(place)
    if region:
        location["region"] = region
    return location


def _artifact(path: str) -> dict[str, object]:
    # A name that is not UTF-8 has its bytes in it as lone surrogates.
    uri = quote(path.removeprefix("./").encode(errors="surrogatepass"))
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _region(place: Place) -> dict[str, object]:
    pairs = (
        ("startLine", place.line),
        ("startColumn", place.column),
        ("endLine", place.end_line),
        ("endColumn", place.end_column),
    )
    return {name: value for name, value in pairs if value is not None} if place.line is not None else {}


def _fix(fix: Fix) -> dict[str, object]:
    by_file: dict[str, list[dict[str, object]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
        by_file.setdefault(edit.place.path, []).append(replacement)
    changes = [{"artifactLocation": _artifact(path), "replacements": several} for path, several in by_file.items()]
    return {"description": {"text": _sentence(fix.description)}, "artifactChanges": changes}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _fingerprints(validation: Validation) -> list[str]:
    """For each finding a mark that stays when lines move: of its rule, its file and the text of its line."""
    lines = {file.path: file.text.splitlines() for file in validation.files}
    seen: Counter[str] = Counter()
    marks = []
    for finding in validation.findings:
        place = finding.problem.place
        of_file = lines.get(place.path, [])
        line = of_file[place.line - 1] if place.line and place.line <= len(of_file) else ""
        same = "\0".join((finding.code, place.path.removeprefix("./"), " ".join(line.split())))
        seen[same] += 1
        mark = hashlib.sha256(f"{same}\0{seen[same]}".encode(errors="replace")).hexdigest()
        marks.append(mark[:32])
    return marks
