"""From runs with one client and with threads to what the model takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.facts import Fact
from advisor.measure.profile.request_cost import request_cost
from advisor.measure.profile.result import ThreadsProfile
from advisor.measure.profile.threads import LEAST_THREADS, MOST_THREADS, Threads, threads_for
from advisor.units import MIB

from .test_mix import endpoint


def threads(*, per_second: float, cpus_used: float) -> Threads:
    return Threads(
        profile=Fact(
            value=ThreadsProfile(
                threads=4,
                samples=1000,
                per_second=per_second,
                alone_per_second=50.0,
                cpus_used=cpus_used,
                cpu_seconds=cpus_used / per_second,
            ),
            source="measured",
        ),
        thread_bytes=Fact(value=50_000, source="measured"),
        kept_alive_saves_seconds=Fact(value=0.0001, source="measured"),
        handover_seconds=Fact(value=0.0002, source="measured"),
        stuck=None,
    )


UNKNOWN = Threads.unknown("no time")
APP = endpoint([0.0160, 0.0170], cpu_seconds=0.0043)


def test_hand_over_and_saving_are_passed_on() -> None:
    cost, _ = request_cost([APP], threads(per_second=250, cpus_used=0.4))
    assert (cost.handover_seconds, cost.kept_alive_saves_seconds) == (0.0002, 0.0001)


def test_a_busy_worker_tells_the_cpu_time_better_than_one_that_rests() -> None:
    cost, gil = request_cost([APP], threads(per_second=250, cpus_used=1.0))
    assert cost.cpu_seconds == pytest.approx(1 / 250 - 0.0002)
    assert gil.value == cost.gil_seconds == cost.cpu_seconds
    assert cost.service_seconds == pytest.approx(0.0165)


def test_contention_between_threads_is_no_cost_of_the_request() -> None:
    cost, _ = request_cost([APP], threads(per_second=150, cpus_used=1.0))
    assert cost.cpu_seconds == pytest.approx(0.0043)


def test_a_worker_that_was_not_busy_says_nothing_of_the_gil() -> None:
    cost, gil = request_cost([APP], threads(per_second=100, cpus_used=0.4))
    assert cost.cpu_seconds == cost.gil_seconds == pytest.approx(0.0043)
    assert not gil.known
    assert gil.source == "4 threads used 0.40 CPUs, too few to tell"


def test_computing_in_two_threads_at_once_bounds_the_part_under_the_gil() -> None:
    cost, gil = request_cost([APP], threads(per_second=450, cpus_used=1.9))
    assert gil.value == pytest.approx(1 / 450)
    assert cost.gil_seconds < cost.cpu_seconds


def test_what_was_not_measured_claims_least_and_says_why() -> None:
    cost, gil = request_cost([APP], UNKNOWN)
    assert (cost.handover_seconds, cost.kept_alive_saves_seconds) == (0, 0)
    assert cost.gil_seconds == cost.cpu_seconds == pytest.approx(0.0043)
    assert gil.source == "no time"


@given(
    per_second=st.floats(min_value=1, max_value=10_000),
    cpus_used=st.floats(min_value=0.01, max_value=8),
    alone=st.floats(min_value=1e-5, max_value=1),
)
def test_the_part_under_the_gil_is_never_more_than_all(per_second: float, cpus_used: float, alone: float) -> None:
    one = endpoint([2 * alone], cpu_seconds=alone)
    cost, _ = request_cost([one], threads(per_second=per_second, cpus_used=cpus_used))
    assert 0 < cost.gil_seconds <= cost.cpu_seconds <= alone * (1 + 1e-9)


@pytest.mark.parametrize(("ratio", "count"), [(0, LEAST_THREADS), (3, 8), (50, MOST_THREADS)])
def test_an_app_that_waits_longer_is_tried_with_more_threads(ratio: float, count: int) -> None:
    assert threads_for(ratio, 0, 256 * MIB) == count


def test_requests_that_take_much_memory_are_tried_with_few_threads() -> None:
    assert threads_for(50, 50 * MIB, 256 * MIB) == 5
    assert threads_for(50, 500 * MIB, 256 * MIB) == 2
