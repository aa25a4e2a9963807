"""Writes measured figures with three significant digits: more would only look exact."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

# A microsecond of seconds, a nanosecond of milliseconds.
_MOST_DIGITS = 6
# A mark may be off by so much of the distance to its neighbour.
_READING_ERROR = 0.1
# Two servers that differ by more are not compared for their throughput.
_LEAST_RATIO = 0.01
# What is written as 1,000 ms otherwise.
_A_SECOND = 0.9995


def time_text(seconds: float) -> str:
    """A time: ``0.124 ms``, ``12.4 ms``, ``124 ms``, ``1.24 s``; none is ``0 ms``."""
    if seconds == 0:
        return "0 ms"
    return f"{three_digits(seconds)} s" if seconds >= _A_SECOND else f"{three_digits(seconds * 1000)} ms"


def scale_texts(seconds: Sequence[float]) -> list[str]:
    """The marks of a scale in one unit, with as many digits as tell neighbours apart: ``1.05 s``, ``1.06 s``."""
    if not seconds:
        return []
    unit, factor = ("s", 1.0) if max(seconds) >= _A_SECOND else ("ms", 1000.0)
    values = [second * factor for second in seconds]
    digits = 0
    while digits < _MOST_DIGITS and any(
        abs(round(value, digits) - value) > _READING_ERROR * abs(high - low)
        for low, high in itertools.pairwise(values)
        for value in (low, high)
        if high != low
    ):
        digits += 1
    return [f"{value:,.{digits}f} {unit}" for value in values]


def rate_text(per_second: float) -> str:
    """Requests per second, without their unit: ``9.87``, ``62.3``, ``512``, ``12,345``."""
    return three_digits(per_second)


def three_digits(value: float) -> str:
    """A number with three significant digits, or all before the point: ``0``, ``0.012``, ``1.24``, ``1,240``."""
    size = abs(value)
    if size == 0:
        return "0"
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return f"{value:,.{digits}f}"


def ratio_text(ratio: float) -> str:
    """A bound of a ratio, which two or three starts may leave wide open: ``0.97``, ``under 0.01``, ``over 100``."""
    if ratio < _LEAST_RATIO:
        return f"under {_LEAST_RATIO:g}"
    return f"over {1 / _LEAST_RATIO:g}" if ratio > 1 / _LEAST_RATIO else three_digits(ratio)


def share_text(share: float) -> str:
    """A share as a percentage: ``0.02 %``, ``3.1 %``, ``42 %``; no share is ``0 %``."""
    percent = share * 100
    if percent == 0:
        return "0 %"
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %" if percent >= 0.95 else f"{percent:.2g} %"
