"""What is chosen: the cheapest of the fast configurations, under every limit, on every release."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.model.prediction import Ceiling, Demand
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.sizing.by_model.choice import Bound, Choice, Load, Role
from advisor.sizing.by_model.choose import WITHIN, choose
from advisor.sizing.constraints import Constraints
from advisor.sizing.memory import budget
from advisor.units import GIB, MIB
from gunicorn_conf.errors import BadInput, DoesNotFit
from tests.advisor.costs import ceilings_alone, costs, make_cost
from tests.advisor.hosts import make_host
from tests.advisor.strategies import constraints, hosts


def chosen(cost=None, *, host=None, limits=None, clients=64, kept_alive=False, **more) -> Choice:
    host = host or make_host()
    demand = Demand(cpus=host.cpus.value or 0.0, clients=clients, kept_alive=kept_alive)
    load = Load(demand=demand, reason="asked for by the test", asked=True)
    return choose(cost or make_cost(), host, limits or Constraints(), load, predict=ceilings_alone, **more)


def test_an_app_that_waits_gets_threads_and_one_that_computes_gets_a_worker_for_each_cpu():
    waits = chosen(make_cost(15, 3)).chosen.shape  # 2 CPUs ÷ 3.1 ms need 10 slots, less 3 % of the throughput
    assert (waits.workers, waits.threads, waits.worker_class) == (2, 5, WorkerClass.GTHREAD)
    assert chosen(make_cost(5, 5)).chosen.shape == sync(2)


def test_nothing_allowed_is_cheaper_and_as_fast():
    found = chosen()
    enough = (1 - WITHIN) * found.fastest.throughput.per_second
    assert found.chosen.throughput.per_second >= enough
    for workers in range(1, 17):
        for shape in (sync(workers), *(limited(workers, threads) for threads in range(2, 65))):
            other = ceilings_alone(make_cost(), shape, found.load.demand)
            if other.throughput.per_second >= enough:
                assert other.memory_bytes >= found.chosen.memory_bytes


def test_fewer_clients_need_fewer_slots():
    assert chosen(clients=4).chosen.shape.slots == 4
    assert chosen(clients=4).chosen.throughput.binding is Ceiling.CLIENTS


LIMITS = {
    Bound.MEMORY: {"host": make_host(memory=80 * MIB)},
    Bound.DATABASE: {"limits": Constraints(max_db_connections=6)},
}


@pytest.mark.parametrize("bound", LIMITS)
def test_the_limit_that_costs_throughput_is_named(bound):
    assert chosen(**LIMITS[bound]).bound is bound


def test_an_app_that_is_not_thread_safe_gets_the_workers_that_threads_would_have_been():
    found = chosen(thread_safe=False)
    assert found.chosen.shape.worker_class is WorkerClass.SYNC
    assert found.chosen.throughput.per_second >= (1 - WITHIN) * 2 / 0.003


def test_no_limit_is_named_where_none_costs_throughput():
    assert chosen(limits=Constraints(max_db_connections=200)).bound is None


def test_db_connections_that_no_round_number_of_threads_uses_are_used():
    found = chosen(make_cost(200, 1), limits=Constraints(max_db_connections=53), clients=400)
    assert 50 <= found.chosen.shape.slots <= 53


def test_before_gunicorn_25_connections_are_left_at_the_default():
    for release in ("20.1.0", "22.0.0", "24.1.1"):
        shape = chosen(host=make_host(gunicorn=release)).chosen.shape
        assert (shape.worker_class, shape.takes_only_what_it_serves) == (WorkerClass.GTHREAD, False)
        assert shape.worker_connections == 1000
    assert chosen(host=make_host(gunicorn="25.0.3")).chosen.shape.takes_only_what_it_serves


def test_kept_connections_count_only_for_a_handler_that_they_make_clearly_faster():
    fast = make_cost(0.5, 0.5, handover_ms=0.1, kept_alive_saves_ms=0.3)
    slow = make_cost(50, 3, kept_alive_saves_ms=0.3)
    assert not chosen(fast, kept_alive=True).chosen.shape.takes_only_what_it_serves
    assert chosen(fast, kept_alive=False).chosen.shape.takes_only_what_it_serves
    assert chosen(slow, kept_alive=True, clients=16).chosen.shape.takes_only_what_it_serves


def test_the_table_names_each_configuration_once_and_the_chosen_one_first():
    found = chosen(unmeasured=limited(5, 2))
    shapes = [one.prediction.shape for one in found.alternatives]
    assert len(set(shapes)) == len(shapes)
    assert found.alternatives[0].role is Role.CHOSEN
    assert found.alternative(Role.UNMEASURED).prediction.shape == limited(5, 2)
    cheaper = found.alternative(Role.CHEAPER)
    assert cheaper.prediction.memory_bytes <= 0.9 * found.chosen.memory_bytes


def test_a_rule_that_the_memory_does_not_hold_is_shown_as_such():
    assert not chosen(host=make_host(memory=128 * MIB)).alternative(Role.RULE).fits
    assert chosen(host=make_host(memory=8 * GIB)).alternative(Role.RULE).fits


def test_too_little_memory_for_one_worker_is_said_with_the_sum():
    with pytest.raises(DoesNotFit) as raised:
        chosen(host=make_host(memory=64 * MIB))
    assert "20 MiB" in raised.value.why
    assert "40 MiB" in raised.value.why
    assert "0.85 × 64 MiB" in raised.value.why


def test_unknown_cpus_are_asked_for():
    host = make_host(cpus=None)
    load = Load(demand=Demand(cpus=1.0, clients=1), reason="", asked=True)
    with pytest.raises(BadInput, match="CPUs"):
        choose(make_cost(), host, Constraints(), load, predict=ceilings_alone)


@settings(deadline=None, max_examples=60)
@given(costs(), hosts, constraints, st.integers(1, 400), st.booleans(), st.booleans())
def test_no_limit_is_ever_broken(cost, host, limits, clients, thread_safe, kept_alive):
    try:
        found = chosen(cost, host=host, limits=limits, clients=clients, thread_safe=thread_safe, kept_alive=kept_alive)
    except DoesNotFit:
        assert cost.memory.total_bytes(1, 1) > (budget(host, limits).value or 0)
        return
    shape: Shape = found.chosen.shape
    allowed = budget(host, limits).value
    assert allowed is None or found.chosen.memory_bytes <= allowed
    assert limits.max_db_connections is None or shape.slots <= limits.max_db_connections
    assert shape.threads <= (limits.max_threads if thread_safe else 1)
    assert found.chosen.throughput.per_second >= (1 - WITHIN) * found.fastest.throughput.per_second
    assert found.chosen.memory_bytes <= found.fastest.memory_bytes


@settings(deadline=None, max_examples=30)
@given(costs(), st.floats(0.2, 16), st.integers(1, 400))
def test_more_cpus_never_lower_the_throughput(cost, cpus, clients):
    most = [
        chosen(cost, host=make_host(cpus=one, memory=None), clients=clients).fastest.throughput.per_second
        for one in (cpus, cpus + 1)
    ]
    assert most[1] >= most[0] * 0.97
