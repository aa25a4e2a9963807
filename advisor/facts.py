"""A value together with where it comes from; what could not be read is unknown, never 0 and never a guess."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Origin(enum.Enum):
    """Where a value comes from, strongest first."""

    FLAG = "flag"
    VARIABLE = "variable"
    FILE = "file"
    DETECTED = "detected"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Generic[T]):
    """One value and its source.

    ``value`` is None when it is unknown; ``source`` is then why ("cannot read /proc/meminfo: permission denied"),
    otherwise where it was found ("cgroup v2 cpu.max 50000/100000 at /kubepods; the machine has 16").
    """

    value: T | None
    source: str
    origin: Origin = Origin.DETECTED

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @classmethod
    def unknown(cls, why: str) -> Fact[T]:
        """A value that could not be read, and why."""
        return cls(value=None, source=why, origin=Origin.UNKNOWN)

    def map(self, function: Callable[[T], U]) -> Fact[U]:
        """The same fact with its value transformed; unknown stays unknown."""
        value = None if self.value is None else function(self.value)
        return Fact(value=value, source=self.source, origin=self.origin)
