"""Every rule by its cases: what must be found is, what must not be found is not, and a fix mends what it says."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.rules.finding import Finding
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.validate import validate
from gunicorn_conf.write.edit import apply_fixes, span_of
from tests.gunicorn_conf.rules.cases import Case, read_cases

EVERY = read_cases()
FIRING = [case for case in EVERY if case.fires]
QUIET = [case for case in EVERY if not case.fires]
RULE = {rule.code: rule for rule in RULES}
CONF = "gunicorn.conf.py"


def found(case: Case, files: Sequence[SourceFile] | None = None) -> list[Finding]:
    """What the case's rule says of its files, or of those given instead."""
    result = validate(case.sources if files is None else files, case.circumstances)
    return [finding for finding in result.findings if finding.code == case.code]


def after_fixes(case: Case, findings: Sequence[Finding]) -> dict[str, str]:
    """The files of the case after its rule's fixes, safe or not."""
    fixes = [finding.problem.fix for finding in findings if finding.problem.fix]
    return {**case.files, **apply_fixes(case.files, fixes).texts}


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.id)
def test_it_fires(case: Case) -> None:
    findings = found(case)
    assert findings, f"{case.code} finds nothing"
    problem = findings[0].problem
    if case.at is not None:
        assert str(problem.place) == case.at
    if case.contains is not None:
        assert any(case.contains in finding.problem.message for finding in findings), problem.message
    if case.severity is not None:
        assert findings[0].severity.value == case.severity
    if case.fixed is not None:
        assert after_fixes(case, findings)[CONF] == case.fixed


@pytest.mark.parametrize("case", QUIET, ids=lambda case: case.id)
def test_it_does_not_fire(case: Case) -> None:
    assert [f"{one.problem.place}: {one.problem.message}" for one in found(case)] == []


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.id)
def test_what_it_says_is_well_put(case: Case) -> None:
    for finding in found(case):
        problem = finding.problem
        if not problem.place.path.startswith(("$", "--env")):  # a variable that is given beside the files
            assert problem.place.path in case.files, f"{problem.place} is in none of the files"
        if problem.place.line is not None:
            text = case.files[problem.place.path]
            assert problem.place.line <= text.count("\n") + 1
        for text in (problem.message, problem.help):
            assert not text.endswith("."), f"a full stop ends {text!r}"
            assert "\n" not in text
            assert text == text.strip()
        assert problem.message
        assert problem.help or problem.fix, "it says neither what to do nor mends it"


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.id)
def test_its_fix_mends_it_for_good(case: Case) -> None:
    findings = found(case)
    fixes = [finding.problem.fix for finding in findings if finding.problem.fix]
    for fix in fixes:
        for edit in fix.edits:
            text = case.files[edit.place.path]
            assert span_of(edit.place, text) is not None, f"{edit.place} is not a stretch of its file"
    texts = after_fixes(case, findings)
    for path, text in texts.items():
        if path.endswith(".py") and text != case.files[path]:
            ast.parse(text)
    again = found(case, [SourceFile(path=path, text=text) for path, text in texts.items()])
    without_fix = sum(finding.problem.fix is None for finding in findings)
    assert sum(finding.problem.fix is not None for finding in again) == 0
    assert len(again) <= without_fix


@pytest.mark.parametrize("code", RULE)
def test_a_rule_has_cases_on_both_sides(code: str) -> None:
    assert any(case.code == code for case in FIRING), "there is no case in which it fires"
    assert any(case.code == code for case in QUIET), "there is no case in which it must not fire"


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.id)
def test_a_case_belongs_to_a_rule(case: Case) -> None:
    assert case.code in RULE, f"there is no rule {case.code}"
    assert case.rule_name == RULE[case.code].name


@pytest.mark.parametrize("code", RULE)
def test_a_rule_has_a_page(code: str) -> None:
    page = RULE[code].page
    first, *rest = page.split("\n\n")
    assert first.endswith("."), "the first line is a sentence"
    assert "\n" not in first, "the first line stands alone"
    assert len(rest) >= 3, "what it finds, why it hurts, how to mend it, an example, when to ignore it"
    assert "Example::" in page
    assert "Ignore it when" in page.replace("\n", " ")
    assert RULE[code].evidence


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.code.startswith("GC")
        assert rule.code[2:].isdigit()
        assert len(rule.code) == len("GC101")
        assert rule.topic
        assert rule.name == rule.name.lower()
        assert rule.name.replace("-", "").isalnum()
        assert rule.since is None or rule.until is None or rule.since < rule.until


def test_the_registry_is_in_the_order_of_the_codes() -> None:
    assert [rule.code for rule in RULES] == sorted(RULE)
