"""One thing that speaks against a measurement. Data alone; ``doubts`` finds them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Severity(enum.Enum):
    """What a doubt means for the figures."""

    INVALID = "invalid"
    """They are not those of the server under this load."""
    NOTE = "note"
    """They hold, and this should be known of them."""


class Code(enum.Enum):
    """What is doubted."""

    NO_ANSWERS = "no-answers"
    ERRORS = "errors"
    REDIRECTS = "redirects"
    GENERATOR_CPU = "generator-cpu"
    LATENESS = "lateness"
    LITTLE = "little"
    OVERLOADED = "overloaded"
    NOT_SATURATED = "not-saturated"
    UNEVEN = "uneven-workers"
    UNSTEADY = "unsteady"
    DRIFT = "drift"
    VARIATION = "variation"
    SPREAD = "spread"
    THROTTLED = "throttled"
    OTHER_LOAD = "other-load"
    SHARED_CPUS = "shared-cpus"
    WORKERS_EXITED = "workers-exited"


# Of the generator, not of the server or the machine.
OF_THE_GENERATOR = frozenset({Code.GENERATOR_CPU, Code.LATENESS, Code.LITTLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One doubt: ``what`` was seen, with its number and limit in words, and the ``next_step``.

    ``observed`` and ``limit`` are the same as numbers, in the unit that ``what`` names; ``limit`` is None where none
    was set.
    """

    code: Code
    severity: Severity
    what: str
    observed: float
    limit: float | None
    next_step: str


def is_valid(doubts: Iterable[Doubt]) -> bool:
    """Whether the figures may be believed: no doubt makes them invalid."""
    return all(doubt.severity is not Severity.INVALID for doubt in doubts)


def rate(per_second: float) -> str:
    """Requests per second in words, without their unit: ``512``, ``62.3``."""
    return f"{per_second:,.0f}" if per_second >= 99.95 else f"{per_second:.3g}"


def percent(share: float) -> str:
    """A share in words: ``71 %``, ``3.1 %``, ``0.02 %``."""
    value = share * 100
    return f"{value:.0f} %" if value == 0 or abs(value) >= 9.95 else f"{value:.2g} %"
