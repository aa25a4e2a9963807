"""The cells of a comparison's table, one row for each configuration; text and Markdown lay them out."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.measure.bench.compare_result import CompareResult
from advisor.measure.statistics.comparison import FEWEST_PAIRS, Verdict
from advisor.report.compare_figures import PERCENTS, Figures
from advisor.report.figures import rate_text, ratio_text, share_text, three_digits
from advisor.units import show_bytes

_COMPARED = ("requests/s", "relative", "")
_RESPONSE = ("p50 ms", "p95 ms", "p99 ms")
_NEEDED = ("memory", "CPU ms")
# Where one table is too wide, it is parted after so many columns: what is compared, and what each needs.
PART = len(_COMPARED)
# Columns whose cells begin with a word; the others hold figures.
WORDS = frozenset({"relative", ""})
# What stands where there is no figure.
NOTHING = "–"

_SHOWN = {Verdict.HIGHER: "more", Verdict.LOWER: "fewer", Verdict.NO_DIFFERENCE_SHOWN: "no diff."}


def header(shown: Mapping[str, Figures]) -> tuple[str, ...]:
    """The titles of the columns; response times are among them only when any were measured."""
    return _COMPARED + (_RESPONSE if _has_response_times(shown) else ()) + _NEEDED


def rows(result: CompareResult, shown: Mapping[str, Figures]) -> list[tuple[str, tuple[str, ...]]]:
    """Name and cells of every configuration; no cells for one that was never measured."""
    response_times = _has_response_times(shown)
    return [(name, _cells(result, figures, response_times)) for name, figures in shown.items()]


def _has_response_times(shown: Mapping[str, Figures]) -> bool:
    return any(figures.latency is not None for figures in shown.values())


def _cells(result: CompareResult, figures: Figures, response_times: bool) -> tuple[str, ...]:
    if figures.saturation is None:
        return ()
    pss = figures.pss_bytes
    return (
        _throughput(figures),
        *_relative(result, figures),
        *(_milliseconds(figures.response_seconds(percent)) for percent in PERCENTS if response_times),
        NOTHING if pss is None else show_bytes(pss),
        _milliseconds(figures.cpu_seconds_per_request),
    )


def _throughput(figures: Figures) -> str:
    estimate = figures.saturation.throughput if figures.saturation else None
    if estimate is None:
        return NOTHING
    half = estimate.relative_half_width
    return rate_text(estimate.mean) + ("" if half is None else f" ± {share_text(half)}")


def _relative(result: CompareResult, figures: Figures) -> tuple[str, str]:
    contender = figures.contender
    if not contender.comparable:
        return "failed", ""
    comparison = result.relative(contender.name)
    if comparison is None:
        return "1", ""
    interval = comparison.interval
    between = "" if interval is None else f" ({ratio_text(interval.low)} to {ratio_text(interval.high)})"
    verdict = _SHOWN[comparison.verdict] if comparison.finished and comparison.pairs >= FEWEST_PAIRS else ""
    return f"{three_digits(comparison.ratio)}{between}", verdict


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else three_digits(1000 * seconds)
