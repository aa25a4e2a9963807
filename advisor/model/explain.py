"""Says in words what bounds a prediction, and what would lift it."""

from __future__ import annotations

from typing import assert_never

from advisor.model.prediction import Ceiling, Prediction
from advisor.model.shape import WorkerClass
from advisor.units import count, show_number

# To lift a ceiling by less than this is no gain that a measurement would show: the next ceiling is said to bind.
_SAME = 1.05
# A throughput so far below its ceiling is kept down by queueing more than by the ceiling.
_WELL_BELOW = 0.9
# Decimals of more requests per second than this say nothing.
_WHOLE_FROM = 10


def explain(prediction: Prediction) -> str:
    """One sentence or two: the binding ceiling, what would lift it and how far, and what keeps the shape below it."""
    throughput = prediction.throughput
    sentence = f"{_what_binds(prediction)}; {_what_lifts(prediction)}"
    lower = throughput.per_second < _WELL_BELOW * throughput.ceilings[throughput.binding]
    return f"{sentence}. {_what_keeps_below(prediction)}" if lower else f"{sentence}."


def _binding(prediction: Prediction) -> Ceiling:
    """The least ceiling, or one that is as low and that no configuration lifts."""
    throughput = prediction.throughput
    least = throughput.ceilings[throughput.binding]
    fixed = _lowest_fixed(prediction)
    return fixed if throughput.ceilings[fixed] < _SAME * least else throughput.binding


def _lowest_fixed(prediction: Prediction) -> Ceiling:
    ceilings = prediction.throughput.ceilings
    return min((Ceiling.CLIENTS, Ceiling.CORES), key=lambda ceiling: ceilings[ceiling])


def _what_binds(prediction: Prediction) -> str:
    shape = prediction.shape
    match _binding(prediction):
        case Ceiling.CLIENTS:
            return "The clients: they ask for no more"
        case Ceiling.SLOTS:
            return (
                f"The slots: {count(shape.slots, 'request')} at most {'is' if shape.slots == 1 else 'are'} in handlers"
            )
        case Ceiling.GIL:
            return "The GIL: one process computes for one request at a time"
        case Ceiling.CORES:
            return "The cores: all CPUs are busy"
        case never:
            assert_never(never)


def _what_lifts(prediction: Prediction) -> str:
    match _binding(prediction):
        case Ceiling.CLIENTS:
            return "no other configuration serves more"
        case Ceiling.SLOTS:
            more = "more workers or threads" if prediction.shape.worker_class is WorkerClass.GTHREAD else "more workers"
            return f"{more} would lift it{_until(prediction)}"
        case Ceiling.GIL:
            return f"more workers would lift it{_until(prediction)}"
        case Ceiling.CORES:
            return "only more CPUs, or less computing for each request, would lift it"
        case never:
            assert_never(never)


def _until(prediction: Prediction) -> str:
    """Where the next ceiling is that the same step does not lift: workers add slots and GILs, threads slots."""
    fixed = _lowest_fixed(prediction)
    rate = prediction.throughput.ceilings[fixed]
    shown = show_number(round(rate) if rate >= _WHOLE_FROM else rate)
    return f", up to the {shown} requests/s that the {fixed.value} allow"


def _what_keeps_below(prediction: Prediction) -> str:
    shape = prediction.shape
    if shape.workers > 1 and not shape.takes_only_what_it_serves:
        return "Workers take connections that others have a free slot for, so some slots idle."
    return "Requests that compute at the same time wait for each other, so it is not reached."
