"""Shows a comparison: what ran, a table, the verdict in words, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from advisor.measure.bench.compare_result import CompareResult
from advisor.report.columns import columns, wrap
from advisor.report.compare_figures import Figures, load_text, requests_text, settings_text
from advisor.report.compare_table import PART, WORDS, header, rows
from advisor.report.compare_verdict import doubt_texts, latency_text, notes, verdict_text
from advisor.report.predicted import predicted_rows

_GAP = 2
_INDENT = 2
_LEGEND = "memory is PSS after the load, CPU that of arbiter and workers for each request; both at saturation"


def compare_text(result: CompareResult, shown: Mapping[str, Figures], *, width: int) -> str:
    """The whole of it, in at most ``width`` columns but for the table, which has its own."""
    lines = [
        *_header(result, shown, width),
        "",
        *_table(result, shown, width),
        "",
        *wrap(_legend(result, shown), width=width, indent=_INDENT),
        "",
        *wrap(verdict_text(result, shown), width=width, indent=0),
        *_predicted(shown, width),
    ]
    said = [*notes(result, shown), *doubt_texts(shown)]
    if said:
        lines.append("")
        for note in said:
            lines += wrap(note, width=width, indent=2, first="- ")
    return "\n".join(lines) + "\n"


def _header(result: CompareResult, shown: Mapping[str, Figures], width: int) -> Iterator[str]:
    settings = next((one.settings for one in shown.values() if one.settings is not None), None)
    if settings is not None:
        yield f"App {settings.app}, Gunicorn {settings.gunicorn}, Python {settings.python}"
    yield from wrap(f"{requests_text(result.plan)}; {load_text(result.plan)}", width=width, indent=0)
    yield ""
    described = [(one.contender.name, _runs(one)) for one in shown.values()]
    yield from columns(described, width=width, indent=_INDENT)


def _predicted(shown: Mapping[str, Figures], width: int) -> Iterator[str]:
    said = predicted_rows({name: one.predicted for name, one in shown.items()})
    if said:
        yield from ("", "Predicted before it was measured")
        yield from columns(said, width=width, indent=_INDENT)


def _runs(figures: Figures) -> str:
    return "never measured" if figures.settings is None else settings_text(figures.settings)


def _table(result: CompareResult, shown: Mapping[str, Figures], width: int) -> Iterator[str]:
    """One table where the terminal is wide enough, else two below one another; long names above their rows."""
    titles = header(shown)
    body = [(name, cells) for name, cells in rows(result, shown) if cells]
    laid = [_laid(title, [cells[index] for _, cells in body]) for index, title in enumerate(titles)]
    names = max((len(name) for name, _ in body), default=0)
    room = width - _INDENT
    parts = [laid] if names + _width(laid) <= room else [laid[:PART], laid[PART:]]
    beside = all(names + _width(part) <= room for part in parts)
    for number, part in enumerate(parts):
        if number:
            yield ""
        for index, line in enumerate(map("".join, zip(*part, strict=True))):
            name = body[index - 1][0] if index else ""
            if name and not beside:
                yield " " * _INDENT + name
            yield (" " * _INDENT + (name.ljust(names) if beside else "") + line).rstrip()


def _laid(title: str, cells: Sequence[str]) -> list[str]:
    """A column with its title, all as wide as the widest: words at the left, figures at the right."""
    size = max(map(len, (title, *cells)))
    column = (title, *cells)
    return [" " * _GAP + (cell.ljust(size) if title in WORDS else cell.rjust(size)) for cell in column]


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(len(column[0]) for column in columns)


def _legend(result: CompareResult, shown: Mapping[str, Figures]) -> str:
    latency = latency_text(result, shown)
    return f"{latency}; {_LEGEND}" if latency else _LEGEND
