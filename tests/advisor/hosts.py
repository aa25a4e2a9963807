"""Hosts, workloads and plans for tests, made in one line."""

from __future__ import annotations

from advisor.facts import Fact
from advisor.host.host import Host, Interpreter
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.sizing.recommend import recommend
from advisor.units import GIB
from advisor.workload.assume import assume
from advisor.workload.workload import Kind


def known(value, source="given by the test"):
    """A fact with a value; unknown for None."""
    return Fact.unknown("the test gives none") if value is None else Fact(value=value, source=source)


def make_host(
    cpus: float | None = 2.0,
    memory: int | None = 8 * GIB,
    platform: str = "bare",
    gunicorn: str | None = "27.0.1",
    shared_memory: str | None = "/dev/shm",
    available: int | None = None,
    free_threaded: bool = False,
    described: bool = False,
) -> Host:
    return Host(
        cpus=known(cpus),
        machine_cpus=known(None if cpus is None else max(1, round(cpus))),
        memory_bytes=known(memory),
        machine_memory_bytes=known(memory),
        available_memory_bytes=known(available),
        platform=known(platform),
        plan_size=known(None),
        python=known(Interpreter(path="/usr/bin/python3", version="3.11.7", free_threaded=free_threaded)),
        gunicorn=known(gunicorn),
        shared_memory_dir=known(shared_memory),
        described=described,
    )


def make_plan(kind: Kind = Kind.IO_BOUND, *, host: Host | None = None, constraints=None, **workload) -> Plan:
    """A plan for a host; keywords such as ``wait_ratio=4.0`` go into the workload as given facts."""
    facts = {name: known(value) for name, value in workload.items()}
    return recommend(host or make_host(), assume(kind, **facts), constraints or Constraints())
