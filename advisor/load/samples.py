"""Keeps what came of every request, raw: 16 bytes each, in four arrays of machine numbers."""

from __future__ import annotations

import enum
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

# An outcome is one number: the status in the low bits, the kind above it, the number of the request above that.
STATUS_BITS = 10
KIND_BITS = 4
REQUEST_SHIFT = STATUS_BITS + KIND_BITS
STATUS_MASK = (1 << STATUS_BITS) - 1
KIND_MASK = (1 << KIND_BITS) - 1
MICROSECONDS = 1_000_000


class Kind(enum.IntEnum):
    """How a request ended."""

    ANSWERED = 0
    """A whole response came, with a status below 400."""
    CLIENT_ERROR = 1
    """A whole response came, with a status 4xx."""
    SERVER_ERROR = 2
    """A whole response came, with a status 5xx or above."""
    TIMEOUT = 3
    """No whole response came in time."""
    REFUSED = 4
    """The server took no connection."""
    RESET = 5
    """The connection broke, or was closed before the first byte of a response."""
    SHORT = 6
    """The connection was closed or broke within a response."""
    MALFORMED = 7
    """What came is no HTTP/1.1 response, or more than one."""
    LOCAL = 8
    """This machine had no file descriptor or no port left for a connection: the load, not the server, failed."""


def kind_of_status(status: int) -> Kind:
    """How a request ended that got a whole response."""
    if status < 400:
        return Kind.ANSWERED
    return Kind.CLIENT_ERROR if status < 500 else Kind.SERVER_ERROR


def outcome(kind: Kind, status: int = 0, request: int = 0) -> int:
    """An outcome as the one number that is kept of it; a status of 0 is none."""
    return request << REQUEST_SHIFT | kind << STATUS_BITS | status


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request. ``due_seconds`` is counted from the beginning of the run; ``status`` is 0 where there was none.

    The service time is counted from the actual send (of a new connection: from its opening), the response time from
    when the request was due.
    """

    due_seconds: float
    lateness_seconds: float
    service_seconds: float
    kind: Kind
    status: int
    request: int

    @property
    def response_seconds(self) -> float:
        """From when it was due to its end."""
        return self.lateness_seconds + self.service_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples of a run, as columns of equal length, in the order in which the requests ended.

    Due times are whole microseconds from the beginning of the run; lateness and service time have 24 bits of
    precision (6e-8 of the value).
    """

    due_microseconds: array[int] = field(default_factory=lambda: array("I"))
    lateness_seconds: array[float] = field(default_factory=lambda: array("f"))
    service_seconds: array[float] = field(default_factory=lambda: array("f"))
    outcomes: array[int] = field(default_factory=lambda: array("I"))

    def __len__(self) -> int:
        return len(self.outcomes)

    def __iter__(self) -> Iterator[Sample]:
        for due, lateness, service, code in zip(
            self.due_microseconds, self.lateness_seconds, self.service_seconds, self.outcomes, strict=True
        ):
            yield Sample(
                due_seconds=due / MICROSECONDS,
                lateness_seconds=lateness,
                service_seconds=service,
                kind=Kind(code >> STATUS_BITS & KIND_MASK),
                status=code & STATUS_MASK,
                request=code >> REQUEST_SHIFT,
            )

    @property
    def bytes_per_sample(self) -> int:
        """What one sample takes in memory."""
        columns = (self.due_microseconds, self.lateness_seconds, self.service_seconds, self.outcomes)
        return sum(column.itemsize for column in columns)

    def kinds(self) -> dict[Kind, int]:
        """How many requests ended how, the most frequent first."""
        counts: Counter[Kind] = Counter()
        for code, count in Counter(self.outcomes).items():
            counts[Kind(code >> STATUS_BITS & KIND_MASK)] += count
        return dict(counts.most_common())

    def statuses(self) -> dict[int, int]:
        """How often each status came, the most frequent first; requests without one are not counted."""
        counts: Counter[int] = Counter()
        for code, count in Counter(self.outcomes).items():
            if code & STATUS_MASK:
                counts[code & STATUS_MASK] += count
        return dict(counts.most_common())

    def response_times(self, *, timeout_seconds: float) -> array[float]:
        """Response times in seconds for percentiles: a request that failed counts as the timeout, never as fast."""
        return array("f", self._counted(timeout_seconds, from_due=True))

    def service_times(self, *, timeout_seconds: float) -> array[float]:
        """Service times in seconds for percentiles: a request that failed counts as the timeout, never as fast."""
        return array("f", self._counted(timeout_seconds, from_due=False))

    def answered(self) -> Iterator[bool]:
        """Of each request, whether a whole response with a status below 400 came."""
        return (code >> STATUS_BITS & KIND_MASK == Kind.ANSWERED for code in self.outcomes)

    def finished_seconds(self) -> array[float]:
        """When each request ended, from the beginning of the run."""
        return array(
            "d",
            (
                due / MICROSECONDS + lateness + service
                for due, lateness, service in zip(
                    self.due_microseconds, self.lateness_seconds, self.service_seconds, strict=True
                )
            ),
        )

    def extend(self, others: Samples) -> None:
        """Add the samples of another generator."""
        self.due_microseconds.extend(others.due_microseconds)
        self.lateness_seconds.extend(others.lateness_seconds)
        self.service_seconds.extend(others.service_seconds)
        self.outcomes.extend(others.outcomes)

    def cut_to_whole(self) -> None:
        """Drop what an interruption left of a sample that was being written."""
        whole = min(
            len(self.due_microseconds), len(self.lateness_seconds), len(self.service_seconds), len(self.outcomes)
        )
        del self.due_microseconds[whole:], self.lateness_seconds[whole:]
        del self.service_seconds[whole:], self.outcomes[whole:]

    def _counted(self, timeout_seconds: float, *, from_due: bool) -> Iterator[float]:
        for lateness, service, code in zip(self.lateness_seconds, self.service_seconds, self.outcomes, strict=True):
            seconds = lateness + service if from_due else service
            failed = code >> STATUS_BITS & KIND_MASK
            yield max(seconds, timeout_seconds) if failed else seconds
