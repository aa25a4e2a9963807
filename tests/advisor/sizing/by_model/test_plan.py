"""A plan by the model: complete like any other, with reasons that speak of what was measured and predicted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.sizing.by_model.choice import Role
from advisor.sizing.constraints import Constraints
from advisor.units import MIB
from advisor.workload.workload import Kind
from gunicorn_conf.errors import DoesNotFit
from gunicorn_conf.release import Release
from gunicorn_conf.settings import supports
from tests.advisor.costs import costs, make_cost, measured_plan
from tests.advisor.hosts import make_host
from tests.advisor.strategies import constraints, hosts


def reasons(plan):
    return {setting.name: setting.reason for setting in plan.settings}


def test_the_settings_are_those_of_the_chosen_configuration():
    plan = measured_plan()
    assert (plan.workers, plan.threads, plan.value("worker_class")) == (2, 5, "gthread")
    assert (plan.value("worker_connections"), plan.value("keepalive")) == (5, 0)
    assert plan.capacity.memory_bytes == plan.choice.chosen.memory_bytes
    assert plan.capacity.requests_per_second == plan.choice.chosen.throughput.per_second
    assert plan.workload.kind is Kind.MIXED


def test_the_kind_is_what_was_measured():
    assert measured_plan(make_cost(5, 5)).workload.kind is Kind.CPU_BOUND
    assert measured_plan(make_cost(200, 1)).workload.kind is Kind.IO_BOUND


def test_the_reasons_quote_what_was_measured_and_predicted():
    found = reasons(measured_plan())
    assert "645 requests/s are predicted" in found["workers"]
    assert "with 1 at most 323" in found["workers"]
    assert "(bound by the GIL)" in found["workers"]
    assert "the rule gives 5" in found["workers"]
    assert "waits 12 ms of 15 ms (measured)" in found["threads"]
    assert "computes for 5 ms of 5 ms (measured)" in reasons(measured_plan(make_cost(5, 5)))["threads"]


def test_exactly_one_limit_binds_and_the_ceilings_are_among_them():
    plan = measured_plan()
    assert [limit.name for limit in plan.limits if limit.binding] == ["GIL"]
    rows = {limit.name: limit for limit in plan.limits}
    assert (rows["slots"].value, rows["slots"].unit) == (667, "requests/s")
    assert rows["cores"].arithmetic == "2 CPUs ÷ 3.1 ms of CPU time a request"
    assert rows["memory"].arithmetic.endswith("as measured")


def test_memory_that_binds_is_named_in_limits_reason_and_warning():
    plan = measured_plan(host=make_host(memory=80 * MIB))
    assert [limit.name for limit in plan.limits if limit.binding] == ["memory"]
    assert "what the memory holds" in reasons(plan)["workers"]
    assert any(text.startswith("The memory binds") for text in plan.warnings)


def test_an_old_release_is_not_promised_more_than_it_delivers():
    plan = measured_plan(host=make_host(gunicorn="23.0.0"))
    assert plan.value("worker_connections") is None
    assert plan.value("keepalive") > 60
    assert not plan.capacity.delivered
    assert any("does not fill all" in text for text in plan.warnings)


def test_kept_connections_keep_gunicorns_default_where_that_is_faster_and_the_price_is_said():
    fast = make_cost(0.5, 0.5, kept_alive_saves_ms=0.3)
    plan = measured_plan(fast, kept_alive=True)
    assert plan.value("worker_connections") == 1000
    assert plan.value("keepalive") == 65
    assert "with as many as threads" in reasons(plan)["worker_connections"]
    assert any("Not all" in text for text in plan.warnings) or plan.workers == 1
    assert not any("nginx" in text for text in plan.assumptions)


def test_the_answer_for_kept_connections_is_named_where_it_differs_by_much():
    fast = make_cost(0.5, 0.5, kept_alive_saves_ms=0.3)
    (named,) = [text for text in measured_plan(fast).assumptions if "would be recommended" in text]
    assert "default connections" in named
    assert not any("would be recommended" in text for text in measured_plan(fast, kept_alive=False).assumptions)
    assert not any("would be recommended" in text for text in measured_plan().assumptions)


def test_a_load_that_was_not_given_is_said_and_a_given_one_is_not():
    assert any("No load was given" in text for text in measured_plan().assumptions)
    assert not any("No load was given" in text for text in measured_plan(concurrency=8).assumptions)


def test_a_rate_that_cannot_be_held_is_said():
    assert any("5,000 requests/s cannot be held" in text for text in measured_plan(rate_per_second=5000.0).warnings)
    assert any("queues grow" in text for text in measured_plan(rate_per_second=640.0).warnings)
    assert not any("requests/s" in text for text in measured_plan(rate_per_second=300.0).warnings)


def test_one_worker_is_warned_of():
    plan = measured_plan(concurrency=3, cost=make_cost(50, 1))
    assert plan.workers == 1
    assert any("WEB_CONCURRENCY=2" in text for text in plan.warnings)


def test_a_second_worker_that_does_not_fit_is_not_advised():
    plan = measured_plan(concurrency=3, cost=make_cost(50, 1, worker=300 * MIB), host=make_host(memory=512 * MIB))
    assert plan.workers == 1
    assert any("A second one does not fit" in text for text in plan.warnings)
    assert not any("WEB_CONCURRENCY=2" in text for text in plan.warnings)


def test_a_leak_that_was_measured_is_warned_of():
    assert any("grew by 10 MiB" in text for text in measured_plan(make_cost(growth=10 * MIB)).warnings)
    assert not any("grew" in text for text in measured_plan(make_cost(growth=100)).warnings)


def test_what_was_stated_wins_and_is_said():
    plan = measured_plan(stated=("wait_ratio",), wait_ratio=19.0)
    assert plan.choice.cost.request.service_seconds == pytest.approx(0.06)
    assert plan.workload.kind is Kind.IO_BOUND
    assert any("replaces the measured 4" in text for text in plan.warnings)


def test_the_rule_and_the_advice_without_measuring_stand_beside_it():
    choice = measured_plan().choice
    assert choice.rule.shape.workers == 5
    assert choice.alternative(Role.UNMEASURED).prediction.shape.slots == 10


@settings(deadline=None, max_examples=40)
@given(costs(), hosts, constraints, st.one_of(st.none(), st.integers(1, 200)), st.sampled_from([None, True, False]))
def test_every_plan_is_complete_and_keeps_to_the_release(cost, host, limits, concurrency, kept_alive):
    asked = {} if concurrency is None else {"concurrency": concurrency}
    try:
        plan = measured_plan(cost, host=host, constraints=limits, kept_alive=kept_alive, **asked)
    except DoesNotFit:
        return
    release = Release.parse(host.gunicorn.value)
    assert all(supports(setting.name, release) and setting.reason for setting in plan.settings)
    assert sum(limit.binding for limit in plan.limits) == 1
    assert plan.slots == plan.capacity.concurrent_requests
    if release < Release(25) and plan.workers > 1 and plan.threads > 1:
        assert not plan.capacity.delivered
        assert plan.value("worker_connections") is None
    if plan.threads == 1:
        assert plan.value("worker_class") == "sync"


def test_the_same_input_gives_the_same_plan():
    assert measured_plan() == measured_plan()


def test_preload_and_max_requests_are_kept():
    plan = measured_plan(constraints=Constraints(preload=True, max_requests=1000))
    assert (plan.value("preload_app"), plan.value("max_requests")) == (True, 1000)
