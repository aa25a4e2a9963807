"""Reads the numbers in a query, within bounds, so that no request can hold the server for ever."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from typing import TypeVar

E = TypeVar("E", bound=enum.Enum)

# An hour covers every timeout that a platform has; longer would only outlive its server.
MOST_SECONDS = 3600.0
# A minute of pure computing: twice Gunicorn's default timeout, so that a timeout can be provoked.
MOST_MS = 60_000.0
# One request should not exhaust a small container by accident: 1 GiB is the memory of a middling one.
MOST_MIB = 1024.0
# A response of 64 MiB takes a good part of a second to send on one machine.
MOST_KIB = 65_536.0


class BadParameterError(ValueError):
    """A parameter is missing or cannot be used; its text says what is allowed."""


def number(query: Mapping[str, str], name: str, *, default: float | None = None, most: float) -> float:
    """The number called ``name`` in a query, from 0 to ``most``; ``default`` when it is not given.

    Raises BadParameterError when it is missing without a default, not a number, not finite, or out of bounds.
    """
    text = query.get(name)
    if text is None and default is not None:
        return default
    allowed = f"{name} must be a number from 0 to {most:g}"
    if text is None:
        raise BadParameterError(f"{allowed}; it is missing.")
    try:
        value = float(text)
    except ValueError:
        raise BadParameterError(f"{allowed}, not {text[:40]!r}.") from None
    if not math.isfinite(value) or not 0 <= value <= most:
        raise BadParameterError(f"{allowed}, not {text[:40]}.")
    return value


def choice(query: Mapping[str, str], name: str, choices: type[E], *, default: E) -> E:
    """The member of ``choices`` whose value is called ``name`` in a query; ``default`` when it is not given.

    Raises BadParameterError when it is none of them.
    """
    text = query.get(name)
    if text is None:
        return default
    try:
        return choices(text)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in choices)
        raise BadParameterError(f"{name} must be one of {allowed}, not {text[:40]!r}.") from None
