"""The settings that make the slots: workers, class, threads, and what a worker does with connections."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.sizing.constraints import Constraints
from advisor.sizing.limits import Size
from advisor.sizing.plan import Limit, PlannedSetting
from advisor.sizing.server_settings import front_end, unverified
from advisor.sizing.split import LimitName
from advisor.units import count, show_number
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release

# From here on a low worker_connections is relied upon. In 21.2, 22.0 and 23.0 it hangs workers for good: at the limit
# run() in gunicorn/workers/gthread.py polls no more, so an accepted connection that has sent nothing yet is never read
# (gunicorn issues 3146 and 3407; measured, docs/gthread.md). 24 has the rewritten loop (pull request 3519) and 20.1 an
# older one; neither hung when measured, but they are left alone: one load pattern, three runs.
CURED_SINCE = Release(25, 0, 0)
HANGS_FROM, HANGS_BEFORE = Release(21), Release(24)
# From here on closing waits for the client to close its end, up to 2 s, in the thread that accepts
# (close_graceful in gunicorn/util.py, called by finish_request in gunicorn/workers/gthread.py).
CLOSING_WAITS_SINCE = Release(26)
# Gunicorn's own default (gunicorn/config.py, WorkerConnections).
DEFAULT_WORKER_CONNECTIONS = 1000
# The keep-alive of whoever is in front must end first, or it sends a request into a connection that is just being
# closed (a sporadic 502). So much longer suffices for a clock tick and a round trip.
KEEPALIVE_MARGIN_SECONDS = 5
# nginx keeps an idle upstream connection for 60 s by default, an AWS load balancer too.
COMMON_IDLE_SECONDS = 60


def delivers_all_slots(release: Release, size: Size) -> bool:
    """Whether this release can be made to fill every slot before any request queues.

    Sync workers share one queue, the kernel's. A gthread worker takes up to ``worker_connections`` connections
    into a queue of its own, although its threads are busy and another worker's are idle.
    """
    return size.split.threads == 1 or size.split.workers == 1 or release >= CURED_SINCE


def worker_settings(
    workload: Workload, constraints: Constraints, size: Size, platform: Platform, release: Release
) -> Iterator[PlannedSetting]:
    """The settings that decide how many requests are served at once, in the order of the file."""
    workers, threads = size.split.workers, size.split.threads
    yield PlannedSetting(name="workers", value=workers, reason=_workers_reason(size), variable="WEB_CONCURRENCY")
    if threads == 1:
        yield PlannedSetting(
            name="worker_class",
            value="sync",
            reason="one request at a time in each worker; idle workers take the next request from one shared queue",
        )
        yield PlannedSetting(name="threads", value=1, reason=_one_thread_reason(workload, constraints, size))
        return
    yield PlannedSetting(
        name="worker_class",
        value="gthread",
        reason="a worker with threads; named, so that it does not silently follow from threads",
    )
    yield PlannedSetting(name="threads", value=threads, reason=_threads_reason(size))
    yield from _connections(size, platform, release)


def _connections(size: Size, platform: Platform, release: Release) -> Iterator[PlannedSetting]:
    threads = size.split.threads
    if release >= CURED_SINCE:
        yield PlannedSetting(
            name="worker_connections",
            value=threads,
            reason=f"as many as threads: a worker whose {count(threads, 'thread')} are busy leaves further connections "
            f"to the others; by default it takes {DEFAULT_WORKER_CONNECTIONS:,} and lets them queue",
        )
        yield PlannedSetting(
            name="keepalive",
            value=0,
            reason="an idle kept-alive connection would occupy one of the worker's "
            f"{count(threads, 'connection')}; the price is a new connection per request, which behind a proxy only a "
            "handler faster than a few milliseconds notices",
        )
        return
    yield keepalive_setting(platform)


def keepalive_setting(platform: Platform) -> PlannedSetting:
    """A keep-alive that outlasts that of whoever is in front."""
    idle = platform.idle_timeout_seconds
    seconds = (idle.value if idle else COMMON_IDLE_SECONDS) + KEEPALIVE_MARGIN_SECONDS
    front = front_end(platform) if idle else "nginx or a load balancer in front"
    limit = idle.value if idle else COMMON_IDLE_SECONDS
    note = unverified(idle) if idle else ""
    return PlannedSetting(
        name="keepalive",
        value=seconds,
        reason=f"longer than the {limit} s{note} that {front} keeps an idle connection, so that the other side closes "
        "it first and never sends a request into a closing one",
    )


def _workers_reason(size: Size) -> str:
    workers = size.split.workers
    row = {limit.name: limit for limit in size.limits}
    rule = row[LimitName.RULE.value]
    match size.binding:
        case LimitName.MEMORY if workers < (rule.value or workers):
            return f"what the memory holds: {row[LimitName.MEMORY.value].arithmetic}; {_rule_alone(rule)}"
        case LimitName.DATABASE if workers < (rule.value or workers):
            return f"so that the slots stay within {_connections_text(row)}; {_rule_alone(rule)}"
        case LimitName.DEMAND if workers < (rule.value or workers):
            return f"enough for the {count(size.demand.slots, 'slot')} asked for; {_rule_alone(rule)}"
    if workers < (rule.value or workers):
        return f"with {count(size.split.threads, 'thread')} each, the most slots that the limits allow"
    return f"{rule.arithmetic} = {workers}, Gunicorn's starting rule"


def _rule_alone(rule: Limit) -> str:
    return f"the rule alone gives {rule.value:,}" if rule.value is not None else ""


def _connections_text(rows: dict[str, Limit]) -> str:
    return count(rows[LimitName.DATABASE.value].value or 0, "database connection")


def _threads_reason(size: Size) -> str:
    workers, aim = size.split.workers, size.demand.slots
    if size.split.slots >= aim:
        return f"{count(aim, 'slot')} aimed for ÷ {count(workers, 'worker')} = {show_number(aim / workers)}" + (
            "" if aim == size.split.slots else ", rounded up"
        )
    return f"{count(aim, 'slot')} aimed for, cut to {size.split.slots:,} by the limit on {size.binding.bounded}"


def _one_thread_reason(workload: Workload, constraints: Constraints, size: Size) -> str:
    if workload.kind is Kind.CPU_BOUND:
        return "a CPU-bound request holds the GIL: further threads only take turns with the first"
    if workload.thread_safe.value is False:
        return "the app is not thread-safe"
    if size.split.slots >= size.demand.slots:
        return f"{count(size.split.workers, 'worker')} are slots enough for the {size.demand.slots:,} aimed for"
    if constraints.max_threads == 1:
        return "no more than one thread a worker was allowed"
    return f"the limit on {size.binding.bounded} leaves one thread a worker"
