"""Shows the four experiments as a table of expected against measured, with a comment on the fourth."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.measure.experiments import ExperimentResult
from advisor.report.columns import wrap
from advisor.report.concurrency import waves_text

_GAP = "  "


def experiments_text(results: Sequence[ExperimentResult], *, width: int, ascii_only: bool = False) -> str:
    """The table and the comment, in at most ``width`` columns."""
    settings = results[0].result.settings
    assert settings is not None
    header = ("", "requests", "at once", "waves", "time", "")
    rows = [header, *(row for result in results for row in _rows(result))]
    sizes = [max(len(row[column]) for row in rows) for column in range(len(header))]
    table = [_GAP.join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in rows]
    lines = [
        f"Gunicorn {settings.gunicorn}, Python {settings.python}, the sample app, {results[0].result.path}",
        "",
        *table,
        "",
        *wrap(_comment(results), width=width, indent=0),
    ]
    text = "\n".join(lines)
    return text.replace("×", "x") if ascii_only else text


def _rows(each: ExperimentResult) -> list[tuple[str, ...]]:
    experiment, result = each.experiment, each.result
    expected = (
        experiment.name,
        str(experiment.requests),
        str(experiment.slots),
        waves_text(experiment.expected_waves),
        f"{each.expected_seconds:.1f} s",
        "expected",
    )
    verdict = "as expected" if each.held else "differs"
    measured = (
        "",
        "",
        str(result.served_at_once),
        waves_text(result.waves),
        f"{result.total_seconds:.1f} s",
        f"measured: {verdict}",
    )
    return [expected, measured]


def _comment(results: Sequence[ExperimentResult]) -> str:
    """What the experiment that need not hold showed, and what its cure did."""
    uneven = next(each for each in results if not each.experiment.must_hold)
    cured = next((each for each in results if each.experiment.first_release is not None), None)
    text = (
        "On 3 × 3: a gthread worker accepts connections although all its threads are busy (up to worker_connections, "
        "1000 by default), while another worker has idle threads; how the requests fall is luck. "
    )
    if uneven.held:
        text += "This time they fell evenly. "
    else:
        reason = uneven.result.reason or "the waves are not the expected ones"
        text += f"This time {reason}. "
    if cured is None:
        return text + uneven.result.cure
    outcome = (
        "each worker took only what it had threads for" if cured.held else f"it still differs: {cured.result.reason}"
    )
    return text + f"With worker_connections = 3 and keepalive = 0 (Gunicorn 25 and later, behind a proxy) {outcome}."
