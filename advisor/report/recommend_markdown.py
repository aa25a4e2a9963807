"""A plan as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.report.recommend import capacity_text, facts, show_limit, show_value
from advisor.sizing.plan import Plan
from advisor.units import sentence

if TYPE_CHECKING:
    from advisor.measure.verify import Verification


# What would become markup inside a line: a table's edge, emphasis, HTML. Backticks are ours.
_SPECIAL = "\\|*<"


def recommend_markdown(plan: Plan, verification: Verification | None = None) -> str:
    """The recommendation as GitHub-flavoured Markdown."""
    lines = [
        f"## Gunicorn for {_article(plan.workload.kind.value)} app",
        "",
        *_table(("fact", "value", "source"), facts(plan)),
        "",
        *_table(
            ("setting", "value", "why"),
            [(f"`{setting.name}`", f"`{show_value(setting.value)}`", setting.reason) for setting in plan.settings],
        ),
        "",
        *_table(
            ("limit", "value", "arithmetic"),
            [
                (limit.name, show_limit(limit) + (" ◄ binds" if limit.binding else ""), limit.arithmetic)
                for limit in plan.limits
            ],
        ),
        "",
        "### Capacity",
        "",
        _escape(sentence(capacity_text(plan))),
        *_predicted(plan),
    ]
    for title, texts in (("Assumed", plan.assumptions), ("Warnings", plan.warnings)):
        if texts:
            lines += ["", f"### {title}", "", *(f"- {_escape(text)}" for text in texts)]
    if verification is not None:
        lines += _verified(verification)
    return "\n".join(lines) + "\n"


def _predicted(plan: Plan) -> list[str]:
    if plan.choice is None:
        return []
    from advisor.report.recommend_predicted import HEADER, predicted_rows, predicted_sentences

    table = _table(HEADER, predicted_rows(plan.choice))
    return ["", "### Predicted", "", *table, "", _escape(" ".join(predicted_sentences(plan.choice)))]


def _verified(verification: Verification) -> list[str]:
    from advisor.report.verification import HEADER, verification_rows, verification_sentences

    table = _table(HEADER, verification_rows(verification))
    return ["", "### Verified", "", *table, "", _escape(" ".join(verification_sentences(verification)))]


def _article(kind: str) -> str:
    return {"io-bound": "an I/O-bound", "cpu-bound": "a CPU-bound"}.get(kind, f"a {kind}")


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
        *("| " + " | ".join(_escape(cell) for cell in row) + " |" for row in rows),
    ]


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in " ".join(text.split()))
