"""What a comparison shows, in sentences that can be sent on, and what must be known beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from advisor.measure.bench.compare_result import CompareResult, Pairing, Phase
from advisor.measure.bench.compare_time import LATENCY_LOAD
from advisor.measure.bench.doubt import Severity
from advisor.measure.statistics.comparison import FEWEST_PAIRS, Comparison, Verdict
from advisor.measure.statistics.percentiles import needed_samples
from advisor.report.compare_figures import Figures, shared_doubts
from advisor.report.figures import rate_text, ratio_text, three_digits
from advisor.units import count, show_bytes

# PSS differs by a few per cent from start to start (what an app loads late, which pages are shared by then).
MEMORY_MATTERS = 0.05
# An interval that reaches beyond a tenth leaves open what people would call a difference.
_WIDE = 1.1
# From here on people say twice as much, and not 100 % more.
_A_FACTOR = 2.0
# Intervals that are wrong once in twenty: from so many on it is worth saying.
_MANY_PAIRINGS = 3


def verdict_text(result: CompareResult, shown: Mapping[str, Figures]) -> str:
    """Which configuration serves more, by how much, and how sure that is; or that no difference is shown."""
    top = result.top
    if top is None:
        sound = result.comparable
        only = f"only {quoted(sound[0].name)} could be measured" if sound else "no configuration could be measured"
        return f"Nothing is compared: {only}."
    if top.comparison.pairs < FEWEST_PAIRS:
        made = count(top.comparison.pairs, "round")
        return (
            f"Too few rounds for a verdict: {made} of the {FEWEST_PAIRS} that it takes at least; so far "
            f"{_times(top.comparison)} as many requests/s with {quoted(top.second)} as with {quoted(top.first)}."
        )
    undecided = top.comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN
    text = " ".join(_undecided(result, top, shown)) if undecided else _decided(result, top, shown)
    sure = shown[top.first].valid and shown[top.second].valid
    return text if sure else f"Not to be relied on, since figures are marked as invalid: {text}"


def notes(result: CompareResult, shown: Mapping[str, Figures]) -> list[str]:
    """What a reader of the table must know: failures, rounds that were not made, samples that did not suffice."""
    return [f"{note}." for note in _notes(result, shown)]


def doubt_texts(shown: Mapping[str, Figures]) -> list[str]:
    """What speaks against the figures, one sentence for each kind of doubt, with the next step."""
    texts = []
    for one in shared_doubts(shown):
        names = ", ".join(map(quoted, one.names)) if len(one.names) < len(shown) else "all"
        beside = ["response times"] if one.phase is Phase.LATENCY else []
        beside += [f"most with {quoted(one.name)}"] if len(one.names) > 1 else []
        head = f"INVALID for {names}" if one.worst.severity is Severity.INVALID else names
        head += f" ({', '.join(beside)})" if beside else ""
        texts.append(f"{head}: {one.worst.what}. Next: {one.worst.next_step}.")
    return texts


def latency_text(result: CompareResult, shown: Mapping[str, Figures]) -> str:
    """What the response times in the table are of."""
    plan = result.latency_plan
    if plan is None or not any(one.latency for one in shown.values()):
        return ""
    rate = getattr(plan.loop, "rate_per_second", 0.0)
    samples = [one.latency.samples for one in shown.values() if one.latency is not None]
    fewest, most = min(samples), max(samples)
    number = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return (
        f"p50 to p99 are response times at {rate_text(rate)} requests/s for each, {100 * LATENCY_LOAD:.0f} % of the "
        f"least capacity, from {number} samples"
    )


def quoted(name: str) -> str:
    """The name, in quotes where it is more than one word."""
    return f"'{name}'" if " " in name else name


def interval_text(comparison: Comparison) -> str:
    """The interval and what it comes from: ``95 % interval 1.61 to 1.83, 3 starts each``."""
    starts = f"{count(comparison.pairs, 'start')} each"
    if comparison.interval is None:
        return starts
    low, high = comparison.interval
    return f"95 % interval {ratio_text(low)} to {ratio_text(high)}, {starts}"


def _times(comparison: Comparison) -> str:
    return f"{three_digits(comparison.ratio)} times"


def _decided(result: CompareResult, top: Pairing, shown: Mapping[str, Figures]) -> str:
    best, other = quoted(top.second), quoted(top.first)
    text = f"{best} serves {_times(top.comparison)} as many requests/s as {other} ({interval_text(top.comparison)})"
    memory = _memory(top, shown)
    if memory:
        text += f", and {memory}"
    beside = _beside_baseline(result, top)
    return f"{text}; {beside}." if beside else f"{text}."


def _undecided(result: CompareResult, top: Pairing, shown: Mapping[str, Figures]) -> Iterator[str]:
    best, other = quoted(top.second), quoted(top.first)
    of = " the two fastest," if len(result.comparable) > 2 else ""
    comparison = top.comparison
    yield (
        f"No difference shown between{of} {best} and {other}: {_times(comparison)} as many requests/s with the former "
        f"({interval_text(comparison)})."
    )
    if comparison.interval is not None:
        open_ratio = max(comparison.interval.high, 1 / comparison.interval.low)
        if open_ratio > _WIDE:
            more = f"of up to {100 * (open_ratio - 1):.0f} %"
            far = more if open_ratio < _A_FACTOR else f"by a factor of {ratio_text(open_ratio)}"
            yield f"That leaves a difference {far} open; more --restarts or --seconds narrow it."
    yield _cheaper(top, shown)
    beside = _beside_baseline(result, top)
    if beside:
        yield f"{beside[:1].upper()}{beside[1:]}."


def _cheaper(top: Pairing, shown: Mapping[str, Figures]) -> str:
    first, second = shown[top.first].pss_bytes, shown[top.second].pss_bytes
    if first is None or second is None:
        return "Which of them needs less memory is not known."
    if abs(first - second) <= MEMORY_MATTERS * max(first, second):
        return f"Both need about the same memory: {show_bytes(first)} and {show_bytes(second)} (PSS)."
    cheap, dear = (top.first, top.second) if first < second else (top.second, top.first)
    less, more = sorted((first, second))
    return f"{quoted(cheap)} needs less memory: {show_bytes(less)} against {show_bytes(more)} of {quoted(dear)} (PSS)."


def _memory(top: Pairing, shown: Mapping[str, Figures]) -> str:
    first, second = shown[top.first].pss_bytes, shown[top.second].pss_bytes
    if first is None or second is None:
        return ""
    if abs(first - second) <= MEMORY_MATTERS * max(first, second):
        return f"needs about the same memory ({show_bytes(second)} PSS against {show_bytes(first)})"
    than = "less" if second < first else "more"
    return f"needs {than} memory ({show_bytes(second)} PSS against {show_bytes(first)})"


def _beside_baseline(result: CompareResult, top: Pairing) -> str:
    """The best beside the first one given, where that is neither of the two at the top."""
    baseline = result.baseline
    if baseline is None or baseline.name in (top.first, top.second):
        return ""
    comparison = result.relative(top.second)
    if comparison is None:
        return ""
    if comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN:
        return f"no difference shown between {quoted(top.second)} and {quoted(baseline.name)}"
    return f"beside {quoted(baseline.name)} {quoted(top.second)} serves {_times(comparison)} as many"


def _notes(result: CompareResult, shown: Mapping[str, Figures]) -> Iterator[str]:
    for one in result.contenders:
        if one.failure is not None:
            when = " at the open loop" if one.comparable else ""
            yield f"{quoted(one.name)} failed{when}: {one.failure.what}"
    baseline = result.baseline
    if baseline is not None and baseline.name != result.contenders[0].name:
        first = quoted(result.contenders[0].name)
        yield f"{first} cannot be compared, so all are compared with {quoted(baseline.name)}"
    for one_name, same_name in result.identical:
        yield (
            f"{quoted(one_name)} and {quoted(same_name)} start the very same server: what differs between them is "
            "chance, and shows how much of it there is"
        )
    rounds, planned = result.rounds, result.planned_rounds
    if result.interrupted:
        if result.latency_plan is None:
            yield f"Interrupted after {rounds} of {count(planned, 'round')}"
        else:
            yield "Interrupted while response times were measured"
    elif result.finished and 0 < rounds < planned:
        yield f"{rounds} of {planned} rounds were enough: every interval was clear of 1, or narrower than ± 3 %"
    if len(result.all_pairings) >= _MANY_PAIRINGS:
        yield "Each interval is a 95 % interval for itself: of twenty comparisons of equals about one looks different"
    yield from _latency_notes(result, shown)


def _latency_notes(result: CompareResult, shown: Mapping[str, Figures]) -> Iterator[str]:
    if result.finished and result.latency_why_not:
        yield f"Response times were not measured: {result.latency_why_not}"
    for name, one in shown.items():
        if one.latency is not None and one.latency.overloaded:
            yield f"{quoted(name)} did not keep up with the rate: its response times grew with the run"
    few = {
        name: one.latency.samples
        for name, one in shown.items()
        if one.latency is not None and not one.latency.overloaded and one.latency.response.at(99.0) is None
    }
    if few:
        names = ", ".join(map(quoted, few))
        yield (
            f"p99 needs {needed_samples(99):,} samples, and there were {min(few.values()):,} with {names}: at so low a "
            "rate that takes longer --seconds"
        )
