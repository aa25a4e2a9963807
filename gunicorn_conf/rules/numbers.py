"""Numbers that a configuration gives, as far as they are certain, and how they are written in a message."""

from __future__ import annotations

import math
from typing import NamedTuple

from gunicorn_conf.config import Config
from gunicorn_conf.rules.subject import Deployment, Subject
from gunicorn_conf.value import Known, Literal, OneOf, PerHost, Unknown, Value

MEBIBYTE = 2**20
# The largest machines that one commonly rents; a count that still grows there has no bound of its own.
MANY_CPUS = 128
# Beyond what any count, size or time in seconds can be; the arithmetic and the messages stay within bounds.
_HIGHEST = 2**63
_CPU_COUNTS = (1, 2, 3, 4, 8, 16, 64, MANY_CPUS)


class Amount(NamedTuple):
    """The bounds of a whole number; both are the same where it is known exactly."""

    least: int
    most: int


def amount(subject: Subject, name: str) -> Amount | None:
    """The bounds of a setting, defaults included; None where any of its possibilities is unknown.

    A number that depends on the machine is bounded by what it is on machines of 1 to 128 CPUs; where the CPU budget is
    known, by that: a container may see more CPUs than it is given, never fewer.
    """
    return _amount(subject.config.value(name), subject.deployment)


def number(subject: Subject, name: str) -> int | None:
    """A setting where it is exactly known."""
    found = amount(subject, name)
    return found.least if found is not None and found.least == found.most else None


def set_number(config: Config, name: str) -> int | None:
    """A setting that something sets, where it is exactly known; None where Gunicorn's default holds."""
    return whole(config.known(name)) if config.get(name) is not None else None


def whole(value: Literal) -> int | None:
    """A value as Gunicorn reads a number (``"4"`` is 4); None where it refuses it, or nobody can mean it."""
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            return None
    return int(value) if isinstance(value, int) and 0 <= value <= _HIGHEST else None


def _amount(value: Value, deployment: Deployment) -> Amount | None:
    match value:
        case Known():
            exact = whole(value.value)
            return None if exact is None else Amount(exact, exact)
        case PerHost():
            return _on_host(value, deployment)
        case OneOf():
            each = [_amount(one, deployment) for one in value.values]
            known = [one for one in each if one is not None]
            if not known or len(known) < len(each):
                return None
            return Amount(min(one.least for one in known), max(one.most for one in known))
        case Unknown():
            return None


def _on_host(value: PerHost, deployment: Deployment) -> Amount | None:
    if deployment.cpus is None:
        counts: tuple[int, ...] = _CPU_COUNTS
    else:
        seen = max(1, math.ceil(deployment.cpus))
        counts = (seen,) if deployment.container is False else (seen, *(some for some in _CPU_COUNTS if some > seen))
    each = [whole(value.at(cpus)) for cpus in counts]
    known = [one for one in each if one is not None]
    return Amount(min(known), max(known)) if len(known) == len(each) else None


def count(amount: int, noun: str) -> str:
    """``1 worker``, ``5 workers``, ``1,000 workers``."""
    return f"{amount:,} {noun}" + ("" if amount == 1 else "s")


def mebibytes(size_bytes: float) -> str:
    """``1,000 MiB``."""
    return f"{size_bytes / MEBIBYTE:,.0f} MiB"


def seconds(length: float) -> str:
    """``30 s``, ``2.5 s``."""
    return f"{length:,g} s"


def cpus(budget: float) -> str:
    """``1 CPU``, ``0.5 CPUs``."""
    return f"{budget:g} CPU" + ("" if budget == 1 else "s")
