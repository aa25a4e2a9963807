"""Chooses who is confirmed: the best of the search, what may be as good for less, the rule, and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.option import Forecast
from advisor.measure.tune.runs import Run, disqualified
from advisor.measure.tune.search import CLEARLY_LESS, NOISE, TIE, excluded, standings

# A tie is 3 %, and two runs of the search differ by as much from noise alone.
_MAY_TIE = TIE + NOISE


def choose_finalists(
    forecasts: Sequence[Forecast],
    runs: Sequence[Run],
    *,
    contender: Callable[[Forecast], Contender],
    others: Sequence[Contender],
) -> tuple[Contender, ...]:
    """The best of the search first; of those that may turn out as good, the cheapest in memory, else the second.

    Then the ``others``, unless they are among these or failed already. None of the search when all were disqualified.
    """
    out = excluded(forecasts, runs)
    ranked = [one for one in standings(forecasts, runs) if one.measured and one.forecast.option.name not in out]
    chosen: list[Forecast] = []
    if ranked:
        best, *rest = ranked
        chosen = [best.forecast]
        near = [one.forecast for one in rest if one.belief.mean > best.belief.mean - _MAY_TIE]
        cheaper = [one for one in near if one.memory_bytes < CLEARLY_LESS * best.forecast.memory_bytes]
        if cheaper or rest:
            chosen.append(min(cheaper, key=lambda one: one.memory_bytes) if cheaper else rest[0].forecast)
    finalists = [contender(forecast) for forecast in chosen]
    names = {one.name for one in finalists}
    failed = disqualified(runs)
    return (*finalists, *(one for one in others if one.name not in names and one.name not in failed))
