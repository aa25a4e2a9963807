"""Judges whether a configuration serves as many requests at once as it promises, and why not.

Pure: fed with the times that were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.measure.server_events import ServerSettings
from advisor.measure.timeline import (
    RequestTimes,
    estimated,
    idling,
    requests_per_worker,
    served_at_once,
    service_seconds,
    waves,
)
from gunicorn_conf.release import Release

# From this release on a low worker_connections is offered as the cure. Measured on 3 x 3 (docs/concurrency.md):
# 21.2, 22.0 and 23.0 stop for good with it, as a gthread worker at its limit no longer looks whether accepted
# connections have sent anything; 20.1, 24.1, 25.3 and 27.0 did not, but hangs of 24 and older are on record elsewhere.
FIRST_RELEASE_WITH_CURE = Release(25)
_FIRST_RELEASE_THAT_STOPS = Release(21)
_FIRST_RELEASE_REWRITTEN = Release(24)

# A free slot is noticed within a turn of the worker's loop, a few ms; on a busy machine it may take the scheduler
# longer. Only a longer stretch counts as idling: this long, or this share of what a request takes.
_TOLERATED_IDLE_SECONDS = 0.1
_TOLERATED_IDLE_SHARE = 0.2
# Handlers overlap for certain only when each takes this many times as long as it takes to send all requests.
_SERVICE_TO_SPREAD = 2.0
_FIRST_SERVER_ERROR = 500
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyResult:
    """What N requests sent at the same moment showed.

    ``path`` is what was requested; the whole address when gcadvise did not start the server. ``promised`` is how many
    requests the configuration says it serves at once, None where it promises no number. ``kept`` is None when it
    cannot be told; ``reason`` says why it was not kept or cannot be told, ``cure`` what to change. ``workers`` are
    the processes that were ready before the requests; empty when they are not known. ``is_estimated``: the handlers'
    times are guessed from outside, as the workers do not report them. ``log`` is what Gunicorn printed, when requests
    or workers failed.
    """

    name: str
    path: str
    settings: ServerSettings | None
    promised: int | None
    served_at_once: int
    waves: tuple[int, ...]
    total_seconds: float
    kept: bool | None
    reason: str
    cure: str
    is_estimated: bool
    workers: tuple[int, ...]
    log: str
    timeline: tuple[RequestTimes, ...]

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return len(self.timeline)

    @property
    def expected(self) -> int | None:
        """How many of these requests should have been served at once."""
        return None if self.promised is None else min(self.promised, self.requests)

    @property
    def requests_per_worker(self) -> dict[int, int]:
        """How many requests each worker took, the busiest first; empty when the workers are not known."""
        return requests_per_worker(self.timeline)


def promised_by(settings: ServerSettings) -> int | None:
    """How many requests a configuration promises to serve at once; None where its worker class promises no number."""
    slots = slots_per_worker(settings)
    return None if slots is None else settings.workers * slots


def slots_per_worker(settings: ServerSettings) -> int | None:
    """How many requests one worker promises to serve at once."""
    match settings.worker_class:
        case "sync":
            return 1
        case "gthread":
            return min(settings.threads, settings.worker_connections)
        case "gevent" | "eventlet":
            return settings.worker_connections
        case _:
            return None


def analyse(
    timeline: Sequence[RequestTimes],
    *,
    name: str,
    path: str,
    settings: ServerSettings | None,
    promised: int | None,
    workers: Sequence[int] = (),
    exited_workers: Sequence[int] = (),
    log: str = "",
) -> ConcurrencyResult:
    """Judge a timeline.

    ``workers`` are the processes that were ready before the requests, ``exited_workers`` those of them that ended
    meanwhile; ``log`` is kept when something failed. Without any handler's times in the timeline, they are estimated.
    """
    guessed = all(times.started_seconds is None for times in timeline)
    timeline = estimated(timeline) if guessed else tuple(timeline)
    kept, reason, cure = _judge(timeline, settings, promised, workers, exited_workers, guessed)
    return ConcurrencyResult(
        name=name,
        path=path,
        settings=settings,
        promised=promised,
        served_at_once=served_at_once(timeline),
        waves=tuple(len(wave) for wave in waves(timeline)),
        total_seconds=max((times.answered_seconds for times in timeline), default=0.0),
        kept=kept,
        reason=reason,
        cure=cure,
        is_estimated=guessed,
        workers=tuple(sorted({*workers, *requests_per_worker(timeline)})),
        log=log if kept is False and _failure(timeline, exited_workers) else "",
        timeline=tuple(sorted(timeline, key=_by_start)),
    )


def _by_start(times: RequestTimes) -> tuple[bool, float, float]:
    return times.started_seconds is None, times.started_seconds or 0.0, times.sent_seconds


def _judge(
    timeline: tuple[RequestTimes, ...],
    settings: ServerSettings | None,
    promised: int | None,
    workers: Sequence[int],
    exited_workers: Sequence[int],
    guessed: bool,
) -> tuple[bool | None, str, str]:
    failure = _failure(timeline, exited_workers)
    if failure is not None:
        return failure
    most = served_at_once(timeline)
    if promised is None:
        whose = "this server" if settings is None else f"the worker class {settings.worker_class}"
        return None, f"{whose} promises no number; {most} were served at once", ""
    service = service_seconds(timeline) or 0.0
    if not guessed and settings is not None:
        uneven = _unevenness(timeline, settings, promised, workers, service)
        if uneven is not None:
            return uneven
    expected = min(promised, len(timeline))
    if most >= expected:
        if expected == 1 < promised:
            return None, f"one request cannot show whether {promised} are served at once", "send more with --requests"
        return True, "", ""
    spread = max(times.sent_seconds for times in timeline) - min(times.sent_seconds for times in timeline)
    if service < max(_SERVICE_TO_SPREAD * spread, _TOLERATED_IDLE_SECONDS):
        return (
            None,
            f"the handler takes {_seconds(service)}; to send all took {_seconds(spread)}, so they need not overlap",
            "choose a slower path with --path, such as /io?seconds=2 of the sample app",
        )
    return False, f"{most} of {expected} were served at once; the times do not show why", ""


def _failure(timeline: tuple[RequestTimes, ...], exited_workers: Sequence[int]) -> tuple[bool | None, str, str] | None:
    """Requests that failed, and workers that died: then nothing else counts."""
    unanswered = [times for times in timeline if times.error is not None]
    if unanswered:
        kinds = {kind: sum(times.error == kind for times in unanswered) for kind in ("timeout", "refused")}
        kinds["connection broken"] = len(unanswered) - sum(kinds.values())
        told = ", ".join(f"{kind}: {number}" for kind, number in kinds.items() if number)
        died = "; " + _ended(exited_workers) if exited_workers else ""
        cure = "give them longer with --timeout, or look in the log for what they waited for"
        return False, f"{len(unanswered)} of {len(timeline)} requests got no answer ({told}){died}", cure
    if exited_workers:
        return False, _ended(exited_workers), "look in the log for a crash, a timeout, or max_requests"
    failed = [times.status for times in timeline if times.status is not None and times.status >= _FIRST_SERVER_ERROR]
    if failed:
        return False, f"the app answered {failed[0]} to {len(failed)} of {len(timeline)} requests", "look in the log"
    refused = [times.status for times in timeline if times.status is not None and times.status >= _FIRST_ERROR]
    if refused:
        reason = f"the app answered {refused[0]} to {len(refused)} of {len(timeline)} requests"
        return None, reason, "choose a path that the app serves with --path"
    return None


def _ended(workers: Sequence[int]) -> str:
    named = ", ".join(str(worker) for worker in workers)
    return (
        f"worker {named} ended while requests ran" if len(workers) == 1 else f"workers {named} ended while requests ran"
    )


def _unevenness(
    timeline: tuple[RequestTimes, ...],
    settings: ServerSettings,
    promised: int,
    workers: Sequence[int],
    service: float,
) -> tuple[bool, str, str] | None:
    """Requests that waited for one worker while another had a free slot."""
    slots = promised // settings.workers
    idle = idling(timeline, slots, workers)
    tolerated = max(_TOLERATED_IDLE_SECONDS, _TOLERATED_IDLE_SHARE * service)
    if idle is None or idle.duration_seconds <= tolerated:
        return None
    busiest, taken = next(iter(requests_per_worker(timeline).items()))
    threads = "thread" if slots == 1 else "threads"
    free = "1 idle thread" if idle.free_slots == 1 else f"up to {idle.free_slots} idle threads"
    reason = (
        f"worker {busiest} took {taken} requests for its {slots} {threads}, while worker {idle.worker} had {free} "
        f"for {_seconds(idle.duration_seconds)}"
    )
    return False, reason, _cure(settings)


def _cure(settings: ServerSettings) -> str:
    if settings.worker_class != "gthread":
        return ""
    settled = f"worker_connections = {settings.threads} and keepalive = 0"
    release = Release.parse(settings.gunicorn)
    if release < FIRST_RELEASE_WITH_CURE:
        stops = _FIRST_RELEASE_THAT_STOPS <= release < _FIRST_RELEASE_REWRITTEN
        danger = f" (on {release} that stops workers for good)" if stops else ""
        return (
            f"upgrade to Gunicorn 25 or later, then set {settled}{danger}; until then, fewer workers with more threads "
            "each, or sync workers, are more even"
        )
    if settings.worker_connections <= settings.threads and settings.keepalive == 0:
        return ""
    return f"behind a proxy, set {settled}: a worker then leaves to the others what it has no thread for"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
