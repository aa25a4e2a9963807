"""Apps whose costs are known, and strategies over all that the model takes."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from advisor.model.prediction import Demand
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.units import MIB
from advisor.workload.cost import AppCost, MemoryCost, RequestCost

QUANTILES = 100


def make_app(
    *,
    cpu_ms: float,
    wait_ms: float,
    handover_ms: float = 0.0,
    gil_ms: float | None = None,
    kept_alive_saves_ms: float = 0.0,
    exponential: bool = False,
    response_bytes: int = 200,
) -> AppCost:
    """An app whose requests all take the same time, or times with an exponential distribution."""
    service = (cpu_ms + wait_ms) / 1000
    quantiles = (
        tuple(-service * math.log(1 - (index + 0.5) / QUANTILES) for index in range(QUANTILES))
        if exponential
        else (service,) * QUANTILES
    )
    return AppCost(
        request=RequestCost(
            service_seconds=service,
            cpu_seconds=cpu_ms / 1000,
            gil_seconds=(cpu_ms if gil_ms is None else gil_ms) / 1000,
            handover_seconds=handover_ms / 1000,
            kept_alive_saves_seconds=kept_alive_saves_ms / 1000,
            variation=1.0 if exponential else 0.0,
            quantiles_seconds=quantiles,
            response_bytes=response_bytes,
        ),
        memory=MemoryCost(
            arbiter_bytes=20 * MIB, worker_bytes=16 * MIB, thread_bytes=MIB // 4, growth_bytes_per_1000_requests=0
        ),
    )


# 3 ms of CPU and 12 ms of waiting, as gcadvise concurrency and the documentation use it.
MIXED = make_app(cpu_ms=3.7, wait_ms=12.5, handover_ms=0.15)
COMPUTING = make_app(cpu_ms=5.5, wait_ms=0.0, handover_ms=0.2)
WAITING = make_app(cpu_ms=0.5, wait_ms=200.0, handover_ms=0.2)
EMPTY = make_app(cpu_ms=0.18, wait_ms=0.0, handover_ms=0.22, kept_alive_saves_ms=0.1)

apps = st.builds(
    make_app,
    cpu_ms=st.floats(0.05, 100),
    wait_ms=st.floats(0, 2000),
    handover_ms=st.floats(0, 1),
    kept_alive_saves_ms=st.floats(0, 0.5),
    exponential=st.booleans(),
    response_bytes=st.sampled_from([200, 2_000_000]),
)
shapes = st.one_of(
    st.builds(sync, st.integers(1, 40)),
    st.builds(limited, st.integers(1, 40), st.integers(1, 64)),
    st.builds(Shape, worker_class=st.just(WorkerClass.GTHREAD), workers=st.integers(1, 40), threads=st.integers(1, 64)),
)
demands = st.builds(
    Demand,
    cpus=st.floats(0.1, 64),
    clients=st.integers(1, 500),
    kept_alive=st.booleans(),
    generator_cpu_seconds=st.one_of(st.just(0.0), st.floats(0.00002, 0.001)),
)
