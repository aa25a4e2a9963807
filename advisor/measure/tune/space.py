"""The options that tune may choose from: class × workers × threads within the limits, each with a forecast."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from advisor.measure.tune.option import Forecast, Option
from advisor.model.prediction import Prediction
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.sizing.by_model.space import default_connections
from advisor.sizing.demand import rule_workers
from advisor.sizing.worker_settings import COMMON_IDLE_SECONDS, CURED_SINCE, KEEPALIVE_MARGIN_SECONDS
from advisor.units import count, show_bytes
from advisor.workload.cost import MemoryCost
from gunicorn_conf.errors import DoesNotFit
from gunicorn_conf.release import Release

# Two neighbours differ by a fifth to a half: closer ones cannot be told apart by runs of seconds.
_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
_THREADS = (2, 4, 8, 16, 32, 64, 128, 256)
# Beyond four workers a CPU, threads beside them only add context switches; measured on 2 CPUs, where more than
# 5 workers never gained.
_WORKERS_PER_CPU = 4
# More sync workers than this only where threads are not allowed: the same slots cost a fraction of the memory as
# threads, and each run would take as long to start as to measure.
_SYNC_WORKERS_PER_CPU = 16
# A single CPU, or half of one, still deserves a look at some workers.
_LEAST_WORKERS = 5
# Slots that no client can fill change nothing; half as many again make up for their uneven spread over the workers.
_SLOTS_PER_CLIENT = 1.5
# For connections that are kept: longer than whoever is in front keeps an idle one.
KEPT_ALIVE_SECONDS = COMMON_IDLE_SECONDS + KEEPALIVE_MARGIN_SECONDS
# An event loop computes for one request at a time and lets any number wait, as so many threads would.
_STAND_IN_THREADS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an option must keep within; None where there is no limit."""

    cpus: float
    clients: int
    memory_bytes: int | None
    db_connections: int | None
    max_workers: int | None
    max_threads: int
    """1 where threads are not allowed."""
    kept_alive: bool = False
    """Whether clients keep their connections: then workers that keep them are tried too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The forecasts of all options, what was predicted too big for the memory, and how many options that were."""

    forecasts: tuple[Forecast, ...]
    notes: tuple[str, ...]

    def find(self, name: str) -> Forecast | None:
        """The forecast of the option of that name."""
        return next((forecast for forecast in self.forecasts if forecast.option.name == name), None)


def space(
    limits: Limits,
    memory: MemoryCost,
    release: Release,
    *,
    predict: Callable[[Shape], Prediction],
    target: Callable[[Shape, Prediction], float],
    wsgi: bool = True,
    event_loops: tuple[str, ...] = (),
) -> Space:
    """Every option within the limits.

    ``target`` gives of a shape and its prediction what is sought, in requests per second. ``event_loops`` are the
    worker classes with one that may be tried; of an app that is not WSGI nothing else is. Raises DoesNotFit when
    nothing is within the limits.
    """
    options = [*(_shapes(limits, release) if wsgi else ()), *_event_loops(limits, event_loops)]
    fitting, too_big = [], []
    for option in options:
        workers = option.shape.workers
        needed = memory.total_bytes(workers, option.threads)
        if limits.memory_bytes is not None and needed > limits.memory_bytes:
            too_big.append(option)
            continue
        known = option.shape if option.event_loop is None else limited(workers, _STAND_IN_THREADS)
        prediction = predict(known)
        fitting.append(
            Forecast(
                option=option,
                per_second=prediction.throughput.per_second,
                target_per_second=target(known, prediction),
                memory_bytes=needed,
            )
        )
    if not fitting:
        raise DoesNotFit(
            "no configuration is within the limits",
            why=f"one worker needs {show_bytes(memory.total_bytes(1, 1))}"
            + ("" if limits.memory_bytes is None else f", and {show_bytes(limits.memory_bytes)} may be used"),
            hint="allow more memory with --memory, or raise the limit on workers, threads or connections",
        )
    return Space(forecasts=tuple(fitting), notes=tuple(_notes(limits, too_big, release, wsgi=wsgi)))


def rule(cpus: float) -> Option:
    """The (2 × cores) + 1 rule: so many sync workers."""
    return Option(shape=sync(rule_workers(cpus)))


def _shapes(limits: Limits, release: Release) -> Iterator[Option]:
    by_rule = rule_workers(limits.cpus)
    most_slots = math.ceil(_SLOTS_PER_CLIENT * limits.clients)
    if limits.db_connections is not None:
        most_slots = min(most_slots, limits.db_connections)
    most_workers = limits.max_workers or most_slots
    counts = sorted({*_COUNTS, by_rule})
    most_sync = min(most_workers, most_slots)
    if limits.max_threads > 1:
        most_sync = min(most_sync, max(_LEAST_WORKERS, math.ceil(_SYNC_WORKERS_PER_CPU * limits.cpus)))
    yield from (Option(shape=sync(workers)) for workers in counts if workers <= most_sync)
    most_workers = min(most_workers, max(_LEAST_WORKERS, math.ceil(_WORKERS_PER_CPU * limits.cpus)))
    for workers in (workers for workers in counts if workers <= most_workers):
        for threads in (threads for threads in _THREADS if threads <= limits.max_threads):
            if workers * threads <= most_slots:
                yield Option(shape=_threaded(workers, threads, release))
                if limits.kept_alive and release >= CURED_SINCE:
                    yield Option(shape=default_connections(workers, threads, KEPT_ALIVE_SECONDS))


def _event_loops(limits: Limits, names: tuple[str, ...]) -> Iterator[Option]:
    most = min(limits.max_workers or _COUNTS[-1], max(_LEAST_WORKERS, rule_workers(limits.cpus)))
    for name in names:
        for workers in (workers for workers in sorted({*_COUNTS, rule_workers(limits.cpus)}) if workers <= most):
            yield Option(shape=sync(workers), event_loop=name)


def _threaded(workers: int, threads: int, release: Release) -> Shape:
    """Workers that take only what they serve where the release can be relied upon for it; one alone has no others."""
    if release >= CURED_SINCE:
        return limited(workers, threads)
    return Shape(worker_class=WorkerClass.GTHREAD, workers=workers, threads=threads)


def _notes(limits: Limits, too_big: list[Option], release: Release, *, wsgi: bool) -> Iterator[str]:
    if too_big:
        yield (
            f"{count(len(too_big), 'configuration')} left out: they would need more than the "
            f"{show_bytes(limits.memory_bytes or 0)} that may be used"
        )
    if wsgi and limits.max_threads > 1 and release < CURED_SINCE:
        yield (
            f"Gunicorn {release} cannot be relied upon to hold a worker's connections at its threads (25 and later "
            "can), so gthread is tried with its default connections"
        )
