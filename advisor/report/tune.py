"""A tuning as terminal text: what was tried, what was confirmed, and what follows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from advisor.measure.tune.confirm import Confirmation
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.result import SearchEnd, Subject, TuneResult
from advisor.measure.tune.runs import Phase, Run, disqualified
from advisor.measure.tune.search import undisturbed
from advisor.report.columns import columns, wrap
from advisor.report.tune_words import label, sentences, show_rate, spread
from advisor.units import count, show_bytes, show_cpus, show_duration

_ENDS = {
    SearchEnd.NOTHING_LEFT: "ended since no other was expected to gain 0.5 %",
    SearchEnd.TIME: "ended to leave the rest of the time for confirming",
    SearchEnd.MOST: "ended after as many as it may try",
    SearchEnd.INTERRUPTED: "interrupted",
}

# The columns that a narrow terminal does not get, the first to go first.
_SPARED = ("off by", "p50", "95 %", "predicted/s", "p99", "starts")


def tune_text(result: TuneResult, subject: Subject, *, width: int, next_steps: Sequence[tuple[str, str]] = ()) -> str:
    """The whole result as text of at most ``width`` columns; a command of ``next_steps`` is never wrapped."""
    lines = [*_header(result, subject, width), "", *_tried(result, width)]
    if result.rate is not None:
        lines += ["", *_steps(result, width)]
    if result.confirmation is not None:
        lines += ["", *_confirmed(result, result.confirmation, width)]
    lines += ["", "Result", *(line for text in sentences(result) for line in wrap(text, width=width, indent=2))]
    if result.notes:
        lines += [
            "",
            "Notes",
            *(line for note in result.notes for line in wrap(note, width=width, indent=4, first="- ")),
        ]
    if next_steps:
        lines += ["", "Next", *(line for what, command in next_steps for line in (f"  - {what}:", f"      {command}"))]
    return "\n".join(lines) + "\n"


def _header(result: TuneResult, subject: Subject, width: int) -> list[str]:
    connections = "kept-alive connections" if subject.kept_alive else "a new connection each"
    objective = "most requests/s" if subject.slo is None else f"the highest rate that holds {subject.slo}"
    memory = "unknown" if subject.memory_bytes is None else f"at most {show_bytes(subject.memory_bytes)}"
    times = f"{result.search_seconds:.0f} s searching, {result.confirm_seconds:.0f} s confirming"
    rows = [
        ("app", f"{subject.app}: {', '.join(subject.requests)}"),
        ("load", f"{count(subject.clients, 'client')}, {connections}"),
        ("host", f"{show_cpus(subject.cpus)}, Gunicorn {subject.gunicorn}, memory {memory}"),
        ("sought", objective),
        ("time", f"{times}, of {result.budget_seconds:.0f} s"),
    ]
    return columns(rows, width=width, indent=0)


def _tried(result: TuneResult, width: int) -> list[str]:
    search = [run for run in result.runs if run.phase is Phase.SEARCH]
    names = list(dict.fromkeys(run.name for run in search))
    title = f"Tried {len(names)} of {count(len(result.forecasts), 'configuration')}; {_ENDS[result.search_end]}"
    rows = [("", "predicted/s", "measured/s", "off by", "memory")]
    reasons = disqualified(search)
    notes: list[str] = []
    for name in names:
        runs = [run for run in search if run.name == name]
        predicted = runs[0].predicted_per_second
        memory = max((run.memory_bytes for run in runs if run.memory_bytes is not None), default=None)
        values = [run.throughput_per_second for run in runs if run.failure is None]
        measured = statistics.fmean(undisturbed(values)) if values else None
        failed = reasons.get(name)
        if failed is not None:
            notes.append(f"{name} is disqualified: {failed.text}")
        rows.append(
            (
                label(result, name),
                "not modelled" if predicted is None else show_rate(predicted),
                "disqualified" if failed is not None else show_rate(measured or 0.0),
                _off(predicted, measured if failed is None else None),
                "unknown" if memory is None else show_bytes(memory),
            )
        )
    return [
        *wrap(title, width=width, indent=0),
        *table(rows, width=width),
        *(line for note in notes for line in wrap(note, width=width, indent=2)),
    ]


def _steps(result: TuneResult, width: int) -> list[str]:
    steps = [run for run in result.runs if run.phase is Phase.RATE]
    limit = result.rate.limit if result.rate is not None else None
    rows = [("", "offered/s", "later", limit.text if limit else "")]
    for run in steps:
        late = "unknown" if run.late_share is None else f"{run.late_share * 100:.2f} %"
        rows.append((run.name, show_rate(run.rate_per_second or 0.0), late, _held(result, run)))
    return ["Towards the highest rate", *table(rows, width=width)]


def _held(result: TuneResult, run: Run) -> str:
    from advisor.measure.tune.slo import holds

    return "held" if result.rate is not None and holds(run, result.rate.limit) else "missed"


def _confirmed(result: TuneResult, confirmation: Confirmation, width: int) -> list[str]:
    rated = result.rate is not None
    head = (
        "",
        "predicted/s",
        "offered/s" if rated else "measured/s",
        "95 %",
        "off by",
        "p50",
        "p99",
        "memory",
        "starts",
    )
    rows: list[tuple[str, ...]] = [head]
    for one in confirmation.finalists:
        runs = confirmation.runs[one.name]
        mean = confirmation.mean(one.name)
        memory = confirmation.memory_bytes(one.name)
        rows.append(
            (
                label(result, one.name),
                _predicted(result, one),
                show_rate(runs[0].rate_per_second or 0.0) if rated and runs else show_rate(mean) if mean else "–",
                "" if rated else spread(confirmation, one.name) or "–",
                _off(one.predicted_per_second, mean or None) if not rated else "",
                _latency([run.latencies.p50_seconds for run in runs if run.latencies]),
                _latency([run.latencies.p99_seconds for run in runs if run.latencies]),
                "unknown" if memory is None else show_bytes(memory),
                str(len(runs)),
            )
        )
    if rated:
        rows = [(*row[:3], *row[5:]) for row in rows]
    if all(row[-3] in ("p99", "–") for row in rows):
        rows = [(*row[:-3], *row[-2:]) for row in rows]
    title = "Confirmed on fresh starts, in turns"
    if not rated and "p50" in rows[0]:
        title += "; response times are those at saturation"
    return [*wrap(title, width=width, indent=0), *table(rows, width=width)]


def table(rows: Sequence[Sequence[str]], *, width: int) -> list[str]:
    """Lines for rows of cells, the first row their heads: the first column to the left, the others to the right.

    Where they do not fit the width, columns are left out that can be spared; the JSON has them all.
    """
    for head in _SPARED:
        if sum(max(len(row[index]) for row in rows) + 2 for index in range(len(rows[0]))) <= width:
            break
        rows = [[cell for cell, of in zip(row, rows[0], strict=True) if of != head] for row in rows]
    sizes = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.rjust(size) if index else cell.ljust(size)
            for index, (cell, size) in enumerate(zip(row, sizes, strict=True))
        ).rstrip()
        for row in rows
    ]


def _predicted(result: TuneResult, one: Contender) -> str:
    """What was predicted of what is sought: the throughput, or the rate that holds the limit."""
    forecast = result.forecast(one.name)
    if one.predicted_per_second is None:
        return "–"
    if result.rate is None or forecast is None:
        return show_rate(one.predicted_per_second)
    return show_rate(forecast.target_per_second)


def _off(predicted: float | None, measured: float | None) -> str:
    """How far the prediction was from what was measured."""
    if predicted is None or not measured:
        return "–"
    return f"{(predicted / measured - 1) * 100:+.0f} %".replace("-", "−")


def _latency(values: Sequence[float | None]) -> str:
    """The median over the starts; a percentile of few samples is unknown."""
    known = [value for value in values if value is not None]
    return show_duration(round(statistics.median(known), 4)) if known else "–"
