"""Doubts about how steady the server was: within a run, from its first half to its second, and from start to start."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from advisor.load.spec import OpenLoop
from advisor.measure.bench.doubt import Code, Doubt, Severity, percent, rate
from advisor.measure.bench.summary import Summary, per_second
from advisor.measure.bench.trial import Trial
from advisor.measure.statistics.estimate import Basis
from advisor.measure.statistics.means import mean
from advisor.measure.statistics.steady_state import BATCH_WINDOWS, FEWEST_BATCHES, WINDOW_SECONDS
from advisor.measure.statistics.validity import DRIFT_LIMIT, VARIATION_LIMIT, drift, window_variation
from advisor.units import count, show_duration

# An interval wider than this cannot tell apart what differs by a tenth.
SPREAD_LIMIT = 0.1
# More than half of the starts were not steady: then it is the app, not chance (11 % of steady runs look unsteady).
UNSTEADY_LIMIT = 0.5
# Two for a spread, and one more for it to mean something.
_FEWEST_SECONDS_FOR_VARIATION = 3
# Where clients go in step, as they do at the beginning, answers come in waves one service time apart; several such
# waves must fall into each window of a second before their number says something.
_LONGEST_SERVICE_FOR_VARIATION = 0.25
# What a warm-up must last together with the rest for a steady state to be told at all.
_FEWEST_SECONDS_FOR_STEADY = FEWEST_BATCHES * BATCH_WINDOWS * WINDOW_SECONDS


def unsteadiness(trials: Sequence[Trial], summary: Summary) -> Iterator[Doubt]:
    """The doubts of one configuration's trials."""
    yield from _unsteady(trials)
    # What an open loop answers is what it is sent, as long as it is not overloaded: that says nothing of the server.
    if not isinstance(trials[0].plan.loop, OpenLoop):
        yield from _drift(trials)
        yield from _variation(trials, summary)
        yield from _spread(trials, summary)


def _unsteady(trials: Sequence[Trial]) -> Iterator[Doubt]:
    unsteady = [trial for trial in trials if not trial.steady and not trial.interrupted]
    if not unsteady:
        return
    longest = max(trial.warm_up_seconds + trial.seconds for trial in unsteady)
    if longest < _FEWEST_SECONDS_FOR_STEADY:
        yield Doubt(
            code=Code.UNSTEADY,
            severity=Severity.NOTE,
            what=f"{show_duration(longest)} with the warm-up are too short to tell whether the server was at a steady"
            f" state (at least {show_duration(_FEWEST_SECONDS_FOR_STEADY)})",
            observed=longest,
            limit=_FEWEST_SECONDS_FOR_STEADY,
            next_step="measure for longer with --seconds",
        )
        return
    share = len(unsteady) / len(trials)
    again = ", even after as long again" if any(trial.lengthened for trial in unsteady) else ""
    yield Doubt(
        code=Code.UNSTEADY,
        severity=Severity.INVALID if share > UNSTEADY_LIMIT else Severity.NOTE,
        what=f"no steady state was found in {len(unsteady)} of {count(len(trials), 'run')}{again}",
        observed=share,
        limit=UNSTEADY_LIMIT,
        next_step="warm up for longer with --warm-up, and see whether the app slows down as it runs",
    )


def _drift(trials: Sequence[Trial]) -> Iterator[Doubt]:
    """What changes in all trials alike: chance in one of them is in the interval between them."""
    whole = [trial.windows for trial in trials if not trial.interrupted]
    together = [mean(windows) for windows in zip(*whole, strict=False)]
    found = drift(together)
    if found is not None and found.too_large:
        limit = max(DRIFT_LIMIT, found.by_chance)
        changed = f"{percent(abs(found.change))} {'slower' if found.change < 0 else 'faster'}"
        yield Doubt(
            code=Code.DRIFT,
            severity=Severity.INVALID,
            what=f"the second half was {changed} than the first (at most {percent(limit)})",
            observed=found.change,
            limit=limit,
            next_step="warm up for longer with --warm-up, and see whether memory, caches or connections grow",
        )


def _variation(trials: Sequence[Trial], summary: Summary) -> Iterator[Doubt]:
    """The variation of seconds beyond what chance gives to any count of events that come at random."""
    usual = summary.service.mean_seconds
    if usual is None or usual > _LONGEST_SERVICE_FOR_VARIATION:
        return
    series = [per_second(trial.windows) for trial in trials if not trial.interrupted]
    each = [
        found
        for seconds in series
        if len(seconds) >= _FEWEST_SECONDS_FOR_VARIATION
        and (found := window_variation(seconds, random_arrivals=True)) is not None
    ]
    if not each:
        return
    variation = math.sqrt(math.fsum(one**2 for one in each) / len(each))
    if variation > VARIATION_LIMIT:
        yield Doubt(
            code=Code.VARIATION,
            severity=Severity.INVALID,
            what=f"requests/s varied by {percent(variation)} from second to second"
            f" (at most {percent(VARIATION_LIMIT)})",
            observed=variation,
            limit=VARIATION_LIMIT,
            next_step="end what else runs on this machine; or the app works in bursts: then measure for longer with"
            " --seconds",
        )


def _spread(trials: Sequence[Trial], summary: Summary) -> Iterator[Doubt]:
    estimate = summary.throughput
    half = None if estimate is None else estimate.relative_half_width
    if estimate is None or half is None or half <= SPREAD_LIMIT:
        return
    each = ", ".join(map(rate, summary.per_trial))
    more = "more runs" if trials[0].settings is None else "more starts of the server"
    between = f"the runs differ ({each} requests/s): " if estimate.basis is Basis.RESTARTS else ""
    yield Doubt(
        code=Code.SPREAD,
        severity=Severity.NOTE,
        what=f"{between}the mean is known to ± {percent(half)} only (at most {percent(SPREAD_LIMIT)})",
        observed=half,
        limit=SPREAD_LIMIT,
        next_step=f"measure {more}, with --restarts: twice as many narrow the interval to two thirds or less",
    )
