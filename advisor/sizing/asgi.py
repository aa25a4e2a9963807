"""A plan for an ASGI app: event loops instead of threads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from advisor.sizing.constraints import Constraints
from advisor.sizing.memory import ARBITER_BYTES, budget, plan_bytes
from advisor.sizing.plan import Plan, PlannedSetting
from advisor.sizing.server_settings import graceful_timeout, heartbeat_timeout
from advisor.sizing.worker_settings import keepalive_setting
from advisor.units import count, show_bytes, show_cpus
from gunicorn_conf.platforms import Platform, platform
from gunicorn_conf.read.oryx import UVICORN_WORKER
from gunicorn_conf.release import NEWEST_KNOWN, Release

# Settings that a worker with an event loop does not read, or that are decided here.
_REPLACED = ("workers", "worker_class", "threads", "worker_connections", "keepalive", "timeout", "graceful_timeout")


def for_asgi(plan: Plan, constraints: Constraints) -> Plan:
    """The plan with uvicorn's worker class: one event loop, and so one worker, for each CPU, as far as memory allows.

    What the plan says of slots does not hold for it: an event loop takes any number of requests that wait.
    """
    place = platform(plan.host.platform.value or "bare")
    workers, why = _workers(plan, constraints)
    kept = [setting for setting in plan.settings if setting.name not in _REPLACED]
    settings = [kept[0], *_settings(plan, place, workers, why), *kept[1:]]
    worker_bytes = plan.workload.worker_memory_bytes.value or 0
    capacity = replace(plan.capacity, memory_bytes=plan_bytes(workers, 1, worker_bytes))
    return replace(plan, settings=tuple(settings), capacity=capacity, limits=(), warnings=tuple(_warnings(plan)))


def loops(cpus: float) -> int:
    """One for each whole CPU, at least one."""
    return max(1, math.floor(cpus))


def _workers(plan: Plan, constraints: Constraints) -> tuple[int, str]:
    cpus, memory = plan.host.cpus.value or 0.0, budget(plan.host, constraints).value
    wanted = loops(cpus)
    worker_bytes = plan_bytes(1, 1, plan.workload.worker_memory_bytes.value or 0) - ARBITER_BYTES
    fitting = wanted if memory is None else max(1, (memory - ARBITER_BYTES) // worker_bytes)
    if fitting < wanted:
        return fitting, f"what {show_bytes(memory or 0)} hold at {show_bytes(worker_bytes)} each"
    return wanted, f"one event loop for each of {show_cpus(cpus)}: it keeps one CPU busy, and waiting costs it nothing"


def _settings(plan: Plan, place: Platform, workers: int, why: str) -> Iterator[PlannedSetting]:
    yield PlannedSetting(name="workers", value=workers, reason=why, variable="WEB_CONCURRENCY")
    yield PlannedSetting(
        name="worker_class",
        value=UVICORN_WORKER,
        reason="an ASGI app needs an event loop (package uvicorn-worker); threads have no effect on it",
    )
    yield keepalive_setting(place)
    if plan.value("timeout") == 0:
        yield next(setting for setting in plan.settings if setting.name == "timeout")
    else:
        found = plan.host.gunicorn.value
        release = NEWEST_KNOWN if found is None else Release.parse(found)
        yield heartbeat_timeout(place, release, "an event loop that waits for a request still beats")
    yield graceful_timeout(place, 0)


def _warnings(plan: Plan) -> Iterator[str]:
    yield (
        "Code that blocks (a database driver without async, a computation) stops every request of its worker: "
        "run it in a thread, or add workers with WEB_CONCURRENCY."
    )
    connections = next((limit.value for limit in plan.limits if limit.name == "database connections"), None)
    if connections is not None:
        share = count(connections, "database connection")
        yield f"Divide {share} by the workers, and give each worker's pool no more: nothing else bounds them here."
    yield from (text for text in plan.warnings if text in platform(plan.host.platform.value or "bare").notes)
