"""Lays out rows of short cells with one long last cell, which wraps with a hanging indent."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

# A last column that must wrap at less than this is unreadable; then it goes below its row instead.
_NARROWEST = 30
_GAP = 2


def columns(rows: Sequence[Sequence[str]], *, width: int, indent: int = 2) -> list[str]:
    """Lines for rows of cells; all cells but the last keep their natural width, the last wraps at ``width``."""
    if not rows:
        return []
    short = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    used = indent + sum(size + _GAP for size in short)
    too_narrow = width - used < min(_NARROWEST, max(len(row[-1]) for row in rows))
    lines: list[str] = []
    for row in rows:
        head = " " * indent + "".join(cell.ljust(size + _GAP) for cell, size in zip(row, short, strict=False))
        if too_narrow:
            lines.append(head.rstrip())
            lines.extend(wrap(row[-1], width=width, indent=indent + 2 * _GAP))
            continue
        wrapped = wrap(row[-1], width=width, indent=used)
        lines.append((head + (wrapped[0][used:] if wrapped else "")).rstrip())
        lines.extend(wrapped[1:])
    return lines


def wrap(text: str, *, width: int, indent: int, first: str = "") -> list[str]:
    """Lines of a paragraph, indented; ``first`` (such as ``"- "``) stands in the indent of the first line."""
    margin = " " * indent
    return textwrap.wrap(
        text,
        width=max(width, indent + _NARROWEST),
        initial_indent=margin[: indent - len(first)] + first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
