"""Tunes: searches the space with few short runs, then confirms the best of them on fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.measure.bench.trial import TrialPlan
from advisor.measure.tune.confirm import Confirmation, confirm
from advisor.measure.tune.finalists import choose_finalists
from advisor.measure.tune.ledger import Contender, Ledger
from advisor.measure.tune.option import Forecast
from advisor.measure.tune.result import RateResult, SearchEnd, TuneResult
from advisor.measure.tune.runs import FailureKind, Phase, Run
from advisor.measure.tune.search import Suggestion, next_step, standings
from advisor.measure.tune.slo import CAUTION, STRIDE, Bracket, LatencyLimit, find_rate, holds, open_plan
from advisor.measure.tune.space import Space
from advisor.measure.tune.verdict import Decision, decide, decide_rate
from gunicorn_conf.errors import ServerFailed

# At least so much of the budget is for fresh runs; no more is kept for them from a search that still has to learn.
LEAST_CONFIRM_SHARE, MOST_CONFIRM_SHARE = 0.4, 0.7
# Rounds of confirming that the search leaves time for, where it can: an interval takes three.
_ROUNDS = 3
# Of a tuning to a limit of latency, whose steps take longer than the runs of the search.
_RATE_SHARE = 0.6
# From six to eight runs the choice gets better by 0.1 % (simulated as in search.py); from there on confirming is worth
# more, however large the budget is.
MOST_SEARCH_RUNS = 12
# So many starts that fail one after the other: it is the app, not the configuration.
_HOPELESS_STARTS = 2
# A rate that the bracket's own runs held is missed on a fresh one now and then; missed twice, it is the machine.
_CONFIRMED_RATES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A run that is about to begin, for whoever shows progress."""

    phase: Phase
    contender: Contender
    left_seconds: float
    suggestion: Suggestion | None = None
    round: int | None = None
    rounds: int | None = None
    rate_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be found, among what, and with what load.

    ``search_plan`` and ``confirm_plan`` are closed loops. ``contender`` makes an option something that can be started.
    ``rule`` and ``present`` are confirmed in any case, where they are given.
    """

    space: Space
    search_plan: TrialPlan
    confirm_plan: TrialPlan
    contender: Callable[[Forecast], Contender]
    rule: Contender | None = None
    present: Contender | None = None
    limit: LatencyLimit | None = None


def tune(
    question: Question,
    ledger: Ledger,
    *,
    announce: Callable[[Announcement], None],
    on_result: Callable[[TuneResult], None] = lambda _: None,
) -> TuneResult:
    """Search, confirm, decide. An interruption gives what is there so far, marked.

    ``announce`` hears of each run before it begins, ``on_result`` gets what there is after each.

    Raises ServerFailed when the app does not start, whatever the configuration.
    """
    tuning = _Tuning(question, ledger, announce)
    ledger.on_run = lambda: on_result(tuning.result(interrupted=True))
    return tuning.run()


class _Tuning:
    def __init__(self, question: Question, ledger: Ledger, announce: Callable[[Announcement], None]) -> None:
        self._question = question
        self._ledger = ledger
        self._announce = announce
        self._budget_seconds = ledger.left_seconds
        self._end = SearchEnd.INTERRUPTED
        self._finalists: tuple[Contender, ...] = ()
        self._confirmation: Confirmation | None = None
        self._rate: RateResult | None = None

    def run(self) -> TuneResult:
        try:
            self._end = self._search()
            self._finalists = self._choose()
            self._confirm()
        except KeyboardInterrupt:
            return self.result(interrupted=True)
        return self.result(interrupted=False)

    def _search(self) -> SearchEnd:
        question, ledger = self._question, self._ledger
        reserve = self._reserve_seconds()
        while True:
            runs = ledger.of(Phase.SEARCH)
            self._check_starts(runs)
            step = next_step(question.space.forecasts, runs)
            if step is None:
                return SearchEnd.NOTHING_LEFT
            if len(runs) >= MOST_SEARCH_RUNS:
                return SearchEnd.MOST
            if runs and ledger.expected_seconds(question.search_plan) + reserve > ledger.left_seconds:
                return SearchEnd.TIME
            contender = question.contender(step.forecast)
            self._say(Phase.SEARCH, contender, suggestion=step)
            ledger.measure(Phase.SEARCH, contender, question.search_plan)

    def _reserve_seconds(self) -> float:
        """What the search leaves for confirming: three rounds where that is no more than the share it may keep."""
        question = self._question
        if question.limit is None:
            # The rule is dropped after one run when it is as far behind as predicted, the user's own after two.
            runs = _ROUNDS * 2 + (question.rule is not None) + 2 * (question.present is not None)
            needed = runs * self._ledger.expected_seconds(question.confirm_plan)
        else:
            needed = _RATE_SHARE * self._budget_seconds
        least, most = (share * self._budget_seconds for share in (LEAST_CONFIRM_SHARE, MOST_CONFIRM_SHARE))
        return min(max(needed, least), most)

    def _check_starts(self, runs: Sequence[Run]) -> None:
        last = runs[-_HOPELESS_STARTS:]
        failures = [run.failure for run in last if run.failure and run.failure.kind is FailureKind.START]
        if len(failures) == _HOPELESS_STARTS == len(runs):
            raise ServerFailed(
                "the app could not be started",
                why=failures[-1].text,
                hint="start it with `gunicorn MODULE:APP` and mend what that shows",
            )

    def _choose(self) -> tuple[Contender, ...]:
        question = self._question
        return choose_finalists(
            question.space.forecasts,
            self._ledger.of(Phase.SEARCH),
            contender=question.contender,
            others=[one for one in (question.rule, question.present) if one is not None],
        )

    def _confirm(self) -> None:
        question = self._question
        if not self._finalists:
            return
        if question.limit is None:
            self._confirmation = confirm(
                self._finalists,
                question.confirm_plan,
                self._ledger,
                on_run=self._say_confirming,
                least_seconds=LEAST_CONFIRM_SHARE * self._budget_seconds,
            )
            return
        self._confirm_rate(question.limit)

    def _confirm_rate(self, limit: LatencyLimit) -> None:
        """Find the rate of the search's winner, then let every finalist show whether it holds it, on fresh runs."""
        question, ledger = self._question, self._ledger
        winner = self._finalists[0]
        plan = question.confirm_plan
        first = CAUTION * self._believed_rate(winner)
        one_run = ledger.expected_seconds(open_plan(plan, first, limit))
        bracket = find_rate(
            winner,
            plan,
            ledger,
            limit,
            first=first,
            reserve_seconds=one_run * len(self._finalists),
            on_step=lambda rate: self._say(Phase.RATE, winner, rate=rate),
        )
        self._rate = RateResult(limit=limit, bracket=bracket, rate_per_second=bracket.held)
        if bracket.held is None:
            return
        self._confirm_at(bracket, limit, winner)

    def _confirm_at(self, bracket: Bracket, limit: LatencyLimit, winner: Contender) -> None:
        """Every finalist at the rate; where the winner does not hold it again, and nobody else does, a lower one."""
        question, ledger = self._question, self._ledger
        rate = bracket.held or 0.0
        for _ in range(_CONFIRMED_RATES):
            fresh = open_plan(question.confirm_plan, rate, limit)
            runs: dict[str, tuple[Run, ...]] = {}
            for finalist in self._finalists:
                if finalist is not winner and ledger.expected_seconds(fresh) > ledger.left_seconds:
                    break
                self._say(Phase.CONFIRM, finalist, rate=rate)
                run = ledger.measure(Phase.CONFIRM, finalist, fresh, late_after_seconds=limit.seconds)
                runs[finalist.name] = (run,)
            self._rate = RateResult(limit=limit, bracket=bracket, rate_per_second=rate)
            self._confirmation = Confirmation(
                finalists=tuple(one for one in self._finalists if one.name in runs),
                runs=runs,
                planned_rounds=1,
                dropped=(),
            )
            if any(holds(found[0], limit) for found in runs.values()):
                return
            rate /= STRIDE

    def _believed_rate(self, winner: Contender) -> float:
        standing = standings(self._question.space.forecasts, self._ledger.of(Phase.SEARCH))
        known = next((one for one in standing if one.forecast.option == winner.option), standing[0])
        return known.per_second

    def _say_confirming(self, contender: Contender, number: int, of: int) -> None:
        self._say(Phase.CONFIRM, contender, round_=number, rounds=of)

    def _say(
        self,
        phase: Phase,
        contender: Contender,
        *,
        suggestion: Suggestion | None = None,
        round_: int | None = None,
        rounds: int | None = None,
        rate: float | None = None,
    ) -> None:
        self._announce(
            Announcement(
                phase=phase,
                contender=contender,
                left_seconds=self._ledger.left_seconds,
                suggestion=suggestion,
                round=round_,
                rounds=rounds,
                rate_per_second=rate,
            )
        )

    def result(self, *, interrupted: bool) -> TuneResult:
        question = self._question
        return TuneResult(
            forecasts=question.space.forecasts,
            notes=question.space.notes,
            runs=tuple(self._ledger.runs),
            search_end=self._end,
            finalists=self._finalists,
            confirmation=self._confirmation,
            decision=self._decision(),
            rate=self._rate,
            rule=None if question.rule is None else self._known_as(question.rule),
            present=None if question.present is None else self._known_as(question.present),
            budget_seconds=self._budget_seconds,
            interrupted=interrupted,
        )

    def _decision(self) -> Decision | None:
        if self._confirmation is None:
            return None
        return decide(self._confirmation) if self._rate is None else decide_rate(self._confirmation, self._rate.limit)

    def _known_as(self, contender: Contender) -> str:
        """The name under which a contender was confirmed: another one may be the very same configuration."""
        same = (one.name for one in self._finalists if one.option is not None and one.option == contender.option)
        return next(same, contender.name)
