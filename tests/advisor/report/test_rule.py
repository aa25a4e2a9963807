"""Rules as text and Markdown, and the pages in docs/rules."""

from __future__ import annotations

import re

import pytest

from advisor.report.rule import history, releases, rule_text, rules_about, rules_text, setting_text
from advisor.report.rule_markdown import page_markdown, rule_markdown
from advisor.report.rule_pages import DIRECTORY, pages
from gunicorn_conf.release import Release
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.settings import settings

UNKNOWN_SETTING = next(rule for rule in RULES if rule.code == "GC101")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_reads_as_text_and_as_markdown(rule: Rule) -> None:
    text = rule_text(rule, 100)
    assert rule.evidence.split()[0] in text
    assert "``" not in text
    markdown = rule_markdown(rule)
    assert "::\n" not in markdown
    assert markdown.count("```") % 2 == 0
    assert markdown.count("```") >= 2, "the example is a block of code"


def test_the_pages_in_docs_are_current() -> None:
    wanted = pages()
    found = {path.name: path.read_text(encoding="utf-8") for path in DIRECTORY.glob("*.md")}
    assert found.keys() == wanted.keys(), "run python -m advisor.report.rule_pages"
    assert [name for name in wanted if found[name] != wanted[name]] == [], "run python -m advisor.report.rule_pages"


def test_the_index_links_to_every_page() -> None:
    links = re.findall(r"\]\((GC\d+\.md)\)", pages()["README.md"])
    assert sorted(links) == sorted(f"{rule.code}.md" for rule in RULES)


def test_the_table_has_one_entry_a_rule() -> None:
    text = rules_text(RULES, 100)
    assert len(re.findall(r"^  GC\d{3} ", text, re.MULTILINE)) == len(RULES)
    assert f"{len(RULES)} rules. " in text


def test_examples_become_fenced_blocks() -> None:
    page = "Finds ``x``.\n\nExample::\n\n    a = 1\n\n    b = 2\n\nIgnore it when ``y``."
    assert page_markdown(page) == "Finds `x`.\n\nExample:\n\n```\na = 1\n\nb = 2\n```\n\nIgnore it when `y`."


def test_a_setting_names_its_history() -> None:
    text = setting_text(settings()["tolerate_dangerous_framing"], RULES, 100)
    assert "since 22.0.0, removed in 23.0.0" in text
    assert history([(Release(20), "1"), (Release(23), "2")]) == "1 at first; 2 since 23.0.0"


def test_a_setting_names_the_rules_that_speak_of_it() -> None:
    assert UNKNOWN_SETTING in rules_about("workers", RULES)
    assert UNKNOWN_SETTING not in rules_about("statsd_host", RULES)


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [
        (None, None, "all"),
        (Release(22), None, "22.0.0 and later"),
        (None, Release(26), "before 26.0.0"),
        (Release(22), Release(23), "22.0.0 up to, not including, 23.0.0"),
    ],
)
def test_the_releases_of_a_rule_are_said(since: Release | None, until: Release | None, shown: str) -> None:
    rule = Rule(
        code="GC101",
        name="x",
        severity=UNKNOWN_SETTING.severity,
        confidence=UNKNOWN_SETTING.confidence,
        check=UNKNOWN_SETTING.check,
        since=since,
        until=until,
        evidence="x",
    )
    assert releases(rule) == shown


def test_a_setting_names_the_worker_classes_that_read_it() -> None:
    assert re.search(
        r"Read by +gthread; with more than 1, sync becomes gthread", setting_text(settings()["threads"], RULES, 200)
    )
    assert "all worker classes" in setting_text(settings()["timeout"], RULES, 200)
    assert "Read by" not in setting_text(settings()["bind"], RULES, 200)
