from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.units import GIB, MIB
from gunicorn_conf.fargate_sizes import fargate_sizes, smallest_task


def test_the_published_ranges() -> None:
    found: dict[int, list[int]] = {}
    for size in fargate_sizes():
        found.setdefault(size.cpu_units, []).append(size.memory_mib)
    assert found[256] == [512, 1024, 2048]
    assert {units: (memory[0], memory[-1], len(memory)) for units, memory in found.items() if units > 256} == {
        512: (1024, 4096, 4),
        1024: (2048, 8192, 7),
        2048: (4096, 16384, 13),
        4096: (8192, 30720, 23),
        8192: (16384, 61440, 12),
        16384: (32768, 122880, 12),
    }


@given(st.floats(0.01, 16.0), st.integers(1, 120 * GIB))
def test_the_task_holds_both_and_no_smaller_one_does(cpus: float, memory: int) -> None:
    found = smallest_task(cpus, memory)
    assert found is not None
    assert found.cpus >= cpus
    assert found.memory_bytes >= memory
    for size in fargate_sizes():
        if size.cpu_units < found.cpu_units:
            assert size.cpus < cpus or size.memory_bytes < memory


@pytest.mark.parametrize(("cpus", "memory"), [(16.1, 512 * MIB), (1.0, 120 * GIB + 1)])
def test_no_task_is_larger_than_the_largest(cpus: float, memory: int) -> None:
    assert smallest_task(cpus, memory) is None
