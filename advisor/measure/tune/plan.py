"""The plan of the winner: its settings with what was measured as the reason, the others as for this host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.host.host import Host
from advisor.measure.server_events import ServerSettings
from advisor.measure.tune.option import Option
from advisor.model.shape import Shape, WorkerClass
from advisor.sizing.constraints import Constraints
from advisor.sizing.demand import Demand
from advisor.sizing.limits import Size
from advisor.sizing.memory import budget
from advisor.sizing.plan import Capacity, Plan, PlannedSetting
from advisor.sizing.server_settings import bind_setting, graceful_timeout, heartbeat_timeout, server_settings
from advisor.sizing.split import LimitName, Split
from advisor.sizing.worker_settings import CURED_SINCE, DEFAULT_WORKER_CONNECTIONS, keepalive_setting
from advisor.units import count
from advisor.workload.workload import Workload
from gunicorn_conf.platforms import Platform, platform
from gunicorn_conf.release import NEWEST_KNOWN, Release


def tuned_plan(
    host: Host,
    workload: Workload,
    constraints: Constraints,
    option: Option,
    *,
    reason: str,
    per_second: float,
    memory_bytes: int,
) -> Plan:
    """The plan that makes ``option``; ``reason`` is a sentence with what was measured of it."""
    release = NEWEST_KNOWN if host.gunicorn.value is None else Release.parse(host.gunicorn.value)
    place = platform(host.platform.value or "bare")
    shape = option.shape
    size = Size(
        split=Split(workers=shape.workers, threads=option.threads),
        demand=Demand(slots=shape.slots, arithmetic="measured", asked=True),
        limits=(),
        binding=LimitName.DEMAND,
    )
    others = tuple(server_settings(host, workload, constraints, size, place, release))
    if option.event_loop is not None:
        others = tuple(_of_an_event_loop(others, place, release))
    return Plan(
        host=host,
        workload=workload,
        settings=(bind_setting(place), *_concurrency(option, reason, place, release), *others),
        limits=(),
        capacity=Capacity(
            concurrent_requests=shape.slots,
            delivered=shape.takes_only_what_it_serves or shape.workers == 1,
            requests_per_second=per_second,
            memory_bytes=memory_bytes,
            memory_budget_bytes=budget(host, constraints).value,
            database_connections=shape.slots,
        ),
        assumptions=(),
        warnings=(),
    )


def option_of(settings: ServerSettings) -> Option:
    """The option that a server's settings amount to."""
    if settings.worker_class not in {member.value for member in WorkerClass}:
        return Option(
            shape=Shape(worker_class=WorkerClass.SYNC, workers=settings.workers), event_loop=settings.worker_class
        )
    if settings.worker_class == WorkerClass.SYNC.value:
        return Option(shape=Shape(worker_class=WorkerClass.SYNC, workers=settings.workers))
    return Option(
        shape=Shape(
            worker_class=WorkerClass.GTHREAD,
            workers=settings.workers,
            threads=settings.threads,
            worker_connections=settings.worker_connections,
            keepalive=settings.keepalive,
        )
    )


def _concurrency(option: Option, reason: str, place: Platform, release: Release) -> Iterator[PlannedSetting]:
    shape = option.shape
    yield PlannedSetting(name="workers", value=shape.workers, reason=reason, variable="WEB_CONCURRENCY")
    if option.event_loop is not None:
        yield PlannedSetting(
            name="worker_class", value=option.event_loop, reason="an event loop; threads have no effect on it"
        )
        yield keepalive_setting(place)
        return
    if shape.worker_class is WorkerClass.SYNC:
        yield PlannedSetting(
            name="worker_class",
            value="sync",
            reason="one request at a time in each worker; idle workers take the next request from one shared queue",
        )
        yield PlannedSetting(
            name="threads", value=1, reason="measured: no configuration with threads was worth its memory"
        )
        return
    yield PlannedSetting(
        name="worker_class",
        value="gthread",
        reason="a worker with threads; named, so that it does not silently follow from threads",
    )
    yield PlannedSetting(name="threads", value=shape.threads, reason="measured together with workers")
    if not shape.takes_only_what_it_serves or release < CURED_SINCE:
        yield keepalive_setting(place)
        return
    yield PlannedSetting(
        name="worker_connections",
        value=shape.worker_connections,
        reason=f"as many as threads: a worker whose {count(shape.threads, 'thread')} are busy leaves further "
        f"connections to the others; by default it takes {DEFAULT_WORKER_CONNECTIONS:,} and lets them queue",
    )
    yield PlannedSetting(
        name="keepalive",
        value=shape.keepalive,
        reason="measured with it: an idle kept-alive connection would occupy one of the worker's "
        f"{count(shape.worker_connections, 'connection')}",
    )


def _of_an_event_loop(
    settings: tuple[PlannedSetting, ...], place: Platform, release: Release
) -> Iterator[PlannedSetting]:
    """The other settings, where they speak of a worker that serves one request at a time."""
    for setting in settings:
        if setting.name == "timeout" and setting.value:
            yield heartbeat_timeout(place, release, "an event loop that waits for a request still beats")
        elif setting.name == "graceful_timeout":
            yield graceful_timeout(place, 0)
        else:
            yield replace(setting)
