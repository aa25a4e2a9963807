"""What is stated replaces what was measured, and only that."""

from __future__ import annotations

import pytest

from advisor.sizing.by_model.adjust import adjusted
from advisor.units import MIB
from advisor.workload.assume import assume
from advisor.workload.workload import Kind
from tests.advisor.costs import make_cost
from tests.advisor.hosts import known


def adjust(stated, **facts):
    workload = assume(Kind.MIXED, **{name: known(value, "given with a flag") for name, value in facts.items()})
    return adjusted(make_cost(15, 3), workload, set(stated))


def test_nothing_stated_changes_nothing():
    cost, _, told = adjust([])
    assert (cost, told) == (make_cost(15, 3), ())


def test_a_wait_ratio_leaves_the_computing_as_measured():
    cost, workload, told = adjust(["wait_ratio"], wait_ratio=9.0)
    assert cost.request.cpu_seconds == pytest.approx(0.003)
    assert cost.request.service_seconds == pytest.approx(0.030)
    assert cost.request.quantiles_seconds[50] == pytest.approx(0.030)
    assert workload.response_time_seconds.value == pytest.approx(0.030)
    assert told == ("The wait ratio 9 was given with a flag and replaces the measured 4.",)


def test_a_response_time_leaves_the_computing_as_measured_where_it_fits():
    cost, workload, _ = adjust(["response_time_seconds"], response_time_seconds=0.030)
    assert (cost.request.cpu_seconds, workload.wait_ratio.value) == (pytest.approx(0.003), pytest.approx(9.0))
    cost, _, _ = adjust(["response_time_seconds"], response_time_seconds=0.002)
    assert cost.request.cpu_seconds == cost.request.gil_seconds == pytest.approx(0.002)


def test_both_make_the_computing():
    cost, _, told = adjust(["wait_ratio", "response_time_seconds"], wait_ratio=1.0, response_time_seconds=0.1)
    assert cost.request.cpu_seconds == pytest.approx(0.05)
    assert cost.request.wait_ratio == pytest.approx(1.0)
    assert len(told) == 2


def test_a_workers_memory_replaces_its_own_alone():
    cost, _, told = adjust(["worker_memory_bytes"], worker_memory_bytes=400 * MIB)
    assert cost.memory.worker_bytes == 400 * MIB
    assert cost.memory.arbiter_bytes == make_cost().memory.arbiter_bytes
    assert "400 MiB" in told[0]
    assert "40 MiB" in told[0]
