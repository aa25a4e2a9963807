"""What the model promises for every app, shape and load, and what it says of known ones."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.model.predict import predict, predict_grid
from advisor.model.prediction import Ceiling, Demand
from advisor.model.shape import Shape, WorkerClass, limited, sync
from tests.advisor.model.costs import COMPUTING, EMPTY, MIXED, WAITING, apps, demands, make_app, shapes

TWO_CPUS = Demand(cpus=2, clients=64)


def default(workers, threads, keepalive=2):
    return Shape(worker_class=WorkerClass.GTHREAD, workers=workers, threads=threads, keepalive=keepalive)


def per_second(app, shape, demand=TWO_CPUS):
    return predict(app, shape, demand).throughput.per_second


@given(apps, shapes, demands)
def test_no_throughput_is_above_any_ceiling(app, shape, demand):
    throughput = predict(app, shape, demand).throughput

    assert 0 < throughput.per_second <= min(throughput.ceilings.values())
    assert throughput.ceilings[throughput.binding] == min(throughput.ceilings.values())
    assert throughput.low <= throughput.per_second <= throughput.high


@given(apps, shapes, demands, st.floats(1, 4))
def test_more_cpus_never_lower_the_throughput(app, shape, demand, factor):
    more = replace(demand, cpus=demand.cpus * factor)

    assert per_second(app, shape, more) >= per_second(app, shape, demand) * 0.999


@given(apps, shapes, demands)
def test_a_load_generator_on_the_same_cpus_never_helps(app, shape, demand):
    assert per_second(app, shape, demand) <= per_second(app, shape, replace(demand, generator_cpu_seconds=0.0)) * 1.001


@given(apps, st.integers(1, 40), st.integers(1, 64), demands)
def test_workers_that_take_only_what_they_serve_are_never_slower(app, workers, threads, demand):
    assume(not demand.kept_alive)

    assert (
        per_second(app, limited(workers, threads), demand) >= per_second(app, default(workers, threads), demand) * 0.999
    )


@given(apps, st.integers(1, 64), st.integers(1, 20))
def test_memory_grows_by_the_same_for_each_worker(app, threads, workers):
    first, second, third = (predict(app, limited(workers + more, threads), TWO_CPUS).memory_bytes for more in range(3))

    assert third - second == second - first > 0


@given(apps, shapes, demands, st.floats(0.01, 2))
def test_a_rate_has_a_latency_exactly_when_it_is_reached(app, shape, demand, share):
    rate = share * per_second(app, shape, demand)
    prediction = predict(app, shape, replace(demand, rate_per_second=rate))

    reached = rate < prediction.throughput.per_second
    assert (prediction.latency is not None) == reached
    if prediction.latency is not None:
        assert prediction.latency.utilisation < 1
        assert prediction.latency.mean_seconds >= app.request.service_seconds
        assert prediction.latency.p99_seconds >= app.request.quantiles_seconds[97]


@given(apps, shapes, demands, st.floats(0.1, 0.9))
def test_latency_grows_with_the_rate(app, shape, demand, share):
    rate = share * per_second(app, shape, demand)
    less = predict(app, shape, replace(demand, rate_per_second=rate)).latency
    more = predict(app, shape, replace(demand, rate_per_second=rate * 1.1)).latency

    assert less is not None
    assert more is not None
    assert more.mean_seconds >= less.mean_seconds * 0.999
    # Several waits are taken as one of the same mean and mean square, whose tail may be a little shorter.
    assert more.p99_seconds >= less.p99_seconds * 0.97


@given(apps, st.lists(shapes, max_size=5), demands)
def test_a_grid_is_its_predictions_in_order(app, several, demand):
    assert predict_grid(app, several, demand) == tuple(predict(app, shape, demand) for shape in several)


def test_a_single_sync_worker_is_m_m_1():
    app = make_app(cpu_ms=0.001, wait_ms=10, exponential=True)

    latency = predict(app, sync(1), Demand(cpus=1, clients=64, rate_per_second=70)).latency

    assert latency is not None
    assert latency.mean_seconds == pytest.approx(0.010 / 0.3, rel=0.01)
    assert latency.p99_seconds == pytest.approx(0.010 / 0.3 * math.log(100), rel=0.05)


def test_a_single_sync_worker_with_equal_requests_is_m_d_1():
    app = make_app(cpu_ms=0.001, wait_ms=10)

    latency = predict(app, sync(1), Demand(cpus=1, clients=64, rate_per_second=70)).latency

    assert latency is not None
    assert latency.mean_seconds == pytest.approx(0.010 + 0.7 * 0.010 / (2 * 0.3), rel=0.01)


def test_requests_that_only_wait_are_bounded_by_the_slots():
    for shape in (sync(8), limited(2, 4), limited(8, 1)):
        prediction = predict(WAITING, shape, TWO_CPUS)
        assert prediction.throughput.binding is Ceiling.SLOTS
        assert prediction.throughput.per_second == pytest.approx(8 / 0.2005, rel=0.02)


def test_one_client_gets_one_answer_per_service_time():
    prediction = predict(MIXED, sync(4), Demand(cpus=2, clients=1))

    assert prediction.throughput.binding is Ceiling.CLIENTS
    assert prediction.throughput.per_second == pytest.approx(1 / MIXED.request.service_seconds, rel=0.03)


def test_threads_of_one_process_do_not_lift_pure_computing():
    assert per_second(COMPUTING, limited(1, 16)) <= per_second(COMPUTING, sync(1))
    assert predict(COMPUTING, limited(1, 16), TWO_CPUS).throughput.binding is Ceiling.GIL


def test_a_second_process_doubles_pure_computing_and_a_third_adds_nothing():
    one, two, three = (per_second(COMPUTING, sync(workers)) for workers in (1, 2, 3))

    assert two == pytest.approx(2 * one, rel=0.02)
    assert three <= two


def test_code_that_releases_the_gil_uses_other_cores_from_one_process():
    released = make_app(cpu_ms=5, wait_ms=0, gil_ms=1)

    assert per_second(released, limited(1, 8)) > 1.8 * per_second(released, sync(1))


def test_half_a_cpu_gives_half_of_what_computing_needs():
    assert per_second(COMPUTING, sync(4), Demand(cpus=0.5, clients=64)) == pytest.approx(0.5 / 0.0055, rel=0.05)


def test_a_quota_that_is_not_used_up_slows_nothing():
    """4.6 ms of CPU in each 200 ms: with one worker, a tenth of a CPU is more than enough."""
    assert per_second(WAITING, sync(1), Demand(cpus=0.1, clients=64)) == pytest.approx(1 / 0.2005, rel=0.02)


def test_the_rule_reaches_half_of_the_best_where_requests_wait_four_fifths_of_their_time():
    """Measured on 2 CPUs: 5 sync 292, 2 × 8 gthread 540 requests per second."""
    share = per_second(MIXED, sync(5)) / per_second(MIXED, limited(2, 8))

    assert 0.5 < share < 0.62


def test_gunicorns_default_of_connections_leaves_slots_idle():
    """Measured: 4 × 4 threads, 16 clients, 20 ms of waiting: 575 with the default, 750 with the limit, 800 at most."""
    app = make_app(cpu_ms=0.4, wait_ms=20.5)
    demand = Demand(cpus=2, clients=16)

    assert per_second(app, limited(4, 4), demand) == pytest.approx(750, rel=0.05)
    assert per_second(app, default(4, 4), demand) == pytest.approx(575, rel=0.1)


def test_gunicorns_default_of_connections_costs_latency():
    """Measured: 8 slots, 20 ms of waiting, 280 requests/s: p99 of 40 ms pooled, 58 to 94 ms as 2 × 4 by default."""
    app = make_app(cpu_ms=0.4, wait_ms=20.6)
    demand = Demand(cpus=2, clients=64, rate_per_second=280)

    pooled, alone = (predict(app, shape, demand).latency for shape in (limited(2, 4), default(2, 4)))

    assert pooled is not None
    assert alone is not None
    assert pooled.p99_seconds == pytest.approx(0.040, rel=0.1)
    assert 0.058 <= alone.p99_seconds <= 0.094


def test_clients_that_keep_connections_save_a_fast_handler_the_hand_over():
    kept = replace(TWO_CPUS, kept_alive=True)

    assert per_second(EMPTY, default(3, 4), kept) > 1.2 * per_second(EMPTY, default(3, 4))


def test_clients_that_keep_connections_leave_slots_idle_where_requests_wait():
    kept = replace(TWO_CPUS, kept_alive=True)

    assert per_second(WAITING, default(5, 4), kept) < 0.7 * per_second(WAITING, limited(5, 4), kept)


def test_with_keepalive_0_it_does_not_matter_what_clients_wish():
    kept = replace(TWO_CPUS, kept_alive=True)

    assert per_second(EMPTY, limited(3, 4), kept) == per_second(EMPTY, limited(3, 4))


def test_a_sync_worker_never_keeps_connections():
    assert per_second(EMPTY, sync(3), replace(TWO_CPUS, kept_alive=True)) == per_second(EMPTY, sync(3))


def test_large_answers_hold_their_worker_until_a_busy_generator_has_read_them():
    small = make_app(cpu_ms=0.3, wait_ms=0.15)
    large = make_app(cpu_ms=0.3, wait_ms=0.15, response_bytes=512 * 1024)
    demand = Demand(cpus=2, clients=64, generator_cpu_seconds=0.00024)

    assert per_second(large, sync(2), demand) < per_second(small, sync(2), demand)


def test_times_that_vary_meet_at_the_gil_more_often():
    equal = make_app(cpu_ms=3, wait_ms=12)
    varying = make_app(cpu_ms=3, wait_ms=12, exponential=True)

    assert per_second(varying, limited(1, 5)) < per_second(equal, limited(1, 5))
