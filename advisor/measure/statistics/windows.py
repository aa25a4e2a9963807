"""Counts per window of time, from the moments at which answers arrived."""

from __future__ import annotations

from collections.abc import Iterable


def counts_per_window(moments_seconds: Iterable[float], *, window_seconds: float, duration_seconds: float) -> list[int]:
    """How many moments fall into each whole window from 0 to the duration; a last part of a window is left out.

    Moments before 0 and after the last whole window are not counted. Raises ValueError for a window without length.
    """
    if window_seconds <= 0:
        raise ValueError("a window has a length")
    # 5 s are 50 windows of 0.1 s, although 5 / 0.1 may come out a little below 50.
    windows = int(duration_seconds / window_seconds + 1e-9)
    counts = [0] * windows
    for moment in moments_seconds:
        if 0 <= moment < duration_seconds:
            window = int(moment / window_seconds)
            if window < windows:
                counts[window] += 1
    return counts
