"""What speaks against a measurement: each doubt with its number, its limit, and the next step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop
from advisor.measure.bench.binding import UNEVEN, Binding, Bound, binding, slots, unevenness
from advisor.measure.bench.disturbances import disturbances
from advisor.measure.bench.doubt import Code, Doubt, Severity, percent, rate
from advisor.measure.bench.summary import Summary
from advisor.measure.bench.trial import Trial
from advisor.measure.bench.unsteadiness import unsteadiness
from advisor.units import count

# One failure in a hundred leaves throughput and median within a hundredth.
ERROR_LIMIT = 0.01
# The same for answers that are none of the page that was asked for.
REDIRECT_LIMIT = 0.01
# RFC 9110, section 15.4: those that name another address.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_NEXT_STEPS = {
    Kind.CLIENT_ERROR: "check the path, the method and the headers: the app refuses the request",
    Kind.SERVER_ERROR: "look for the error in Gunicorn's log, and request the path by hand",
    Kind.TIMEOUT: "send less load, or wait longer with --timeout",
    Kind.REFUSED: "send less load: the server takes no more connections (`backlog`), or it has ended",
    Kind.RESET: "look for workers that crash or are killed in Gunicorn's log (`timeout`, memory)",
    Kind.SHORT: "look for workers that crash or are killed in Gunicorn's log (`timeout`, memory)",
    Kind.MALFORMED: "check that the address is that of an HTTP server",
    Kind.LOCAL: "raise the limit of open files (`ulimit -n`), or send less load: the load failed, not the server",
}
_FAILURES = {
    Kind.CLIENT_ERROR: "status 4xx",
    Kind.SERVER_ERROR: "status 5xx",
    Kind.TIMEOUT: "timeout",
    Kind.REFUSED: "refused connection",
    Kind.RESET: "broken connection",
    Kind.SHORT: "short answer",
    Kind.MALFORMED: "answer that is not HTTP",
    Kind.LOCAL: "no file or port left here",
}


def doubts(
    trials: Sequence[Trial], summary: Summary, *, cpus: float | None, most_per_second: float | None = None
) -> tuple[Doubt, ...]:
    """All doubts about one configuration's trials, those that make the figures invalid first.

    ``summary`` is that of the trials, ``cpus`` the CPU budget of this machine; None when it is not known.
    ``most_per_second`` is the most that a closed loop may send to a server on another machine; None for one on this.
    """
    found = [
        *_answers(summary),
        *_redirects(summary),
        *_overload(summary),
        *disturbances(trials, summary, cpus=cpus, most_per_second=most_per_second),
        *_saturation(trials, summary, binding(trials[0], summary, cpus=cpus)),
        *unsteadiness(trials, summary),
        *_exited(summary),
    ]
    return tuple(sorted(found, key=lambda doubt: doubt.severity is not Severity.INVALID))


def failure_text(kind: Kind) -> str:
    """How a request failed, in words: ``status 5xx``, ``timeout``."""
    return _FAILURES[kind]


def _answers(summary: Summary) -> Iterator[Doubt]:
    share = summary.error_share
    if share is None:
        yield Doubt(
            code=Code.NO_ANSWERS,
            severity=Severity.INVALID,
            what="no request came due in the measured time",
            observed=0,
            limit=1,
            next_step="measure for longer with --seconds, or send more load",
        )
        return
    if not share:
        return
    kind = next(iter(summary.errors))
    local = summary.kinds.get(Kind.LOCAL, 0) > 0
    status = next((status for status in summary.statuses if kind in (Kind.CLIENT_ERROR, Kind.SERVER_ERROR)), None)
    failed = f"{summary.failed:,} of {count(summary.samples, 'request')} failed ({percent(share)}"
    named = f"status {status}" if status is not None and summary.failed == summary.samples else _FAILURES[kind]
    yield Doubt(
        code=Code.ERRORS,
        severity=Severity.INVALID if share > ERROR_LIMIT or local else Severity.NOTE,
        what=f"{failed}, at most {percent(ERROR_LIMIT)}), mostly: {named}",
        observed=share,
        limit=ERROR_LIMIT,
        next_step=_NEXT_STEPS[Kind.LOCAL if local else kind],
    )


def _redirects(summary: Summary) -> Iterator[Doubt]:
    """Answers that are quick since they send the client elsewhere: to a slash at the end, or to log in."""
    found = {status: number for status, number in summary.statuses.items() if status in _REDIRECTS}
    share = sum(found.values()) / summary.samples if summary.samples else 0.0
    if share <= REDIRECT_LIMIT:
        return
    yield Doubt(
        code=Code.REDIRECTS,
        severity=Severity.NOTE,
        what=f"{percent(share)} of the answers were redirects (status {', '.join(map(str, found))}): the pages that"
        " they lead to were not requested",
        observed=share,
        limit=REDIRECT_LIMIT,
        next_step="name those pages with --path, or log in with --header 'Cookie: ...'",
    )


def _overload(summary: Summary) -> Iterator[Doubt]:
    if not summary.overloaded or summary.backlog_per_second is None:
        return
    yield Doubt(
        code=Code.OVERLOADED,
        severity=Severity.INVALID,
        what=f"overloaded: {rate(summary.offered_per_second)} requests/s came due, and the backlog grew by"
        f" {rate(summary.backlog_per_second)}/s; response times grow with the length of such a run",
        observed=summary.backlog_per_second,
        limit=0.0,
        next_step=f"stay below what was answered: --rate {rate_below(summary.achieved_per_second):g}"
        if summary.achieved_per_second > 0
        else "see first why nothing was answered: request the path by hand",
    )


def rate_below(capacity: float) -> float:
    """A round rate at seven tenths of a capacity, where queues are short."""
    wanted = max(0.7 * capacity, 0.1)
    step = 10.0 ** (math.floor(math.log10(wanted)) - 1)
    return round(math.floor(wanted / step) * step, 6)


def _saturation(trials: Sequence[Trial], summary: Summary, bound: Binding | None) -> Iterator[Doubt]:
    settings, loop = trials[0].settings, trials[0].plan.loop
    if bound is None or settings is None or not isinstance(loop, ClosedLoop):
        return
    if bound.bound is Bound.CLIENTS:
        room = slots(settings)
        yield Doubt(
            code=Code.NOT_SATURATED,
            severity=Severity.INVALID,
            what=f"{bound.why}, and the CPUs were not full: this is what so many clients ask for, not the capacity",
            observed=loop.clients,
            limit=room,
            next_step=f"send more: --clients {2 * room}; or find the latency at a rate of your own, with --rate",
        )
    elif bound.bound is Bound.UNEVEN_SLOTS:
        yield Doubt(
            code=Code.UNEVEN,
            severity=Severity.NOTE,
            what=f"the slots were not full: {bound.why}",
            observed=unevenness(summary) or 0.0,
            limit=UNEVEN,
            next_step="behind a proxy, worker_connections = threads and keepalive = 0 (Gunicorn 25 and later) leave to"
            " the others what a worker has no thread for",
        )


def _exited(summary: Summary) -> Iterator[Doubt]:
    if summary.exited_workers:
        yield Doubt(
            code=Code.WORKERS_EXITED,
            severity=Severity.NOTE,
            what=f"{count(summary.exited_workers, 'worker')} ended under the load and had to be replaced",
            observed=summary.exited_workers,
            limit=0,
            next_step="see in Gunicorn's log whether they crashed, or reached max_requests",
        )
