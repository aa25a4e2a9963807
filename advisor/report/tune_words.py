"""What tune says in sentences: what it tries and why, who won, and why the others did not."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from advisor.measure.statistics.comparison import Comparison, Verdict
from advisor.measure.statistics.means import t_interval
from advisor.measure.statistics.percentiles import needed_samples
from advisor.measure.tune.confirm import Confirmation
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.plan import option_of
from advisor.measure.tune.result import PRESENT, RateResult, TuneResult
from advisor.measure.tune.runs import Phase
from advisor.measure.tune.search import TIE, Suggestion, Why
from advisor.measure.tune.tune import Announcement
from advisor.measure.tune.verdict import Decision, Lost, Outcome
from advisor.units import count, show_bytes, show_number

# Below ten, whole numbers are too coarse.
_SMALL = 10
# An interval takes so many starts.
_ENOUGH_STARTS = 3
# Three starts on a quiet machine differ by 1 to 3 %, which makes an interval of ± 2 to 8 %.
_NOISY = 0.15


def show_rate(per_second: float) -> str:
    """A throughput without its unit: ``520``, ``1,240``, ``3.4``."""
    return f"{per_second:,.0f}" if per_second >= _SMALL else show_number(per_second)


def announcement_text(one: Announcement) -> str:
    """The line of progress before a run: what is tried, and why."""
    name = one.contender.name
    match one.phase:
        case Phase.SEARCH:
            return f"search   {name}: {_why(one.suggestion, one.contender)}"
        case Phase.RATE:
            return f"rate     {name} at {show_rate(one.rate_per_second or 0.0)}/s"
        case Phase.CONFIRM if one.rate_per_second is not None:
            return f"confirm  {name} at {show_rate(one.rate_per_second)}/s, a fresh start"
        case Phase.CONFIRM:
            return f"confirm  {name}, round {one.round} of at most {one.rounds}"


def label(result: TuneResult, name: str) -> str:
    """A configuration's name, with the role that it has: ``5 sync (the rule)``, ``present: 4 × 8 gthread``."""
    if name == PRESENT:
        settings = next((run.settings for run in result.runs if run.name == name and run.settings), None)
        name = "present" if settings is None else f"present: {option_of(settings).name}"
    elif name == result.present:
        name = f"{name} (your present one)"
    return f"{name} (the rule)" if name == result.rule else name


def sentences(result: TuneResult) -> list[str]:
    """The outcome, one sentence each, the most important first."""
    decision, confirmation = result.decision, result.confirmation
    if decision is None or confirmation is None:
        return [_no_decision(result)]
    found = [_winner(result, decision, confirmation)]
    if result.present is not None and result.present != decision.winner.name:
        found += _present(result, decision, confirmation)
    found += [
        sentence
        for outcome in decision.others
        if outcome.contender.name != result.present
        for sentence in [_lost(result, outcome, decision, confirmation)]
    ]
    if len(confirmation.runs[decision.winner.name]) < _ENOUGH_STARTS and result.rate is None:
        found.append("Fewer than three fresh starts fitted into the budget, so no interval is known; give more time.")
    found += _few_samples(result, decision, confirmation)
    noise = _half_width(confirmation, decision.winner.name)
    if noise is not None and noise > _NOISY:
        found.append(
            f"Starts of the same configuration differ much (± {noise * 100:.0f} %), as when something else uses the "
            "machine: look what does, and repeat it."
        )
    return found


def _few_samples(result: TuneResult, decision: Decision, confirmation: Confirmation) -> Iterator[str]:
    """That the limit's percentile was judged from fewer requests than it takes, where it was."""
    if result.rate is None:
        return
    limit, run = result.rate.limit, confirmation.runs[decision.winner.name][0]
    samples, needed = 0 if run.latencies is None else run.latencies.samples, needed_samples(limit.percent)
    if samples < needed:
        yield (
            f"It was judged from {count(samples, 'request')}, while p{limit.percent:g} takes {needed:,} to be known: "
            "try a limit on a lower percentile, or hold that rate for longer with gcadvise bench --rate."
        )


def interval_text(comparison: Comparison) -> str:
    """``0.98 times as fast, 0.95 to 1.01 with 95 % confidence``; without the interval where there is none."""
    text = f"{comparison.ratio:.2f} times as fast"
    if comparison.interval is None or comparison.pairs < _ENOUGH_STARTS:
        return text
    return f"{text}, {comparison.interval.low:.2f} to {comparison.interval.high:.2f} with 95 % confidence"


def spread(confirmation: Confirmation, name: str) -> str:
    """``± 2.1 %`` from three fresh starts on; else nothing."""
    half = _half_width(confirmation, name)
    return "" if half is None else f"± {half * 100:.1f} %"


def _half_width(confirmation: Confirmation, name: str) -> float | None:
    """Half of the 95 % interval as a share of the mean; None below three starts."""
    values = confirmation.throughputs(name)
    if len(values) < _ENOUGH_STARTS:
        return None
    interval = t_interval(values)
    return (interval.high - interval.low) / 2 / statistics.fmean(values)


def _why(suggestion: Suggestion | None, contender: Contender) -> str:
    predicted = contender.predicted_per_second
    text = "not modelled" if predicted is None else f"predicted {show_rate(predicted)}/s"
    if suggestion is None:
        return text
    match suggestion.why:
        case Why.IMPROVEMENT if suggestion.up_to is not None and suggestion.up_to > 0:
            return f"{text}, could be up to {suggestion.up_to * 100:.0f} % better than the best so far"
        case _:
            return f"{text}; {suggestion.why.value}"


def _no_decision(result: TuneResult) -> str:
    if result.interrupted:
        return "Interrupted before it was confirmed, so nothing is recommended; with --save it can be resumed."
    rate = result.rate
    if rate is not None and rate.rate_per_second is None:
        return f"No rate that was tried held {rate.limit.text}; the limit may be below what one request takes."
    if rate is not None:
        least = show_rate(rate.rate_per_second or 0.0)
        return f"No configuration held {rate.limit.text} on a fresh start, even at {least}/s."
    if not result.finalists:
        return "Every configuration that was tried is disqualified, so nothing is recommended."
    return "Every configuration was disqualified when it was confirmed, so nothing is recommended."


def _winner(result: TuneResult, decision: Decision, confirmation: Confirmation) -> str:
    name = decision.winner.name
    starts = count(len(confirmation.runs[name]), "fresh start")
    mean = show_rate(confirmation.mean(name))
    known = confirmation.memory_bytes(name)
    memory = "" if known is None else f", in {show_bytes(known)}"
    if result.rate is not None:
        what = f"holds {result.rate.limit.text} at {show_rate(result.rate.rate_per_second or 0.0)} requests/s"
    else:
        margin = spread(confirmation, name)
        what = f"{mean} requests/s{' ' + margin if margin else ''}"
    text = f"{label(result, name)}: {what} ({starts}){memory}."
    if name == result.present:
        return f"{text} It is your present configuration: there is nothing to change."
    return text


def _present(result: TuneResult, decision: Decision, confirmation: Confirmation) -> Iterator[str]:
    outcome = None if result.present is None else decision.of(result.present)
    if outcome is None:
        return
    if result.winner_is_present:
        yield "Your present configuration has the same workers, class and threads: there is nothing to change."
        return
    if decision.as_good(outcome.contender.name):
        saving = _saving(decision, outcome, confirmation)
        yield f"Your present configuration is as good ({_basis(result.rate, outcome)}){saving}."
        return
    yield _lost(result, outcome, decision, confirmation)


def _lost(result: TuneResult, outcome: Outcome, decision: Decision, confirmation: Confirmation) -> str:
    name = label(result, outcome.contender.name)
    comparison = outcome.comparison
    match outcome.lost:
        case Lost.DISQUALIFIED:
            failed = confirmation.failed(outcome.contender.name)
            return f"{name} is disqualified: {failed.failure.text if failed and failed.failure else 'it failed'}."
        case Lost.MISSED:
            run = confirmation.runs[outcome.contender.name][0]
            late = "" if run.late_share is None else f": {run.late_share * 100:.1f} % of its requests were later"
            return f"{name} did not hold the limit at the same rate{late}."
        case Lost.SLOWER if comparison is not None:
            rounds = f"; dropped after {count(comparison.pairs, 'round')}" if outcome.dropped else ""
            return f"{name} is slower: {interval_text(comparison)}{rounds}."
        case Lost.BEHIND if comparison is not None:
            return (
                f"{name} was slower as measured ({interval_text(comparison)}), but "
                f"{count(comparison.pairs, 'round')} cannot tell that from chance; a larger --budget would."
            )
        case Lost.COSTS_MORE | Lost.SAME:
            return f"{name}: {_basis(result.rate, outcome)}{_saving(decision, outcome, confirmation)}."
        case _:
            return f"{name} was not measured often enough to be compared."


def _basis(rate: RateResult | None, outcome: Outcome) -> str:
    comparison = outcome.comparison
    if comparison is None:
        return "it holds the limit at the same rate" if rate is not None else "no difference shown"
    if comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN:
        return f"no difference shown: {interval_text(comparison)}"
    return f"{interval_text(comparison)}: within {TIE * 100:.0f} %"


def _saving(decision: Decision, outcome: Outcome, confirmation: Confirmation) -> str:
    """What the winner needs less of, as the end of a sentence; nothing where it needs no less."""
    if outcome.lost is not Lost.COSTS_MORE:
        return ""
    winner = decision.winner.name
    here, there = confirmation.memory_bytes(winner), confirmation.memory_bytes(outcome.contender.name)
    if here is not None and there is not None and there > here * (1 + TIE):
        return f"; {winner} needs {show_bytes(there - here)} less memory"
    return f"; {winner} has fewer threads"
