"""The charts of a bench in the terminal: the histogram of response times, and the answers second by second."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from advisor.measure.bench.summary import Summary
from advisor.measure.statistics.histogram import Bucket
from advisor.report.charts import ChartMarks, bar, series
from advisor.report.figures import scale_texts
from advisor.units import count

_MARKED = (50.0, 95.0, 99.0)
_WIDEST_BAR = 50
_NARROWEST_BAR = 10
# Up to so many seconds stand beside their line as numbers.
_MOST_NUMBERS = 10


def histogram_lines(summary: Summary, *, width: int, marks: ChartMarks) -> Iterator[str]:
    """One row a bucket: its bounds, a bar, how many requests, and the percentiles that lie in it."""
    buckets = summary.histogram
    if not buckets:
        return
    marked = scale_texts([buckets[0].low_seconds, *(bucket.high_seconds for bucket in buckets)])
    bounds = list(itertools.pairwise(marked))
    low_width, high_width = (max(len(pair[side]) for pair in bounds) for side in (0, 1))
    number_width = max(len(f"{bucket.samples:,}") for bucket in buckets)
    notes = [_marks_in(summary, bucket, last=bucket is buckets[-1]) for bucket in buckets]
    used = 2 + low_width + 4 + high_width + 2 + number_width + 2 + max(len(note) for note in notes) + 2
    size = min(max(width - used, _NARROWEST_BAR), _WIDEST_BAR)
    most = max(bucket.samples for bucket in buckets)
    yield f"Response times of {count(summary.samples, 'request')}"
    for bucket, (low, high), note in zip(buckets, bounds, notes, strict=True):
        drawn = bar(bucket.samples, most, size, marks).ljust(size)
        row = (
            f"  {low.rjust(low_width)} to {high.rjust(high_width)}  {bucket.samples:>{number_width},}  {drawn}  {note}"
        )
        yield row.rstrip()


def _marks_in(summary: Summary, bucket: Bucket, *, last: bool) -> str:
    """The percentiles that lie in a bucket."""
    found = []
    for each in summary.response.percentiles:
        at = each.latency_seconds
        if each.percent in _MARKED and at is not None:
            inside = bucket.low_seconds <= at < bucket.high_seconds or (last and at == bucket.high_seconds)
            if inside:
                found.append(each.name)
    return " ".join(found)


def series_lines(summary: Summary, *, width: int, marks: ChartMarks, name: str) -> Iterator[str]:
    """One row a trial: the answers in each second, drawn from 0 on, and as numbers where they are few."""
    shown = [each for each in summary.series if each]
    if not shown:
        return
    most = max(max(each) for each in shown)
    yield f"Answers in each second, from 0 to {most:,}"
    label = len(f"{name} {len(summary.series)}")
    for number, each in enumerate(summary.series, 1):
        if not each:
            continue
        numbers = " ".join(f"{value:>{len(f'{most:,}')},}" for value in each)
        room = width - 2 - label - 2 - 2
        if len(each) > _MOST_NUMBERS or len(numbers) + _NARROWEST_BAR > room:
            numbers = f"{min(each):,} to {max(each):,}"
        room -= len(numbers)
        yield f"  {f'{name} {number}'.ljust(label)}  {series(each, most, max(room, _NARROWEST_BAR), marks)}  {numbers}"
