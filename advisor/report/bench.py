"""A measured configuration as terminal text: what was measured, the figures, charts, thresholds, doubts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.load.spec import Arrivals, ClosedLoop, Connections, LoadRequest
from advisor.measure.bench.doubt import Doubt, Severity
from advisor.measure.bench.result import BenchResult
from advisor.measure.bench.trial import RunningTarget, TrialPlan
from advisor.measure.statistics.thresholds import Outcome
from advisor.report.bench_charts import histogram_lines, series_lines
from advisor.report.bench_figures import figure_rows, times_table
from advisor.report.charts import BLOCKS, ChartMarks
from advisor.report.columns import columns, wrap
from advisor.report.concurrency import configuration_text
from advisor.report.figures import rate_text, share_text
from advisor.units import count, sentence, show_number

_ASCII = str.maketrans({"×": "x", "–": "-", "±": "+/-", "÷": "/", "−": "-"})
_ARRIVALS = {Arrivals.POISSON: "Poisson", Arrivals.CONSTANT: "constant"}
_OUTCOMES = {Outcome.KEPT: "kept", Outcome.MISSED: "MISSED", Outcome.UNKNOWN: "UNKNOWN"}
# A path with a long query is recognised by its beginning.
_LONGEST_REQUEST = 60
# More kinds of requests than this are counted, not named.
_MOST_NAMED = 3


def bench_text(result: BenchResult, *, width: int, marks: ChartMarks = BLOCKS) -> str:
    """All that was measured, in at most ``width`` columns."""
    lines = [*_header(result, width)]
    summary = result.summary
    if summary is None:
        lines += ["", "Nothing was measured."]
    else:
        lines += ["", *columns(list(figure_rows(result, summary)), width=width)]
        lines += times_table(result, summary, width=width)
        bars = [] if summary.overloaded else list(histogram_lines(summary, width=width, marks=marks))
        for chart in (bars, list(series_lines(summary, width=width, marks=marks, name=_trial_name(result)))):
            lines += ["", *chart] if chart else []
    if result.judgements:
        lines += ["", "Thresholds", *_thresholds(result, width)]
    if summary is not None:
        lines += ["", *_validity(result, width)]
    text = "\n".join(lines)
    return text.translate(_ASCII) if marks.ascii_only else text


def load_text(plan: TrialPlan) -> str:
    """The load in words: ``64 clients, a new connection for each request, GET /``."""
    if isinstance(plan.loop, ClosedLoop):
        load = count(plan.loop.clients, "client")
    else:
        load = f"{rate_text(plan.loop.rate_per_second)} requests/s ({_ARRIVALS[plan.loop.arrivals]} arrivals)"
    kept = plan.connections is Connections.KEPT_ALIVE
    connections = "kept-alive connections" if kept else "a new connection for each request"
    return f"{load}, {connections}, {_requests_text(plan.requests)}"


def _requests_text(requests: Sequence[LoadRequest]) -> str:
    if len(requests) > _MOST_NAMED:
        return f"{len(requests)} kinds of requests"
    total = sum(request.weight for request in requests)
    return ", ".join(
        _shortened(f"{request.method} {request.path}")
        + (f" ({share_text(request.weight / total)})" if len(requests) > 1 else "")
        for request in requests
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REQUEST else text[: _LONGEST_REQUEST - 3] + "..."


def _header(result: BenchResult, width: int) -> Iterator[str]:
    bench = result.bench
    server = bench.candidate.server
    settings = bench.trials[0].settings if bench.trials else None
    if isinstance(server, RunningTarget):
        yield from wrap(f"{server.url}, a server that already runs", width=width, indent=0)
    elif settings is None:
        yield from wrap(bench.candidate.name, width=width, indent=0)
    else:
        extra = ""
        if settings.worker_class != "sync":
            extra = f", worker_connections {settings.worker_connections}, keepalive {settings.keepalive}"
        running = f"Gunicorn {settings.gunicorn}: {configuration_text(settings)}{extra}"
        configuration = f", configuration {settings.config_file}" if settings.config_file else ""
        yield from wrap(running, width=width, indent=0)
        yield from wrap(f"App {settings.app}{configuration}, Python {settings.python}", width=width, indent=0)
    yield from wrap(load_text(bench.plan), width=width, indent=0)
    yield from wrap(_measured_text(result), width=width, indent=0)


def _measured_text(result: BenchResult) -> str:
    bench = result.bench
    plan, done = bench.plan, len(bench.trials)
    noun = "start" if bench.restarted else "run"
    each, warm_up = f"{show_number(plan.seconds)} s", f"{show_number(plan.warm_up_seconds)} s of warm-up"
    text = f"{count(bench.restarts, noun)} of {each}, each after {warm_up} or more"
    if bench.partial:
        why = "interrupted: " if bench.interrupted else ""
        text += f"; {why}only {done} of {count(bench.restarts, noun)} {'is' if done == 1 else 'are'} measured"
    return text


def _trial_name(result: BenchResult) -> str:
    return "start" if result.bench.restarted else "run"


def _thresholds(result: BenchResult, width: int) -> list[str]:
    return columns(
        [
            (
                judgement.threshold.text,
                _OUTCOMES[judgement.outcome],
                f"because {judgement.why}" if judgement.observed is None else judgement.shown,
            )
            for judgement in result.judgements
        ],
        width=width,
    )


def _validity(result: BenchResult, width: int) -> Iterator[str]:
    invalid = [doubt for doubt in result.doubts if doubt.severity is Severity.INVALID]
    notes = [doubt for doubt in result.doubts if doubt.severity is Severity.NOTE]
    if invalid:
        yield "NOT VALID"
        yield from _doubts(invalid, width)
    else:
        yield "Valid: nothing was seen that speaks against these figures" + (", but note:" if notes else ".")
    if notes:
        if invalid:
            yield "Note"
        yield from _doubts(notes, width)


def _doubts(doubts: Sequence[Doubt], width: int) -> Iterator[str]:
    for doubt in doubts:
        yield from wrap(sentence(doubt.what), width=width, indent=4, first="- ")
        yield from wrap(f"Next: {doubt.next_step}", width=width, indent=4)
