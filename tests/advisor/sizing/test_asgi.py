"""Event loops instead of threads."""

from __future__ import annotations

import pytest

from advisor.sizing.asgi import for_asgi, loops
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from tests.advisor.hosts import make_host, make_plan


def asgi_plan(
    cpus: float = 2.0, memory: int | None = 8 * GIB, platform: str = "app-service", **workload: object
) -> Plan:
    host = make_host(cpus, memory, platform=platform, described=True)
    return for_asgi(make_plan(Kind.IO_BOUND, host=host, **workload), Constraints())


@pytest.mark.parametrize(("cpus", "workers"), [(0.5, 1), (1.0, 1), (1.9, 1), (2.0, 2), (8.0, 8)])
def test_one_worker_for_each_whole_cpu(cpus: float, workers: int) -> None:
    assert loops(cpus) == workers
    assert asgi_plan(cpus).workers == workers


def test_memory_bounds_the_workers() -> None:
    plan = asgi_plan(8.0, 512 * MIB)
    assert plan.workers == 4
    assert plan.capacity.memory_bytes < 512 * MIB
    reason = next(setting.reason for setting in plan.settings if setting.name == "workers")
    assert "435 MiB hold at 100 MiB each" in reason


def test_where_the_memory_is_unknown_the_cpus_decide() -> None:
    assert asgi_plan(4.0, None).workers == 4


def test_what_belongs_to_threads_is_left_out() -> None:
    plan = asgi_plan()
    assert plan.value("worker_class") == "uvicorn_worker.UvicornWorker"
    assert plan.value("threads") is None
    assert plan.value("worker_connections") is None
    assert (plan.value("timeout"), plan.value("keepalive")) == (240, 65)


def test_on_cloud_run_the_timeout_stays_off() -> None:
    assert asgi_plan(platform="cloud-run").value("timeout") == 0


def test_the_number_of_workers_follows_the_variable_and_bind_comes_first() -> None:
    plan = asgi_plan()
    assert [setting.name for setting in plan.settings][:3] == ["bind", "workers", "worker_class"]
    assert plan.settings[1].variable == "WEB_CONCURRENCY"


def test_what_was_said_of_slots_is_not_said() -> None:
    text = " ".join(asgi_plan(concurrency=500).warnings)
    assert "slots" not in text
    assert "Code that blocks" in text


def test_database_connections_are_to_be_divided() -> None:
    host = make_host(2.0, platform="app-service", described=True)
    constraints = Constraints(max_db_connections=20)
    plan = for_asgi(make_plan(Kind.IO_BOUND, host=host, constraints=constraints), constraints)
    assert any("Divide 20 database connections by the workers" in text for text in plan.warnings)
