import pytest

from advisor.sizing.demand import demand, rule_workers
from advisor.workload.assume import assume
from advisor.workload.workload import Kind
from tests.advisor.hosts import known


def slots(cpus, kind=Kind.IO_BOUND, **workload):
    return demand(cpus, assume(kind, **{name: known(value) for name, value in workload.items()})).slots


@pytest.mark.parametrize(("cpus", "workers"), [(0.25, 1), (0.5, 2), (1, 3), (1.5, 4), (2, 5), (4, 9), (64, 129)])
def test_the_rule_is_twice_the_cpus_and_one_rounded_down(cpus, workers):
    assert rule_workers(cpus) == workers


@pytest.mark.parametrize(
    ("cpus", "kind", "expected"),
    [
        (2, Kind.IO_BOUND, 80),
        (0.5, Kind.IO_BOUND, 20),
        (2, Kind.MIXED, 10),
        (0.1, Kind.IO_BOUND, 4),
        (2, Kind.CPU_BOUND, 5),
        (0.5, Kind.CPU_BOUND, 2),
    ],
)
def test_without_a_wish_the_cpus_and_the_wait_ratio_decide(cpus, kind, expected):
    assert slots(cpus, kind) == expected


def test_a_given_wait_ratio_replaces_the_assumed_one():
    assert slots(4, wait_ratio=9.0) == 40


def test_a_concurrency_asked_for_is_aimed_for_as_it_is():
    assert slots(2, concurrency=7) == 7


def test_a_rate_and_a_response_time_give_littles_law_with_a_reserve_of_a_fifth():
    # 100/s × 0.2 s = 20 busy on average; 20 ÷ 0.8 = 25.
    assert slots(2, rate_per_second=100.0, response_time_seconds=0.2) == 25


def test_rounding_errors_do_not_add_a_slot():
    # 30/s × 0.08 s ÷ 0.8 is 3 exactly, but 3.0000000000000004 in floating point.
    assert slots(2, rate_per_second=30.0, response_time_seconds=0.08) == 3


def test_of_rate_and_concurrency_the_larger_counts():
    assert slots(2, rate_per_second=100.0, response_time_seconds=0.2, concurrency=60) == 60
    assert slots(2, rate_per_second=100.0, response_time_seconds=0.2, concurrency=6) == 25
