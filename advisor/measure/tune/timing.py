"""How long a run of tune is: short, but long enough for the app's requests."""

from __future__ import annotations

from dataclasses import replace

from advisor.measure.bench.trial import TrialPlan

# Two seconds rank configurations: restarts differ by about 3 %, longer runs do not change that.
SEARCH_SECONDS = 2.0
# Confirming takes a 24th of the budget for each run, so that a minute holds three rounds of three finalists.
_CONFIRM_SHARE = 1 / 24
LEAST_CONFIRM_SECONDS, MOST_CONFIRM_SECONDS = 2.5, 8.0
# Every client should have had so many answers, or whole waves of waiting requests decide the count.
_ANSWERS = 15
# A request of seconds would make a run of minutes; the figures are the coarser then.
MOST_SECONDS = 10.0
# Lazy imports and cold caches of a worker that has answered once; two requests of a slow app.
WARM_UP_SECONDS = 0.7
_WARM_UP_REQUESTS = 2
MOST_WARM_UP_SECONDS = 5.0


def plans(plan: TrialPlan, service_seconds: float, budget_seconds: float) -> tuple[TrialPlan, TrialPlan]:
    """The plans of search and of confirming for an app whose requests take so long, from a plan with the load."""
    needed = min(_ANSWERS * service_seconds, MOST_SECONDS)
    warm_up = min(max(WARM_UP_SECONDS, _WARM_UP_REQUESTS * service_seconds), MOST_WARM_UP_SECONDS)
    search = replace(plan, seconds=max(SEARCH_SECONDS, needed), warm_up_seconds=warm_up, lengthen=False)
    share = min(max(_CONFIRM_SHARE * budget_seconds, LEAST_CONFIRM_SECONDS), MOST_CONFIRM_SECONDS)
    return search, replace(search, seconds=max(share, needed))
