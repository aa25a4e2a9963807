"""What a timeline of requests shows: how many were served at once, in which waves, and where slots stood idle.

Pure: it knows no server and no clock, only the times it is given.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTimes:
    """One request's own story; seconds since the first request was sent.

    ``started_seconds`` and ``finished_seconds`` are those of its handler, None where they are not known; ``worker``
    is the process that served it.
    """

    number: int
    sent_seconds: float
    answered_seconds: float
    started_seconds: float | None = None
    finished_seconds: float | None = None
    worker: int | None = None
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idling:
    """The longest stretch in which requests waited although this worker had a free slot, and up to how many."""

    duration_seconds: float
    worker: int
    free_slots: int


def estimated(timeline: Sequence[RequestTimes]) -> tuple[RequestTimes, ...]:
    """The same requests, with their handlers' times guessed from outside.

    The least latency of all stands for the time that the handler takes, and an answer for its end; a request without
    an answer stays without times.
    """
    latencies = [times.answered_seconds - times.sent_seconds for times in timeline if times.error is None]
    if not latencies:
        return tuple(timeline)
    service = min(latencies)
    return tuple(
        RequestTimes(
            number=times.number,
            sent_seconds=times.sent_seconds,
            answered_seconds=times.answered_seconds,
            started_seconds=None if times.error else times.answered_seconds - service,
            finished_seconds=None if times.error else times.answered_seconds,
            worker=times.worker,
            status=times.status,
            error=times.error,
        )
        for times in timeline
    )


def served_at_once(timeline: Sequence[RequestTimes]) -> int:
    """The greatest number of handlers that ran at the same time."""
    changes = sorted(
        [(start, 1) for start, _ in _intervals(timeline)] + [(end, -1) for _, end in _intervals(timeline)]
    )  # at the same instant an end counts before a start
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return most


def waves(timeline: Sequence[RequestTimes]) -> tuple[tuple[RequestTimes, ...], ...]:
    """The requests in waves: a new one begins with the first handler that starts after one of the last wave ended.

    Requests whose handler never started are in none.
    """
    found: list[list[RequestTimes]] = []
    first_end = -math.inf
    for times, (start, end) in sorted(
        zip(_started(timeline), _intervals(timeline), strict=True), key=lambda pair: pair[1]
    ):
        if start >= first_end:
            found.append([])
            first_end = math.inf
        found[-1].append(times)
        first_end = min(first_end, end)
    return tuple(map(tuple, found))


def service_seconds(timeline: Sequence[RequestTimes]) -> float | None:
    """The median time that a handler took; None when none finished."""
    durations = sorted(end - start for start, end in _intervals(timeline) if math.isfinite(end))
    return durations[len(durations) // 2] if durations else None


def requests_per_worker(timeline: Sequence[RequestTimes]) -> dict[int, int]:
    """How many requests each worker took, the busiest first."""
    return dict(Counter(times.worker for times in timeline if times.worker is not None).most_common())


def idling(timeline: Sequence[RequestTimes], slots_per_worker: int, workers: Sequence[int]) -> Idling | None:
    """The longest stretch in which requests waited although a worker had a free slot; None when there was none."""
    known = _started(timeline)
    last = max((times.answered_seconds for times in timeline), default=0.0)
    moments = sorted(
        {moment for times in known for moment in (times.sent_seconds, times.started_seconds or 0.0)}
        | {min(end, last) for _, end in _intervals(known)}
    )
    longest: Idling | None = None
    since: dict[int, float] = {}
    free: Counter[int] = Counter()
    for begin, end in itertools.pairwise(moments):
        waiting = any(times.sent_seconds <= begin < (times.started_seconds or 0.0) for times in known)
        busy = Counter(times.worker for times in known if _runs(times, begin))
        for worker in workers:
            slots = slots_per_worker - busy[worker]
            if not waiting or slots <= 0:
                since.pop(worker, None)
                free[worker] = 0
                continue
            free[worker] = max(free[worker], slots)
            idle = Idling(
                duration_seconds=end - since.setdefault(worker, begin), worker=worker, free_slots=free[worker]
            )
            longest = idle if longest is None else max(longest, idle, key=_weight)
    return longest


def _weight(idle: Idling) -> tuple[float, int]:
    return idle.duration_seconds, idle.free_slots


def _runs(times: RequestTimes, moment: float) -> bool:
    end = math.inf if times.finished_seconds is None else times.finished_seconds
    return times.started_seconds is not None and times.started_seconds <= moment < end


def _started(timeline: Sequence[RequestTimes]) -> list[RequestTimes]:
    return [times for times in timeline if times.started_seconds is not None]


def _intervals(timeline: Sequence[RequestTimes]) -> Iterator[tuple[float, float]]:
    """The start and the end of each handler that started; one that has not finished never ends."""
    for times in timeline:
        if times.started_seconds is not None:
            yield times.started_seconds, math.inf if times.finished_seconds is None else times.finished_seconds
