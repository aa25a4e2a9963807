"""The load that is predicted for: asked for, or plenty, and said."""

from __future__ import annotations

import pytest

from advisor.sizing.by_model.load import assumed_new_connections, knee, load_for
from advisor.workload.assume import assume
from advisor.workload.workload import Kind
from tests.advisor.costs import make_cost
from tests.advisor.hosts import known


def load(cost=None, cpus=2.0, **facts):
    workload = assume(Kind.MIXED, **{name: known(value) for name, value in facts.items()})
    return load_for(cost or make_cost(), cpus, workload, assumed_new_connections())


@pytest.mark.parametrize(
    ("service_ms", "cpu_ms", "cpus", "slots"),
    [(15, 3, 2, 10), (15, 3, 0.5, 3), (5, 5, 2, 2), (5, 5, 0.1, 1), (200, 1, 4, 800), (0, 0, 1, 1)],
)
def test_the_knee_is_what_keeps_every_cpu_busy(service_ms, cpu_ms, cpus, slots):
    assert knee(make_cost(service_ms, cpu_ms), cpus) == slots


def test_without_a_load_there_are_plenty_of_clients_and_it_is_said():
    found = load()
    assert (found.demand.clients, found.asked) == (64, False)
    assert load(make_cost(150, 3), cpus=4).demand.clients == 4 * 200
    assert "64 clients" in found.reason
    assert found.reason.endswith(".")


def test_a_concurrency_is_the_clients():
    found = load(concurrency=20)
    assert (found.demand.clients, found.asked, found.demand.rate_per_second) == (20, True, None)


def test_a_rate_becomes_clients_with_a_reserve_of_a_fifth():
    found = load(rate_per_second=400.0)  # × 15 ms = 6 in flight ÷ 0.8 = 7.5
    assert (found.demand.clients, found.demand.rate_per_second) == (8, 400.0)


def test_of_a_rate_and_a_concurrency_the_larger_one_counts():
    assert load(rate_per_second=400.0, concurrency=20).demand.clients == 20
    assert load(rate_per_second=4000.0, concurrency=20).demand.clients == 75


def test_production_has_no_load_generator_on_its_cpus():
    assert load().demand.generator_cpu_seconds == 0


def test_new_connections_are_assumed_and_the_reason_is_said():
    assumed = assumed_new_connections()
    assert assumed.value is False
    assert "nginx" in assumed.source
    assert "--clients-keep-alive" in assumed.source
