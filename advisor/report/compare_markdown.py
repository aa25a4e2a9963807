"""A comparison as Markdown, for an issue or a pull request."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.measure.bench.compare_result import CompareResult
from advisor.report.compare_figures import Figures, load_text, requests_text, settings_text
from advisor.report.compare_table import WORDS, header, rows
from advisor.report.compare_verdict import doubt_texts, latency_text, notes, quoted, verdict_text
from advisor.report.predicted import predicted_rows

_LEGEND = "Memory is PSS after the load, CPU that of arbiter and workers for each request; both at saturation."


def compare_markdown(result: CompareResult, shown: Mapping[str, Figures]) -> str:
    """The verdict, the table, and what must be known beside it."""
    lines = [_escaped(verdict_text(result, shown)), "", *_table(result, shown), ""]
    settings = next((one.settings for one in shown.values() if one.settings is not None), None)
    if settings is not None:
        lines.append(f"App `{settings.app}`, Gunicorn {settings.gunicorn}, Python {settings.python};")
    lines.append(f"`{requests_text(result.plan)}`; {load_text(result.plan)}.")
    latency = latency_text(result, shown)
    lines.append(f"{latency}. {_LEGEND}" if latency else _LEGEND)
    said = [*_predicted(shown), *notes(result, shown), *doubt_texts(shown)]
    if said:
        lines += ["", *(f"- {_escaped(text)}" for text in said)]
    return "\n".join(lines) + "\n"


def _predicted(shown: Mapping[str, Figures]) -> list[str]:
    said = predicted_rows({name: one.predicted for name, one in shown.items()})
    return [f"Predicted of {quoted(name)}: {text}." for name, text in said]


def _table(result: CompareResult, shown: Mapping[str, Figures]) -> list[str]:
    titles = header(shown)
    lines = [
        "| configuration | runs | " + " | ".join(titles) + " |",
        "|---|---|" + "".join("---|" if title in WORDS else "---:|" for title in titles),
    ]
    for name, cells in rows(result, shown):
        settings = shown[name].settings
        runs = "never measured" if settings is None else settings_text(settings)
        row = (f"`{name}`", runs, *(cells or ("failed",) + ("",) * (len(titles) - 1)))
        lines.append("| " + " | ".join(_escaped(cell) for cell in row) + " |")
    return lines


def _escaped(text: str) -> str:
    """A pipe would end a cell."""
    return text.replace("|", "\\|").replace("\n", " ")
