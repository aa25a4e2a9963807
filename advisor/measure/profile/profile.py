"""Profiles an app: what a request costs, what a worker weighs, and what threads and preload_app would do."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from advisor.facts import Fact
from advisor.host.detect import detect
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS, LoadRequest
from advisor.measure.profile.asgi_worker import asgi_worker_class
from advisor.measure.profile.imports import import_app
from advisor.measure.profile.load_run import PROFILE_SECONDS, Budget
from advisor.measure.profile.log_reading import last_exception
from advisor.measure.profile.memory_run import TreeMemory
from advisor.measure.profile.mix import mixed_queued
from advisor.measure.profile.notes import notes
from advisor.measure.profile.one_client import OneClient
from advisor.measure.profile.request_cost import request_cost
from advisor.measure.profile.result import AppProfile, Imports, MemoryProfile
from advisor.measure.profile.runs import Order, WorkerRuns, measure_trees, measure_workers, threads_of
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec
from advisor.units import MIB
from advisor.workload.cost import UNMEASURED_THREAD_BYTES, AppCost, MemoryCost

# An app that keeps all that it takes may grow by so much; with 1 MiB a request that is enough to see it in 256.
_GROWTH_BYTES = 256 * MIB
# And by no more than this share of what the host has left.
_HOST_SHARE = 0.25
# What a thread weighs is told by another start of the server: all together they may seem to be more than a worker that
# has them, which never is less than half of itself without them.
_LEAST_OF_WORKER = 0.5
# Of the memory in all, for the workers that are measured at once and gcadvise; the kernel's part is not seen in PSS.
_USABLE_SHARE = 0.9


def profile_app(
    spec: ServerSpec,
    requests: Sequence[LoadRequest] = (LoadRequest(),),
    *,
    wsgi: bool,
    seconds: float = PROFILE_SECONDS,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    progress: Callable[[str], None],
) -> AppProfile:
    """Start the app several times and measure it for ``seconds`` at most, one request at least.

    ``timeout_seconds`` is how long the first answer of each request is waited for. Raises BadInput when the app
    refuses a request or its Python cannot serve it, and ServerFailed, with what was printed, when it does not start,
    fails or does not answer. Ctrl-C raises KeyboardInterrupt; no process stays in any case.
    """
    began = datetime.datetime.now(tz=datetime.timezone.utc).isoformat(timespec="seconds")
    order = Order(
        spec=spec,
        mix=tuple(requests),
        worker_class="sync" if wsgi else asgi_worker_class(spec.python),
        wsgi=wsgi,
        budget=Budget(seconds, _growth_bytes()),
        timeout_seconds=timeout_seconds,
        progress=progress,
        cpus=detect().cpus.value or 1.0,
        memory_bytes=_usable_bytes(),
    )
    workers = measure_workers(order)
    tree, saves = measure_trees(order, workers)
    progress("importing the app by itself")
    app = spec.app or workers.settings.app or SAMPLE_APP
    return _profile(order, workers, tree, saves, _measure_imports(spec, app), app=app, began=began)


def _profile(
    order: Order,
    workers: WorkerRuns,
    tree: TreeMemory,
    saves: Fact[int],
    imports: Fact[Imports],
    *,
    app: str,
    began: str,
) -> AppProfile:
    one, threads, settings = workers.one, workers.threads, workers.settings
    request, gil = request_cost(one.endpoints, threads)
    count = threads_of(workers) if tree.workers > 1 else 1
    growth = _growth(workers)
    thread_bytes = threads.thread_bytes.value
    threads_bytes = 0 if thread_bytes is None or count == 1 else count * thread_bytes
    return AppProfile(
        app=app,
        wsgi=order.wsgi,
        worker_class=settings.worker_class,
        gunicorn=settings.gunicorn,
        python=settings.python,
        began=began,
        measured_seconds=order.budget.spent_seconds,
        endpoints=one.endpoints,
        cost=AppCost(
            request=request,
            memory=MemoryCost(
                arbiter_bytes=tree.arbiter_bytes,
                worker_bytes=max(tree.worker_bytes - threads_bytes, int(_LEAST_OF_WORKER * tree.worker_bytes)),
                thread_bytes=UNMEASURED_THREAD_BYTES if thread_bytes is None else thread_bytes,
                growth_bytes_per_1000_requests=growth.value or 0,
            ),
        ),
        queued_seconds=_queued(one),
        handover_seconds=threads.handover_seconds,
        kept_alive_saves_seconds=threads.kept_alive_saves_seconds,
        gil_seconds=gil,
        threads=threads.profile,
        memory=MemoryProfile(
            worker_class="gthread" if count > 1 else settings.worker_class,
            workers=tree.workers,
            threads=count,
            requests=tree.requests,
            source=tree.source,
            thread_bytes=threads.thread_bytes,
            growth_bytes_per_1000_requests=growth,
            growth_requests=one.growth_requests,
            preload_saves_bytes=saves,
        ),
        start_seconds=workers.start_seconds,
        imports=imports,
        connections=tree.connections,
        notes=notes(one, printed_bytes_per_request=workers.printed_bytes_per_request, stuck=threads.stuck),
        threads_fail=threads.stuck,
    )


def _queued(one: OneClient) -> Fact[float]:
    seconds = mixed_queued(one.endpoints)
    if seconds is None:
        return Fact.unknown("the system does not tell it, so it counts as waiting")
    return Fact(value=seconds, source="the worker's threads, /proc/PID/task/TID/schedstat")


def _measure_imports(spec: ServerSpec, app: str) -> Fact[Imports]:
    run = import_app(spec, app)
    if run is not None and run.imports is not None:
        return Fact(value=run.imports, source="python -X importtime")
    why = "its Python cannot be run" if run is None else last_exception(run.output) or f"exit code {run.exit_code}"
    return Fact.unknown(f"it could not be imported outside of Gunicorn: {why}")


def _growth(workers: WorkerRuns) -> Fact[int]:
    one = workers.one
    if one.growth_bytes_per_request is None:
        return Fact.unknown(f"{one.growth_requests:,} requests are too few to tell")
    return Fact(
        value=round(one.growth_bytes_per_request * 1000),
        source=f"the worker's own memory over {one.growth_requests:,} requests",
    )


def _growth_bytes() -> int:
    host = detect()
    known = [fact.value for fact in (host.memory_bytes, host.available_memory_bytes) if fact.value is not None]
    return min([_GROWTH_BYTES, *(int(value * _HOST_SHARE) for value in known)])


def _usable_bytes() -> int | None:
    """What a measurement may use of the memory that is there, and free now."""
    host = detect()
    known = [fact.value for fact in (host.memory_bytes, host.available_memory_bytes) if fact.value is not None]
    return int(min(known) * _USABLE_SHARE) if known else None
