"""What a tuning showed: every run with its prediction, the decision, and what led to it. Data alone."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from advisor.measure.tune.confirm import Confirmation
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.option import Forecast
from advisor.measure.tune.plan import option_of
from advisor.measure.tune.runs import Phase, Run
from advisor.measure.tune.slo import Bracket, LatencyLimit
from advisor.measure.tune.verdict import Decision

RULE = "rule"
PRESENT = "present"


class SearchEnd(enum.Enum):
    """Why the search ended."""

    NOTHING_LEFT = "nothing left promised a gain"
    TIME = "the rest of the time is for confirming"
    MOST = "enough configurations were tried"
    INTERRUPTED = "it was interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was tuned, where, and within which limits: runs of another subject are not comparable.

    ``present`` is what the user's own configuration was given as, ``config`` the file whose other settings every run
    has; None where there is none. ``memory_bytes`` is the budget, None where it is unknown.
    """

    app: str
    directory: str | None
    python: str
    gunicorn: str
    cpus: float
    memory_bytes: int | None
    requests: tuple[str, ...]
    clients: int
    kept_alive: bool
    max_workers: int | None
    max_threads: int
    max_db_connections: int | None
    event_loops: tuple[str, ...]
    config: str | None
    present: str | None
    slo: str | None
    threads_fail: str | None = None
    """How the app was seen to fail with threads, so that none are tried; no part of what is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateResult:
    """With a limit of latency: the bracket of the search's winner, and the rate at which all were confirmed."""

    limit: LatencyLimit
    bracket: Bracket
    rate_per_second: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneResult:
    """One tuning, whole or as far as it came.

    ``forecasts`` are those of the space; ``names`` say which configuration is the rule's and which the user's own.
    """

    forecasts: tuple[Forecast, ...]
    notes: tuple[str, ...]
    runs: tuple[Run, ...]
    search_end: SearchEnd
    finalists: tuple[Contender, ...]
    confirmation: Confirmation | None
    decision: Decision | None
    rate: RateResult | None
    rule: str | None
    present: str | None
    budget_seconds: float
    interrupted: bool

    @property
    def search_seconds(self) -> float:
        """The time that the search took."""
        return sum(run.elapsed_seconds for run in self.runs if run.phase is Phase.SEARCH)

    @property
    def confirm_seconds(self) -> float:
        """The time that confirming took; with a limit of latency, the steps towards the rate too."""
        return sum(run.elapsed_seconds for run in self.runs if run.phase is not Phase.SEARCH)

    @property
    def winner_is_present(self) -> bool:
        """Whether the winner is the user's own configuration, under whichever name: what it starts is the same."""
        if self.decision is None or self.present is None:
            return False
        if self.present == self.decision.winner.name:
            return True
        settings = next((run.settings for run in self.runs if run.name == self.present and run.settings), None)
        return settings is not None and option_of(settings) == self.decision.winner.option

    def forecast(self, name: str) -> Forecast | None:
        """The forecast of the option of that name."""
        return next((one for one in self.forecasts if one.option.name == name), None)
