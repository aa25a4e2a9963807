"""Thresholds that a measurement must keep: ``p95<250ms``, ``errors<1%``, ``throughput>300``."""

from __future__ import annotations

import enum
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from advisor.measure.statistics.percentiles import needed_samples
from advisor.units import count, parse_seconds, show_duration, show_number
from gunicorn_conf.errors import BadInput


class Quantity(enum.Enum):
    """What is held against a threshold, and how its values are written."""

    LATENCY = "latency"
    ERRORS = "errors"
    THROUGHPUT = "throughput"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One threshold: ``metric`` is p50 ... p99.9, mean, max, errors or throughput.

    ``limit`` is in seconds, as a share of all requests, or in requests per second; ``text`` is what the user wrote.
    """

    text: str
    metric: str
    quantity: Quantity
    comparison: str
    limit: float

    @property
    def percent(self) -> float | None:
        """The percentile that is asked for; None for another metric."""
        return float(self.metric[1:]) if self.metric.startswith("p") else None


class Outcome(enum.Enum):
    """Whether a threshold was kept; one that cannot be judged was not."""

    KEPT = "kept"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A threshold with what was observed, in the unit of its limit; None with the reason when it is not known."""

    threshold: Threshold
    observed: float | None
    outcome: Outcome
    why: str = ""

    @property
    def kept(self) -> bool:
        """Whether the threshold is known to be kept."""
        return self.outcome is Outcome.KEPT

    @property
    def shown(self) -> str:
        """What was observed, in a person's words: ``212 ms``, ``0.4 %``, ``318/s``, or ``unknown``."""
        return "unknown" if self.observed is None else show_observed(self.observed, self.threshold.quantity)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(r"\s*([a-z][a-z0-9.]*)\s*(<=|>=|==|=|<|>)?\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)
# Three decimals at most: what is finer cannot be told apart, and would need more than a million samples.
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?)", re.ASCII)
_EXAMPLES = "write it like 'p95<250ms', 'errors<1%' or 'throughput>300', in quotes: the shell takes < and > for itself"


def parse_threshold(text: str) -> Threshold:
    """Read one threshold. Raises BadInput that says what of it is not understood."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadInput(f"{text!r} is not a threshold", why="it begins with no name", hint=_EXAMPLES)
    metric, comparison, limit = match[1].lower(), match[2] or "", match[3]
    quantity = _quantity(text, metric)
    if comparison not in _COMPARISONS:
        why = "measured values are never exactly equal" if comparison else f"{metric} is compared with nothing"
        raise BadInput(f"{text!r} is not a threshold", why=why, hint=_EXAMPLES)
    wanted = ">" if quantity is Quantity.THROUGHPUT else "<"
    if comparison[0] != wanted:
        raise BadInput(
            f"{text!r} is the wrong way round",
            why=f"it would be missed by a server that is {'faster' if quantity is not Quantity.ERRORS else 'sound'}",
            hint=f"use {wanted} or {wanted}= with {metric}",
        )
    read = {Quantity.LATENCY: _seconds, Quantity.ERRORS: _share, Quantity.THROUGHPUT: _rate}[quantity]
    return Threshold(
        text=text.strip(), metric=metric, quantity=quantity, comparison=comparison, limit=read(text, limit)
    )


def judge(threshold: Threshold, observed: float | None, *, samples: int = 0) -> Judgement:
    """Hold one observed value, in the unit of the limit, against the threshold.

    None means that it is not known; for a percentile ``samples`` then tells how many there were.
    """
    if observed is None:
        return Judgement(
            threshold=threshold, observed=None, outcome=Outcome.UNKNOWN, why=_why_unknown(threshold, samples)
        )
    kept = _COMPARISONS[threshold.comparison](observed, threshold.limit)
    return Judgement(threshold=threshold, observed=observed, outcome=Outcome.KEPT if kept else Outcome.MISSED)


def show_observed(value: float, quantity: Quantity) -> str:
    """A latency, a share of errors or a throughput as people write it: ``212 ms``, ``0.4 %``, ``318/s``."""
    match quantity:
        case Quantity.LATENCY:
            return show_duration(value)
        case Quantity.ERRORS:
            return f"{show_number(value * 100)} %"
        case Quantity.THROUGHPUT:
            return f"{show_number(value)}/s"


def _why_unknown(threshold: Threshold, samples: int) -> str:
    if threshold.percent is None:
        return "it was not measured"
    needed = count(needed_samples(threshold.percent), "sample")
    return f"{threshold.metric} needs {needed}, and there are {samples:,}; measure for longer"


def _quantity(text: str, metric: str) -> Quantity:
    if metric in (Quantity.ERRORS.value, Quantity.THROUGHPUT.value):
        return Quantity(metric)
    percentile = _PERCENTILE.fullmatch(metric)
    if metric in ("mean", "max") or (percentile is not None and float(percentile[1]) > 0):
        return Quantity.LATENCY
    raise BadInput(
        f"{text!r} names nothing that is measured",
        why=f"{metric} is none of p50, p90, p95, p99, p99.9 (or another percentile), mean, max, errors, throughput",
        hint=_EXAMPLES,
    )


def _seconds(text: str, limit: str) -> float:
    # A bare 250 would be 250 s to the parser, and 250 ms to whoever wrote it.
    if not limit.lower().endswith("s"):
        raise BadInput(f"{text!r} has no unit", why="a latency is in ms or in s", hint=_EXAMPLES)
    return parse_seconds(limit)


def _share(text: str, limit: str) -> float:
    share = _number(limit.removesuffix("%"))
    if not limit.endswith("%") or share is None or share > 100:
        raise BadInput(
            f"{text!r} has no share of errors", why="errors are a percentage of all requests", hint=_EXAMPLES
        )
    return share / 100


def _rate(text: str, limit: str) -> float:
    rate = _number(limit.removesuffix("/s"))
    if rate is None:
        raise BadInput(f"{text!r} has no rate", why="throughput is a number of requests per second", hint=_EXAMPLES)
    return rate


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None
