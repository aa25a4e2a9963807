"""The settings that make the chosen configuration; each reason speaks of the measured and the predicted figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

from advisor.model.prediction import Prediction
from advisor.model.shape import WorkerClass
from advisor.sizing.by_model.choice import Bound, Choice
from advisor.sizing.plan import PlannedSetting
from advisor.sizing.worker_settings import CURED_SINCE, DEFAULT_WORKER_CONNECTIONS, keepalive_setting
from advisor.units import count, show_duration, show_number
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release

# From here on the digits behind the point of a predicted throughput mean nothing.
_WHOLE_FROM = 10


def choice_settings(
    choice: Choice, platform: Platform, release: Release, *, thread_safe: bool, max_threads: int
) -> Iterator[PlannedSetting]:
    """Workers, class, threads and connections, in the order of the file."""
    shape = choice.chosen.shape
    yield PlannedSetting(name="workers", value=shape.workers, reason=_workers(choice), variable="WEB_CONCURRENCY")
    if shape.worker_class is WorkerClass.SYNC:
        yield PlannedSetting(
            name="worker_class",
            value="sync",
            reason="one request at a time in each worker; idle workers take the next request from one shared queue",
        )
        yield PlannedSetting(
            name="threads", value=1, reason=_one_thread(choice, thread_safe=thread_safe, max_threads=max_threads)
        )
        return
    yield PlannedSetting(
        name="worker_class",
        value="gthread",
        reason="a worker with threads; named, so that it does not silently follow from threads",
    )
    yield PlannedSetting(name="threads", value=shape.threads, reason=_threads(choice))
    yield from _connections(choice, platform, release)


def rate(one: Prediction) -> str:
    """A predicted throughput without its unit."""
    return show_rate(one.throughput.per_second)


def show_rate(per_second: float) -> str:
    """Requests per second: ``1,240``, ``3.4``."""
    return f"{per_second:,.0f}" if per_second >= _WHOLE_FROM else show_number(per_second)


def duration(seconds: float) -> str:
    """A measured or predicted time with the three digits that it is good for: ``15.5 ms``, ``210 ms``, ``1.25 s``."""
    if seconds <= 0:
        return "0 ms"
    digits = 2 - math.floor(math.log10(seconds))
    return show_duration(round(seconds, max(0, digits)))


def _workers(choice: Choice) -> str:
    workers, rule = choice.chosen.shape.workers, choice.rule.shape.workers
    fewer = choice.one_worker_fewer
    if choice.bound is Bound.MEMORY:
        why = f"what the memory holds at the measured size; {rate(choice.chosen)} requests/s are predicted"
    elif choice.bound is Bound.DATABASE:
        why = f"so that the slots stay within the database connections; {rate(choice.chosen)} requests/s are predicted"
    elif workers == 1:
        most = "" if choice.chosen is choice.fastest else f", and {rate(choice.fastest)} at most with more"
        why = f"{rate(choice.chosen)} requests/s are predicted with one worker{most}"
    elif fewer is None:
        why = f"{rate(choice.chosen)} requests/s are predicted"
    else:
        why = (
            f"{rate(choice.chosen)} requests/s are predicted, and with {fewer.shape.workers:,} at most {rate(fewer)} "
            f"(bound by the {fewer.throughput.binding.value})"
        )
    return why + ("; Gunicorn's starting rule gives as many" if rule == workers else f"; the rule gives {rule:,}")


def _threads(choice: Choice) -> str:
    request = choice.cost.request
    waits = f"a request waits {duration(request.wait_seconds)} of {duration(request.service_seconds)} (measured)"
    half = choice.half_the_threads
    if half is None:
        return waits
    with_half = "one thread" if half.shape.threads == 1 else f"{half.shape.threads} threads"
    return f"{waits}: with {with_half} each {rate(half)} requests/s are predicted instead of {rate(choice.chosen)}"


def _one_thread(choice: Choice, *, thread_safe: bool, max_threads: int) -> str:
    if not thread_safe:
        return "the app is not thread-safe"
    if max_threads == 1:
        return "no more than one thread a worker was allowed"
    if choice.bound is Bound.THREADS:
        return "no more threads were allowed"
    request = choice.cost.request
    return (
        f"a request computes for {duration(request.cpu_seconds)} of {duration(request.service_seconds)} "
        "(measured): no configuration with threads is predicted to serve clearly more for the same memory"
    )


def _connections(choice: Choice, platform: Platform, release: Release) -> Iterator[PlannedSetting]:
    shape = choice.chosen.shape
    if release < CURED_SINCE:  # worker_connections is left alone: there a low one hangs workers, or may
        yield keepalive_setting(platform)
        return
    if shape.takes_only_what_it_serves:
        yield PlannedSetting(
            name="worker_connections",
            value=shape.worker_connections,
            reason=f"as many as threads: a worker whose {count(shape.threads, 'thread')} are busy leaves further "
            f"connections to the others; by default it takes {DEFAULT_WORKER_CONNECTIONS:,} and lets them queue",
        )
        yield PlannedSetting(
            name="keepalive",
            value=0,
            reason="an idle kept-alive connection would occupy one of the worker's "
            f"{count(shape.worker_connections, 'connection')}; {_price(choice)}",
        )
        return
    yield PlannedSetting(
        name="worker_connections",
        value=shape.worker_connections,
        reason="Gunicorn's default, so that the clients' idle connections have room: a new connection for each request "
        f"costs more here than the uneven queues do ({_instead(choice)})",
    )
    yield keepalive_setting(platform)


def _price(choice: Choice) -> str:
    if not choice.load.demand.kept_alive:
        return "clients are taken to open a new one for each request anyway"
    return f"the price is a new connection per request ({_instead(choice)})"


def _instead(choice: Choice) -> str:
    other = choice.other_policy
    if other is None:
        return f"{rate(choice.chosen)} requests/s are predicted"
    name = "with Gunicorn's default" if choice.chosen.shape.takes_only_what_it_serves else "with as many as threads"
    return f"{rate(choice.chosen)} requests/s are predicted, {rate(other)} {name}"
