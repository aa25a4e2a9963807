"""The configurations that are weighed: class × workers × threads × how connections are taken."""

from __future__ import annotations

import math
from collections.abc import Iterator

from advisor.model.shape import DEFAULT_WORKER_CONNECTIONS, Shape, WorkerClass, limited, sync
from advisor.sizing.constraints import DEFAULT_MAX_THREADS
from advisor.sizing.demand import rule_workers
from advisor.sizing.worker_settings import CURED_SINCE
from gunicorn_conf.release import Release

# Up to here every number of workers is weighed; beyond, each is this much more than the one before, since one worker
# of nine changes the throughput by less than a prediction is off.
_EACH_UP_TO = 8
_WORKER_STEP = 1.15
# The numbers of threads that are weighed: steps of a half to a fifth, within which the model sees no difference.
_THREADS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
_THREAD_STEP = 1.25
# Workers with default connections do not share the requests evenly, so that slots beyond the clients can still help
# there: no more than twice as many.
_SLOTS_PER_CLIENT = 2
# At eight times the knee the slots hold nothing up any more, however the waits vary and however uneven the queues are.
_KNEES = 8
_LEAST_SLOTS = 64
# "Generally in the 2-4 x $(NUM_CORES) range" (gunicorn/config.py, Workers). More processes than that only for slots
# that threads cannot give: on 2 CPUs 16 sync workers served less than 2 × 8 threads, in five times the memory.
_WORKERS_PER_CPU = 4


def shapes(
    *,
    cpus: float,
    clients: int,
    knee: int,
    release: Release,
    max_threads: int,
    exact: tuple[int, ...],
    kept_alive: bool,
    keepalive: int,
) -> Iterator[Shape]:
    """Every configuration that is worth a prediction for so many clients.

    ``max_threads`` is 1 for an app that must not have more. ``knee`` is the number of slots that keeps all CPUs busy;
    ``exact`` are numbers of slots to come as near to as workers × threads can, from below. ``keepalive`` is that of the
    configurations whose connections are kept; where the release can take only what it serves, they are weighed only
    if the clients keep theirs (``kept_alive``): with a new connection for each request they were never faster when
    measured, and their queues are uneven (docs/gthread.md).
    """
    most = max(2, min(_SLOTS_PER_CLIENT * clients, max(_LEAST_SLOTS, _KNEES * knee)))
    targets = (*exact, clients, knee, 2 * knee)
    usual = max(rule_workers(cpus), math.ceil(_WORKERS_PER_CPU * cpus))
    most_workers = min(most, max(usual, math.ceil(min(most, 2 * knee) / max_threads)))
    for workers in steps(most_workers, exact=targets):
        yield sync(workers)
    threads_allowed = max(max_threads, DEFAULT_MAX_THREADS)
    for workers in steps(most_workers):
        fitting = {target // workers for target in targets} | {-(-target // workers) for target in targets}
        for threads in sorted({*_thread_steps(threads_allowed), *fitting}):
            if not 1 < threads <= threads_allowed or workers * threads > max(most, 2 * workers):
                continue
            if release >= CURED_SINCE:
                yield limited(workers, threads)
            if release < CURED_SINCE or kept_alive:
                yield default_connections(workers, threads, keepalive)


def default_connections(workers: int, threads: int, keepalive: int) -> Shape:
    """A gthread shape with Gunicorn's default worker_connections, whose clients may keep their connections."""
    return Shape(
        worker_class=WorkerClass.GTHREAD,
        workers=workers,
        threads=threads,
        worker_connections=DEFAULT_WORKER_CONNECTIONS,
        keepalive=keepalive,
    )


def steps(most: int, exact: tuple[int, ...] = ()) -> list[int]:
    """1, 2, 3 ... and then in steps of a share, up to ``most``, which is one of them; ``exact`` too."""
    found = {*range(1, min(_EACH_UP_TO, most) + 1), most, *(one for one in exact if 1 <= one <= most)}
    value = float(_EACH_UP_TO)
    while value < most:
        value *= _WORKER_STEP
        found.add(min(most, round(value)))
    return sorted(found)


def _thread_steps(most: int) -> Iterator[int]:
    yield from (threads for threads in _THREADS if threads <= most)
    value = float(_THREADS[-1])
    while value < most:
        value = min(float(most), value * _THREAD_STEP)
        yield round(value)
