"""Hypothesis strategies for hosts, workloads and constraints, over everything that sizing takes."""

from __future__ import annotations

from hypothesis import strategies as st

from advisor.host.host import Host
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.sizing.recommend import recommend
from advisor.units import GIB, MIB
from advisor.workload.assume import assume
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.errors import DoesNotFit
from gunicorn_conf.platforms import PLATFORM_NAMES
from tests.advisor.hosts import known, make_host

RELEASES = ["20.1.0", "21.2.0", "22.0.0", "23.0.0", "24.1.1", "25.0.3", "25.3.0", "26.2.0", "27.0.1"]

hosts = st.builds(
    make_host,
    cpus=st.floats(0.05, 256),
    memory=st.one_of(st.none(), st.integers(128 * MIB, 512 * GIB)),
    platform=st.sampled_from(PLATFORM_NAMES),
    gunicorn=st.sampled_from(RELEASES),
    shared_memory=st.sampled_from([None, "/dev/shm"]),
    described=st.booleans(),
)
constraints = st.builds(
    Constraints,
    memory_share=st.floats(0.1, 1.0),
    max_db_connections=st.one_of(st.none(), st.integers(1, 2000)),
    max_threads=st.integers(1, 256),
    max_requests=st.one_of(st.none(), st.integers(1, 100_000)),
    preload=st.booleans(),
)


@st.composite
def workloads(draw):
    response_time = draw(st.one_of(st.none(), st.floats(0.001, 60)))
    return assume(
        draw(st.sampled_from(Kind)),
        wait_ratio=draw(st.one_of(st.none(), st.floats(0, 200).map(known))),
        worker_memory_bytes=draw(st.one_of(st.none(), st.integers(1 * MIB, 2 * GIB).map(known))),
        thread_safe=draw(st.one_of(st.none(), st.booleans().map(known))),
        response_time_seconds=known(response_time),
        rate_per_second=known(draw(st.floats(0.1, 5000))) if response_time and draw(st.booleans()) else None,
        concurrency=draw(st.one_of(st.none(), st.integers(1, 5000).map(known))),
    )


def plan_or_none(host: Host, workload: Workload, limits: Constraints) -> Plan | None:
    """The plan; None where the memory does not hold one worker."""
    try:
        return recommend(host, workload, limits)
    except DoesNotFit:
        return None
