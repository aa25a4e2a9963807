"""Which rules run: what the patterns of --select and --ignore mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gunicorn_conf.errors import BadInput
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.select import make_selection, matching


def nothing(subject: Subject) -> Iterator[Problem]:
    yield from ()


def rule(code: str, name: str) -> Rule:
    return Rule(
        code=code, name=name, severity=Severity.ERROR, confidence=Confidence.HIGH, check=nothing, evidence="of a test"
    )


RULES = (
    rule("GC101", "unknown-setting"),
    rule("GC102", "wrong-case"),
    rule("GC110", "bad-type"),
    rule("GC501", "root"),
)


def codes(**options: list[str]) -> list[str]:
    return [one.code for one in make_selection(RULES, **options).rules]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("GC101", {"GC101"}),
        ("gc101", {"GC101"}),
        ("Unknown-Setting", {"GC101"}),
        ("GC1", {"GC101", "GC102", "GC110"}),
        ("GC1xx", {"GC101", "GC102", "GC110"}),
        ("GC10", {"GC101", "GC102"}),
        ("GC10x", {"GC101", "GC102"}),
        ("security", {"GC501"}),
        ("all", {"GC101", "GC102", "GC110", "GC501"}),
    ],
)
def test_a_pattern_names_rules(pattern: str, expected: set[str]) -> None:
    assert matching(pattern, RULES) == expected


@pytest.mark.parametrize("pattern", ["GC999", "GC", "G", "", "unknown", "GC9xx", "xxx", "GC1O1"])
def test_a_pattern_that_names_no_rule_is_an_error(pattern: str) -> None:
    if pattern == "GC":
        assert matching(pattern, RULES) == matching("all", RULES)
        return
    with pytest.raises(BadInput, match="is not a rule"):
        matching(pattern, RULES)


@pytest.mark.parametrize(("pattern", "meant"), [("GC1O1", "GC101"), ("unknown-setings", "unknown-setting")])
def test_what_was_meant_is_asked(pattern: str, meant: str) -> None:
    with pytest.raises(BadInput) as raised:
        matching(pattern, RULES)
    assert raised.value.hint == f"did you mean {meant!r}?"


def test_without_a_word_every_rule_runs() -> None:
    assert codes() == ["GC101", "GC102", "GC110", "GC501"]


def test_select_runs_these_alone() -> None:
    assert codes(select=["GC10", "security"]) == ["GC101", "GC102", "GC501"]


def test_ignore_takes_away() -> None:
    assert codes(ignore=["correctness"]) == ["GC501"]
    assert codes(select=["GC1"], ignore=["GC110"]) == ["GC101", "GC102"]


def test_where_both_name_a_rule_the_more_exact_one_decides() -> None:
    assert codes(select=["GC101"], ignore=["GC1"]) == ["GC101"]
    assert codes(select=["GC1"], ignore=["GC1"]) == []
    assert codes(select=["unknown-setting"], ignore=["GC101"]) == []


def test_severities_are_by_code() -> None:
    selection = make_selection(RULES, severity={"GC10": "Warning", "root": "info"})
    assert selection.severities == {"GC101": Severity.WARNING, "GC102": Severity.WARNING, "GC501": Severity.INFO}


def test_a_severity_that_is_none_is_an_error() -> None:
    with pytest.raises(BadInput, match="'fatal' is not a severity"):
        make_selection(RULES, severity={"GC101": "fatal"})


@pytest.mark.parametrize(
    ("path", "ignored"),
    [("tests/a.py", True), ("./tests/b/c.py", True), ("a.py", False), ("deploy/dev.conf.py", True)],
)
def test_files_that_match_are_spared(path: str, ignored: bool) -> None:
    selection = make_selection(RULES, per_file_ignores={"tests/*": "GC101, security", "dev.conf.py": "all"})
    assert selection.ignores(path, "GC101") is ignored
    assert selection.ignores(path, "GC102") is (path == "deploy/dev.conf.py")
