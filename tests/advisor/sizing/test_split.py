from dataclasses import replace

import pytest

from advisor.sizing.split import Bounds, LimitName, Split, binding_limit, split
from advisor.units import KIB, MIB

FREE = Bounds(
    aim=80,
    rule=5,
    demand=None,
    max_threads=64,
    connections=None,
    memory_bytes=None,
    worker_bytes=100 * MIB,
    thread_bytes=512 * KIB,
)
WEIGHED = [LimitName.MEMORY, LimitName.DATABASE, LimitName.THREADS, LimitName.RULE, LimitName.DEMAND]


def found(**bounds):
    return split(replace(FREE, **bounds))


def binds(**bounds):
    changed = replace(FREE, **bounds)
    result = split(changed)
    assert result is not None
    return binding_limit(changed, result, WEIGHED)


def test_the_rule_gives_the_workers_and_the_threads_fill_up_the_slots():
    assert found() == Split(workers=5, threads=16)
    assert binds() is LimitName.RULE


def test_slots_are_rounded_up_to_whole_threads():
    assert found(aim=81) == Split(workers=5, threads=17)


def test_when_memory_is_short_threads_replace_workers_and_the_slots_are_kept():
    # 3 × 100 MiB + 81 × 0.5 MiB = 340.5 MiB; a fourth worker would need 440 MiB.
    assert found(memory_bytes=341 * MIB) == Split(workers=3, threads=27)
    assert binds(memory_bytes=341 * MIB) is LimitName.MEMORY


def test_when_memory_does_not_hold_the_slots_either_it_holds_as_many_as_possible():
    assert found(memory_bytes=110 * MIB) == Split(workers=1, threads=20)
    assert binds(memory_bytes=110 * MIB) is LimitName.MEMORY


def test_no_split_when_not_even_one_worker_fits():
    assert found(memory_bytes=100 * MIB) is None


@pytest.mark.parametrize(
    ("connections", "expected"),
    [
        (80, (5, 16)),
        (50, (5, 10)),
        (53, (5, 10)),  # not 1 × 53
        (7, (3, 2)),  # not 5 × 1, which leaves two unused, and not 1 × 7
        (4, (4, 1)),
        (1, (1, 1)),
    ],
)
def test_database_connections_cut_threads_before_workers_and_waste_little(connections, expected):
    assert found(connections=connections) == Split(workers=expected[0], threads=expected[1])


def test_the_database_binds_when_it_cuts_the_slots():
    assert binds(connections=50) is LimitName.DATABASE
    assert binds(connections=90) is LimitName.RULE


def test_one_thread_a_worker_leaves_as_many_slots_as_the_rule_has_workers():
    assert found(max_threads=1) == Split(workers=5, threads=1)


def test_the_cap_on_threads_binds_when_lifting_it_would_reach_the_aim():
    assert found(aim=400) == Split(workers=5, threads=64)
    assert binds(aim=400) is LimitName.THREADS


def test_few_requests_asked_for_need_few_workers():
    assert found(aim=3, demand=3, rule=129) == Split(workers=3, threads=1)
    assert binds(aim=3, demand=3, rule=129) is LimitName.DEMAND


def test_the_tightest_of_two_short_limits_binds():
    assert binds(connections=20, memory_bytes=341 * MIB) is LimitName.DATABASE
