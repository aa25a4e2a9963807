"""The plans whose texts are kept in golden/, chosen so that every sentence of a report appears in one of them."""

from __future__ import annotations

from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from tests.advisor.costs import make_cost, measured_plan
from tests.advisor.hosts import make_host, make_plan

CONSTRAINTS = {
    "systemd-one-thread": Constraints(max_db_connections=12, max_requests=1000, preload=True),
    "cloud-run-mixed": Constraints(memory_share=0.5, max_threads=4),
}

PLANS: dict[str, Plan] = {
    "two-cpus": make_plan(response_time_seconds=0.2),
    "half-a-cpu": make_plan(host=make_host(cpus=0.5, memory=512 * MIB, platform="docker")),
    "little-memory": make_plan(host=make_host(cpus=64.0, memory=2 * GIB, platform="kubernetes", described=True)),
    "app-service-b1": make_plan(
        Kind.CPU_BOUND,
        host=make_host(cpus=1.0, memory=int(1.75 * GIB), platform="app-service", described=True),
        worker_memory_bytes=400 * MIB,
    ),
    "app-service-p1v3": make_plan(
        host=make_host(platform="app-service", described=True), rate_per_second=600.0, response_time_seconds=0.25
    ),
    "old-release": make_plan(host=make_host(platform="heroku", gunicorn="23.0.0", memory=1 * GIB, available=64 * MIB)),
    "systemd-one-thread": make_plan(
        host=make_host(platform="systemd", memory=None, shared_memory=None),
        constraints=CONSTRAINTS["systemd-one-thread"],
        thread_safe=False,
    ),
    "cloud-run-mixed": make_plan(
        Kind.MIXED,
        host=make_host(platform="cloud-run", gunicorn=None, memory=1 * GIB, free_threaded=True),
        constraints=CONSTRAINTS["cloud-run-mixed"],
        concurrency=30,
        wait_ratio=2.5,
    ),
    "measured": measured_plan(),
    "measured-rate": measured_plan(
        make_cost(210, 8.4),
        host=make_host(platform="kubernetes", cpus=0.5, memory=512 * MIB),
        rate_per_second=50.0,
        stated=("worker_memory_bytes",),
        worker_memory_bytes=84 * MIB,
    ),
    "measured-kept-alive": measured_plan(
        make_cost(0.5, 0.5, kept_alive_saves_ms=0.3), host=make_host(platform="heroku"), kept_alive=True
    ),
    "measured-old-release": measured_plan(
        make_cost(growth=10 * MIB), host=make_host(gunicorn="22.0.0", memory=96 * MIB, platform="docker")
    ),
    "measured-computing": measured_plan(make_cost(5, 5, worker=300 * MIB), host=make_host(memory=1 * GIB)),
}


def constraints_of(name: str) -> Constraints:
    """What was asked for besides the host and the workload."""
    return CONSTRAINTS.get(name, Constraints())
