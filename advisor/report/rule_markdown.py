"""Rules as Markdown: a page each, and the table of all of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from advisor.report.rule import headline, releases
from advisor.report.validate_markdown import markdown_text
from gunicorn_conf.rules.rule import Rule, Topic


def rule_markdown(rule: Rule) -> str:
    """The page of a rule."""
    first, _, rest = rule.page.partition("\n\n")
    return "\n".join(
        [
            f"# {rule.code} {rule.name}",
            "",
            literals(first),
            "",
            "| Severity | Confidence | Topic | Releases of Gunicorn |",
            "|---|---|---|---|",
            f"| {rule.severity.value} | {rule.confidence.value} | {rule.topic.name.lower()} | {releases(rule)} |",
            "",
            page_markdown(rest),
            "",
            f"Accept a finding by a comment on its line: `# gcadvise: ignore[{rule.code}] why`.",
            "",
            f"Known from: {markdown_text(rule.evidence)}.".replace("..", "."),
            "",
        ]
    )


def rules_markdown(rules: Sequence[Rule], *, link: bool = False) -> str:
    """A table of rules a topic; with ``link`` each code links to its page beside."""
    lines: list[str] = []
    for topic in Topic:
        of_topic = [rule for rule in rules if rule.topic is topic]
        if not of_topic:
            continue
        lines += [f"## {topic.name.capitalize()}", "", "| Code | Name | Severity | Finds |", "|---|---|---|---|"]
        for rule in of_topic:
            code = f"[{rule.code}]({rule.code}.md)" if link else rule.code
            lines.append(f"| {code} | {rule.name} | {rule.severity.value} | {markdown_text(headline(rule))} |")
        lines.append("")
    return "\n".join(lines)


def page_markdown(page: str) -> str:
    """A docstring's text as Markdown: literals between single backticks, indented examples within fences."""
    blocks: list[str] = []
    code: list[str] = []
    for block in page.split("\n\n"):
        if block.startswith("    "):
            code.append(block)
            continue
        blocks += _fenced(code)
        code = []
        blocks.append(literals(re.sub(r"::$", ":", block)))
    return "\n\n".join([*blocks, *_fenced(code)])


def _fenced(code: Sequence[str]) -> list[str]:
    if not code:
        return []
    text = textwrap.dedent("\n\n".join(code)).rstrip()
    fence = "````" if "```" in text else "```"
    return [f"{fence}\n{text}\n{fence}"]


def literals(text: str) -> str:
    """The text with ``x`` as `x`."""
    return re.sub(r"``(.*?)``", r"`\1`", text, flags=re.DOTALL)
