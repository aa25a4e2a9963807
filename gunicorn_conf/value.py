"""What is known of a value that was read without being executed: exactly, as a function of the host, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# What Gunicorn's settings hold, as far as it can be written down: numbers, text, flags, None, lists and dicts of them.
Literal = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Exactly this value."""

    value: Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class PerHost:
    """A value that depends on the machine's number of CPUs, such as ``cpu_count() * 2 + 1``.

    ``at(cpus)`` is the value on a machine whose ``cpu_count()`` is ``cpus``; ``expression`` is the source text.
    """

    expression: str
    at: Callable[[int], Literal]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One of several values, where a condition could not be decided."""

    values: tuple[Known | PerHost | Unknown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Not to be told without executing something; ``why`` completes "unknown, because ..."."""

    why: str


Value = Known | PerHost | OneOf | Unknown


def possibilities(value: Value, cpus: int | None = None) -> Iterator[Literal]:
    """Every value that it can certainly take: one for Known, all known ones for OneOf, none for Unknown.

    With ``cpus``, a value that depends on the host counts as what it is there; without, it is left out.
    """
    match value:
        case Known():
            yield value.value
        case PerHost():
            if cpus is not None:
                yield value.at(cpus)
        case OneOf():
            for one in value.values:
                yield from possibilities(one, cpus)
        case Unknown():
            return


def certain(value: Value) -> tuple[Literal] | None:
    """The value in a tuple of one when it is known exactly, else None (since None is a value too)."""
    if isinstance(value, Known):
        return (value.value,)
    if isinstance(value, OneOf):
        found = [one.value for one in value.values if isinstance(one, Known)]
        if len(found) == len(value.values) and all(one == found[0] and type(one) is type(found[0]) for one in found):
            return (found[0],)
    return None
