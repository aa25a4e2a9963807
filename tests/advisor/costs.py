"""What apps cost, made in one line; and a model so plain that a reader can check each figure by hand."""

from __future__ import annotations

from hypothesis import strategies as st

from advisor.facts import Fact, Origin
from advisor.model.prediction import Ceiling, Demand, Latency, Prediction, Throughput
from advisor.model.shape import Shape, WorkerClass
from advisor.sizing.by_model.load import assumed_new_connections
from advisor.sizing.by_model.plan import recommend_measured
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Measured, Plan
from advisor.units import KIB, MIB
from advisor.workload.assume import assume
from advisor.workload.cost import AppCost, MemoryCost, RequestCost
from advisor.workload.workload import Kind
from tests.advisor.hosts import known, make_host

# How much less the workers reach that take connections although their threads are busy.
UNEVEN = 1.25


def make_cost(
    service_ms: float = 15.0,
    cpu_ms: float = 3.0,
    *,
    handover_ms: float = 0.1,
    kept_alive_saves_ms: float = 0.0,
    worker: int = 40 * MIB,
    thread: int = 200 * KIB,
    arbiter: int = 20 * MIB,
    growth: int = 0,
) -> AppCost:
    return AppCost(
        request=RequestCost(
            service_seconds=service_ms / 1000,
            cpu_seconds=cpu_ms / 1000,
            gil_seconds=cpu_ms / 1000,
            handover_seconds=handover_ms / 1000,
            kept_alive_saves_seconds=kept_alive_saves_ms / 1000,
            variation=0.0,
            quantiles_seconds=(service_ms / 1000,) * 100,
            response_bytes=200,
        ),
        memory=MemoryCost(
            arbiter_bytes=arbiter, worker_bytes=worker, thread_bytes=thread, growth_bytes_per_1000_requests=growth
        ),
    )


def ceilings_alone(cost: AppCost, shape: Shape, demand: Demand) -> Prediction:
    """The least of the four ceilings, with a band of a tenth around it; uneven queues cost a fifth of the slots."""
    request = cost.request
    computing = request.cpu_seconds
    if shape.worker_class is WorkerClass.GTHREAD:
        computing += request.handover_seconds
        if demand.kept_alive and shape.keepalive:
            computing -= request.kept_alive_saves_seconds
    service = max(request.service_seconds, computing) * (1 if shape.takes_only_what_it_serves else UNEVEN)
    ceilings = {
        Ceiling.CLIENTS: demand.clients / service,
        Ceiling.SLOTS: shape.slots / service,
        Ceiling.GIL: shape.workers / computing,
        Ceiling.CORES: demand.cpus / computing,
    }
    binding = min(ceilings, key=lambda one: ceilings[one])
    per_second, wanted = ceilings[binding], demand.rate_per_second
    return Prediction(
        shape=shape,
        throughput=Throughput(
            per_second=per_second, low=0.9 * per_second, high=1.1 * per_second, binding=binding, ceilings=ceilings
        ),
        memory_bytes=cost.memory.total_bytes(shape.workers, shape.threads),
        latency=None
        if wanted is None or wanted >= per_second
        else Latency(mean_seconds=service, p99_seconds=3 * service, utilisation=wanted / per_second),
    )


def measured_by(*stated: str) -> Measured:
    return Measured(app="shop:app", arguments=("--profile", "p.json"), from_file=True, stated=frozenset(stated))


def measured_plan(
    cost: AppCost | None = None,
    *,
    host=None,
    constraints: Constraints | None = None,
    kept_alive: bool | None = None,
    predict=ceilings_alone,
    stated: tuple[str, ...] = (),
    thread_safe: bool | None = None,
    **workload,
) -> Plan:
    """A plan by the model; keywords such as ``rate_per_second=100.0`` go into the workload as given facts."""
    cost = cost or make_cost()
    measured = {
        "wait_ratio": Fact(value=cost.request.wait_ratio, source="measured, p.json", origin=Origin.FILE),
        "response_time_seconds": Fact(
            value=cost.request.service_seconds, source="measured, p.json", origin=Origin.FILE
        ),
        "worker_memory_bytes": Fact(value=cost.memory.worker_bytes, source="measured, p.json", origin=Origin.FILE),
    }
    facts = {
        name: Fact(value=value, source=f"given with --{name.replace('_', '-')}", origin=Origin.FLAG)
        for name, value in workload.items()
    }
    return recommend_measured(
        host or make_host(),
        assume(Kind.MIXED, thread_safe=None if thread_safe is None else known(thread_safe), **(measured | facts)),
        constraints or Constraints(),
        cost,
        measured=measured_by(*stated),
        kept_alive=assumed_new_connections() if kept_alive is None else known(kept_alive),
        predict=predict,
    )


@st.composite
def costs(draw) -> AppCost:
    cpu = draw(st.floats(0.1, 2000))
    return make_cost(
        cpu * (1 + draw(st.one_of(st.just(0.0), st.floats(0, 300)))),
        cpu,
        handover_ms=draw(st.floats(0, 1)),
        worker=draw(st.integers(1 * MIB, 2048 * MIB)),
        thread=draw(st.integers(0, 4 * MIB)),
        growth=draw(st.integers(0, 200 * MIB)),
    )
