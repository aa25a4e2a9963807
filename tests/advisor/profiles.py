"""Made-up profiles of apps, for what shows, saves and reads them."""

from __future__ import annotations

from dataclasses import replace

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.load.spec import LoadRequest
from advisor.measure.profile.result import (
    AppProfile,
    EndpointProfile,
    ImportCost,
    Imports,
    MemoryProfile,
    OpenConnections,
    ThreadsProfile,
)
from advisor.units import KIB, MIB
from advisor.workload.cost import UNMEASURED_THREAD_BYTES, AppCost, MemoryCost, RequestCost


def endpoint(path: str = "/", cpu_ms: float = 3.1, wait_ms: float = 12.4, **changes: object) -> EndpointProfile:
    """One kind of request; ``changes`` are fields of EndpointProfile, ``method`` and ``weight``."""
    seconds = (cpu_ms + wait_ms) / 1000
    request = LoadRequest(
        path=path, method=str(changes.pop("method", "GET")), weight=float(str(changes.pop("weight", 1.0)))
    )
    made = EndpointProfile(
        request=request,
        samples=1200,
        service_seconds=seconds,
        cpu_seconds=cpu_ms / 1000,
        queued_seconds=0.00005,
        variation=0.04,
        quantiles_seconds=tuple(seconds * (0.9 + 0.002 * number) for number in range(100)),
        statuses={200: 1200},
        failures={},
        response_bytes=1234,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def app_profile(*endpoints: EndpointProfile, **changes: object) -> AppProfile:
    """A mixed app with one endpoint, or those given, whose first one stands for the mix; all figures known."""
    mix = endpoints or (endpoint(),)
    first = mix[0]
    made = AppProfile(
        app="shop:app",
        wsgi=True,
        worker_class="sync",
        gunicorn="27.0.1",
        python="3.11.7",
        began="2026-11-22T12:00:00+00:00",
        measured_seconds=17.6,
        endpoints=mix,
        cost=AppCost(
            request=RequestCost(
                service_seconds=first.service_seconds,
                cpu_seconds=first.cpu_seconds,
                gil_seconds=first.cpu_seconds,
                handover_seconds=0.00021,
                kept_alive_saves_seconds=0.00035,
                variation=first.variation,
                quantiles_seconds=first.quantiles_seconds,
                response_bytes=first.response_bytes,
            ),
            memory=MemoryCost(
                arbiter_bytes=22 * MIB,
                worker_bytes=41 * MIB,
                thread_bytes=300 * KIB,
                growth_bytes_per_1000_requests=0,
            ),
        ),
        queued_seconds=Fact(value=first.queued_seconds, source="schedstat"),
        handover_seconds=Fact(value=0.00021, source="1 gthread worker beside 1 sync worker"),
        kept_alive_saves_seconds=Fact(value=0.00035, source="connections used again beside new ones"),
        gil_seconds=Fact(value=first.cpu_seconds, source="one process used 0.99 CPUs"),
        threads=Fact(
            value=ThreadsProfile(
                threads=4, samples=760, per_second=251.0, alone_per_second=64.5, cpus_used=0.86, cpu_seconds=0.0034
            ),
            source="measured",
        ),
        memory=MemoryProfile(
            worker_class="gthread",
            workers=2,
            threads=4,
            requests=730,
            source="smaps_rollup",
            thread_bytes=Fact(value=300 * KIB, source="measured"),
            growth_bytes_per_1000_requests=Fact(value=0, source="the worker's own memory over 1,200 requests"),
            growth_requests=1200,
            preload_saves_bytes=Fact(value=25 * MIB, source="2 workers with preload_app beside 2 without"),
        ),
        start_seconds=0.62,
        imports=Fact(
            value=Imports(
                seconds=0.31,
                modules=412,
                dearest=(
                    ImportCost(package="flask", seconds=0.12, modules=180),
                    ImportCost(package="sqlalchemy", seconds=0.09, modules=120),
                ),
            ),
            source="python -X importtime",
        ),
        connections=Fact(
            value=(OpenConnections(place="10.0.0.5:5432", service="PostgreSQL", most_per_worker=4),), source="/proc"
        ),
        notes=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


SLOW = "a request takes 12 s: there was no time left for it"


def slow_profile() -> AppProfile:
    """An app of which little could be measured: one request takes 12 s."""
    few = endpoint("/report", 0.8, 12_000.0, samples=1, statuses={200: 1}, variation=0.0)
    made = app_profile(few)
    return replace(
        made,
        handover_seconds=Fact.unknown(SLOW),
        kept_alive_saves_seconds=Fact.unknown(SLOW),
        gil_seconds=Fact.unknown(SLOW),
        threads=Fact.unknown(SLOW),
        cost=replace(
            made.cost,
            request=replace(made.cost.request, handover_seconds=0.0, kept_alive_saves_seconds=0.0),
            memory=replace(made.cost.memory, thread_bytes=UNMEASURED_THREAD_BYTES),
        ),
        memory=replace(
            made.memory,
            worker_class="sync",
            workers=1,
            threads=1,
            requests=1,
            thread_bytes=Fact.unknown(SLOW),
            growth_bytes_per_1000_requests=Fact.unknown("one request is too few to tell"),
            growth_requests=1,
            preload_saves_bytes=Fact.unknown(SLOW),
        ),
        imports=Fact.unknown("it could not be imported outside of Gunicorn: exit code 1"),
        connections=Fact.unknown("/proc is not there"),
        notes=("GET /report was measured with 1 request only since one takes so long",),
    )


def asgi_profile() -> AppProfile:
    """An ASGI app: what threads do is not known, since it has none."""
    why = "an event loop has no threads to hand requests to"
    made = app_profile(endpoint("/items", 0.4, 8.0))
    return replace(
        made,
        app="main:app",
        wsgi=False,
        worker_class="asgi",
        handover_seconds=Fact.unknown(why),
        kept_alive_saves_seconds=Fact.unknown(why),
        threads=Fact.unknown(why),
        memory=replace(made.memory, worker_class="asgi", threads=1, thread_bytes=Fact.unknown(why)),
        connections=Fact(value=(), source="/proc"),
    )


def uneven_profile() -> AppProfile:
    """Two kinds of requests that differ much, one of which failed at times."""
    orders = endpoint("/orders", 2.0, 20.0, method="POST", weight=3.0, statuses={201: 1190, 503: 10})
    report = endpoint("/report", 210.0, 4.0, samples=19, statuses={200: 18}, failures={Kind.TIMEOUT: 1}, variation=0.7)
    mix = app_profile(orders, report)
    return replace(
        mix,
        cost=replace(mix.cost, request=replace(mix.cost.request, variation=1.4)),
        notes=("POST /orders answered 503 to 10 of 1,200 requests", "the app prints 12 KiB for each request"),
    )
