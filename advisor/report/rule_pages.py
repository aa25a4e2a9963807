"""Writes docs/rules from the rules themselves: ``python -m advisor.report.rule_pages``.

A command for those who work on gcadvise; a test says when a page is out of date.
"""

from __future__ import annotations

from pathlib import Path

from advisor.report.rule_markdown import rule_markdown, rules_markdown
from gunicorn_conf.rules.registry import RULES

DIRECTORY = Path(__file__).parent.parent.parent / "docs" / "rules"

_INDEX = """\
# Rules

What `gcadvise validate` looks for, by topic. `gcadvise rule GC101` shows a page in the terminal. How to select, ignore
and fix is in [Validate](../validate.md).

An *error* breaks something or is silently ignored by Gunicorn; a *warning* is harmful under a condition that its
message states; *info* is worth knowing.

These pages are made from the rules by `python -m advisor.report.rule_pages`.

"""


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        "README.md": _INDEX + rules_markdown(RULES, link=True),
        **{f"{rule.code}.md": rule_markdown(rule) for rule in RULES},
    }


def write(directory: Path = DIRECTORY) -> None:
    """Write every page, and take away those of rules that are no more."""
    wanted = pages()
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
    print(f"wrote {len(pages())} pages to {DIRECTORY}")
