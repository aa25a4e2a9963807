"""The formulas against closed forms and exact sums."""

from __future__ import annotations

import math

import pytest

from advisor.model.queueing import (
    NO_WAIT,
    Wait,
    closed_utilisation,
    falling_root,
    one_after_another,
    orderly_throughput,
    percentile_99,
    queueing_throughput,
    waiting_probability,
)


def erlang_c(servers, utilisation):
    load = servers * utilisation
    last = load**servers / math.factorial(servers) / (1 - utilisation)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


def machine_repairman(customers, service, delay):
    """Visits per second, from the balance of births and deaths."""
    weights = [1.0]
    for waiting in range(1, customers + 1):
        weights.append(weights[-1] * (customers - waiting + 1) * service / delay)
    return (1 - weights[0] / sum(weights)) / service


@pytest.mark.parametrize("utilisation", [0.1, 0.5, 0.9, 1.0])
def test_with_one_server_as_many_wait_as_it_is_busy(utilisation):
    assert waiting_probability(1, utilisation) == pytest.approx(utilisation)


@pytest.mark.parametrize("servers", [2, 3, 5, 8, 16, 64, 128])
@pytest.mark.parametrize("utilisation", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97])
def test_the_probability_to_wait_is_near_erlangs(servers, utilisation):
    assert waiting_probability(servers, utilisation) == pytest.approx(erlang_c(servers, utilisation), abs=0.06)


def test_an_idle_server_lets_nobody_wait():
    assert waiting_probability(3, 0.0) == 0.0


@pytest.mark.parametrize("customers", [1, 2, 4, 8, 16, 64])
@pytest.mark.parametrize("delay", [0.5, 1, 3, 10, 30, 100])
def test_queueing_is_near_the_machine_repairman_and_not_above(customers, delay):
    exact = machine_repairman(customers, 1.0, delay)

    found = queueing_throughput(customers, 1.0, delay)

    assert 0.94 * exact <= found <= exact * (1 + 1e-9)


def test_two_customers_that_only_queue_keep_the_server_busy():
    assert queueing_throughput(2, 0.005, 0.0) == pytest.approx(200)


def test_work_that_holds_no_server_is_bounded_by_the_customers():
    assert queueing_throughput(3, 0.0, 0.5) == pytest.approx(6)
    assert orderly_throughput(3, 0.0, 0.5) == pytest.approx(6)


@pytest.mark.parametrize(("customers", "expected"), [(2, 2 / 16), (4, 4 / 16), (8, 1 / 4)])
def test_customers_in_turn_reach_the_bounds(customers, expected):
    assert orderly_throughput(customers, 4, 12) == pytest.approx(expected)


@pytest.mark.parametrize("customers", [0.5, 1, 4, 20])
def test_single_servers_are_as_busy_as_an_m_m_1_with_so_many(customers):
    assert closed_utilisation(customers, 1) == pytest.approx(customers / (1 + customers), abs=1e-5)


def test_more_customers_or_fewer_servers_leave_less_idle():
    assert closed_utilisation(4, 4) < closed_utilisation(8, 4) < closed_utilisation(8, 2) < 1


def test_a_root_is_found_and_a_missing_one_is_the_end():
    assert falling_root(lambda x: 0.3 - x**3, 1e-9) == pytest.approx(0.3 ** (1 / 3))
    assert falling_root(lambda x: -1 - x, 1e-9) == 0.0
    assert falling_root(lambda x: 2 - x, 1e-9) == 1.0


def test_waits_one_after_another_keep_mean_and_mean_square():
    first, second = Wait(probability=0.5, seconds=2.0), Wait(probability=0.2, seconds=10.0)

    both = one_after_another((first, NO_WAIT, second))

    assert both.mean_seconds == pytest.approx(1.0 + 2.0)
    square = 2 * 0.5 * 2.0**2 + 2 * 0.2 * 10.0**2 + 2 * 1.0 * 2.0
    assert 2 * both.probability * both.seconds**2 == pytest.approx(square)


def test_no_waits_are_none():
    assert one_after_another((NO_WAIT, NO_WAIT)) == NO_WAIT


def test_the_percentile_without_a_wait_is_that_of_the_service_times():
    assert percentile_99(tuple(float(n) for n in range(100)), NO_WAIT) == pytest.approx(98.5)


def test_the_percentile_of_an_exponential_wait_after_a_fixed_time():
    wait = Wait(probability=0.7, seconds=2.0)

    assert percentile_99((3.0,) * 100, wait) == pytest.approx(3.0 + 2.0 * math.log(70))


def test_the_percentile_behind_one_long_service_in_ten():
    wait = Wait(probability=0.5, seconds=1.0)

    # 0.1 of the requests take 100: half of these wait, and a fifth of the waits is above ln 5.
    assert percentile_99((0.0,) * 90 + (100.0,) * 10, wait) == pytest.approx(100 + math.log(5), abs=1e-6)


def test_a_wait_far_shorter_than_the_service_does_not_overflow():
    assert percentile_99((1.0,) * 99 + (30.0,), Wait(probability=0.5, seconds=1e-6)) >= 1.0
