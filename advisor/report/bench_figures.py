"""The figures of a bench as rows of words, and the table of its response times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.measure.bench.beside import beside
from advisor.measure.bench.binding import Bound
from advisor.measure.bench.doubts import failure_text, rate_below
from advisor.measure.bench.result import BenchResult
from advisor.measure.bench.server_use import ServerUse
from advisor.measure.bench.summary import Summary, Times
from advisor.measure.statistics.estimate import Basis, Estimate
from advisor.measure.statistics.percentiles import needed_samples
from advisor.report.figures import rate_text, share_text, three_digits, time_text
from advisor.report.predicted import predicted_text
from advisor.units import count, show_bytes, show_cpus

# The labels of the table are as wide as those of the other figures.
_LABEL = 12


def interval_text(estimate: Estimate, *, restarted: bool) -> str:
    """The interval with what it covers: ``± 3.1 % (496 to 528; 95 %, between 3 restarts)``."""
    half = estimate.relative_half_width
    if estimate.mean == 0:
        return ""  # nothing was answered
    if estimate.interval is None or half is None:
        return f"({estimate.basis.value})"
    low, high = max(estimate.interval.low, 0.0), estimate.interval.high
    if estimate.basis is Basis.RESTARTS:
        covers = f"between {count(estimate.values, 'restart' if restarted else 'run')}"
    else:
        covers = f"{estimate.basis.value}, over {count(estimate.values, 'window')}"
    return f"± {share_text(half)} ({rate_text(low)} to {rate_text(high)}; 95 %, {covers})"


def figure_rows(result: BenchResult, summary: Summary) -> Iterator[tuple[str, str]]:
    """The figures beside the response times: what each is, and its value in words."""
    if summary.throughput is not None:
        interval = interval_text(summary.throughput, restarted=result.bench.restarted)
        yield "Throughput", f"{rate_text(summary.throughput.mean)} requests/s {interval}".rstrip()
    if summary.backlog_per_second is not None:
        offered, achieved = rate_text(summary.offered_per_second), rate_text(summary.achieved_per_second)
        yield "Offered", f"{offered} requests/s came due, {achieved} were answered"
    predicted = beside(result.bench.trials, summary)
    if predicted is not None:
        yield "Predicted", predicted_text(predicted)
    yield "Errors", _errors_text(summary)
    if summary.use is not None:
        yield from _use_rows(result, summary, summary.use)
    yield "Generator", _generator_text(summary)
    if result.binding is not None:
        yield "Bound by", f"{result.binding.bound.value}: {result.binding.why}"
    if summary.overloaded and summary.backlog_per_second is not None:
        grew = f"overloaded: the backlog grew by {rate_text(summary.backlog_per_second)} requests/s"
        yield "Response", f"{grew}, so response times depend on how long one measures, and are not shown"


def _errors_text(summary: Summary) -> str:
    if not summary.failed:
        return f"none of {count(summary.samples, 'request')}"
    share = share_text(summary.failed / summary.samples)
    kinds = ", ".join(f"{failure_text(kind)}: {number:,}" for kind, number in summary.errors.items())
    failed = {status: number for status, number in summary.statuses.items() if status >= 400}
    statuses = f" (status {', '.join(f'{status}: {number:,}' for status, number in failed.items())})" if failed else ""
    return f"{summary.failed:,} of {count(summary.samples, 'request')}, {share}; {kinds}{statuses}"


def _use_rows(result: BenchResult, summary: Summary, use: ServerUse) -> Iterator[tuple[str, str]]:
    of = "CPUs" if result.cpus is None else f"of {show_cpus(result.cpus)}"
    each = "" if use.cpu_seconds_per_request is None else f", {time_text(use.cpu_seconds_per_request)} a request"
    throttled = summary.throttled_seconds.value
    held = f"; the quota held it back for {time_text(throttled)}" if throttled else ""
    yield "CPU", f"{three_digits(use.cpus)} {of}{each}{held}"
    yield "Memory", _memory_text(use)
    if summary.exited_workers:
        ended = count(summary.exited_workers, "worker")
        yield "Workers", f"{ended} ended and were replaced, so shares of the requests are not compared"
    elif shares := _worker_shares(summary):
        yield "Workers", shares
    if use.requests:
        voluntary, involuntary = use.switches
        each = f"{three_digits(voluntary / use.requests)} voluntary, {three_digits(involuntary / use.requests)}"
        yield "Switches", f"{each} involuntary context switches a request"


def _memory_text(use: ServerUse) -> str:
    parts = []
    if use.pss_bytes.value is not None:
        parts.append(f"{show_bytes(use.pss_bytes.value)} in all (PSS)")
    if use.uss_bytes.value is not None:
        parts.append(f"{show_bytes(use.uss_bytes.value)} not shared (USS)")
    if use.rss_bytes is not None:
        parts.append(f"RSS {show_bytes(use.rss_bytes)}")
    if use.pss_bytes.value is None:
        parts.append(f"PSS unknown, because {use.pss_bytes.source}")
    return ", ".join(parts)


def _worker_shares(summary: Summary) -> str:
    """Which share of the requests each worker had, from the least of any trial to the most."""
    known = [each for each in summary.requests_per_worker if each and sum(each)]
    if not known:
        return ""
    if all(len(each) == 1 for each in known):
        return "one, which had all requests"
    busiest = [each[0] / sum(each) for each in known]
    least = [each[-1] / sum(each) for each in known]
    equal = _span([1 / len(known[0])])
    return f"the busiest had {_span(busiest)} of the requests, the idlest {_span(least)} (equal: {equal})"


def _span(shares: Sequence[float]) -> str:
    low, high = f"{min(shares) * 100:.0f}", f"{max(shares) * 100:.0f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def _generator_text(summary: Summary) -> str:
    late = summary.lateness_p99_seconds
    lateness = "" if late is None or summary.backlog_per_second is None else f"; 99 % sent within {time_text(late)}"
    return f"{share_text(summary.generator_cpu_share)} of one CPU{lateness}"


def times_table(result: BenchResult, summary: Summary, *, width: int) -> Iterator[str]:
    """Percentiles in columns, or in rows where that is too wide.

    Those that the samples do not suffice for are left out, or marked and explained.
    """
    if summary.overloaded or not summary.samples:
        return
    rows: list[tuple[str, Times]] = [("Response", summary.response)]
    if summary.backlog_per_second is not None:
        rows.append(("Service", summary.service))
    shown = [each for each in summary.response.percentiles if each.latency_seconds is not None or each.percent == 99]
    names = ["mean", *(each.name for each in shown), "max"]
    table = [
        [
            _cell(times.mean_seconds),
            *(_cell(times.at(each.percent)) for each in shown),
            _cell(times.max_seconds),
        ]
        for _, times in rows
    ]
    labels = [name for name, _ in rows]
    yield ""
    lines = _laid_out(names, labels, table)
    if len(lines[0]) > width:
        lines = _laid_out(labels, names, list(zip(*table, strict=True)))
    yield from lines
    if summary.response.at(99) is None:
        yield f"  p99 needs {count(needed_samples(99), 'sample')}, and there are {summary.samples:,}"
    saturated = result.binding is not None and result.binding.bound is not Bound.CLIENTS
    if saturated and summary.achieved_per_second > 0:
        yield f"  of clients that never pause; below saturation: --rate {rate_below(summary.achieved_per_second):g}"


def _laid_out(titles: Sequence[str], labels: Sequence[str], table: Sequence[Sequence[str]]) -> list[str]:
    """A table with its titles above and its labels at the left."""
    widths = [max(map(len, column)) for column in zip(titles, *table, strict=True)]
    return [
        f"  {label.ljust(_LABEL)}" + "  ".join(cell.rjust(size) for cell, size in zip(row, widths, strict=True))
        for label, row in zip(["", *labels], [titles, *table], strict=True)
    ]


def _cell(seconds: float | None) -> str:
    return "–" if seconds is None else time_text(seconds)
