"""Draws figures with characters: bars, and series in one line. Pure functions of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BAR_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartMarks:
    """The characters that charts are drawn with: parts of a bar from an eighth to a whole, heights from low to high."""

    parts: str
    heights: str
    ascii_only: bool


BLOCKS = ChartMarks(parts="▏▎▍▌▋▊▉█", heights="▁▂▃▄▅▆▇█", ascii_only=False)
ASCII = ChartMarks(parts="       #", heights="_.:-=+*#", ascii_only=True)


def chart_marks(encoding: str | None) -> ChartMarks:
    """Blocks where the encoding of the output has them, else ASCII."""
    try:
        (BLOCKS.parts + BLOCKS.heights + "×±").encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def bar(value: float, most: float, width: int, marks: ChartMarks) -> str:
    """A bar of up to ``width`` characters, to scale with ``most``; what is above 0 is never drawn as nothing."""
    if most <= 0 or value <= 0:
        return ""
    if marks.ascii_only:
        return marks.parts[-1] * max(round(value / most * width), 1)
    eighths = max(round(value / most * width * _BAR_STEPS), 1)
    whole, part = divmod(eighths, _BAR_STEPS)
    return marks.parts[-1] * whole + (marks.parts[part - 1] if part else "")


def series(values: Sequence[float], most: float, width: int, marks: ChartMarks) -> str:
    """One character a value, its height from 0 to ``most``; where there is no room for all, each is a mean of some."""
    if not values or most <= 0:
        return ""
    each = -(-len(values) // max(width, 1))
    shown = [
        sum(values[start : start + each]) / len(values[start : start + each]) for start in range(0, len(values), each)
    ]
    top = len(marks.heights) - 1
    return "".join(marks.heights[min(round(value / most * top), top)] for value in shown)
