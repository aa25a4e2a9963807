from __future__ import annotations

import datetime

import pytest

from advisor.units import GIB, MIB
from gunicorn_conf.dyno_sizes import dyno_sizes, smallest_dyno


def test_every_dyno_has_a_source_and_a_date_and_a_name_of_its_own() -> None:
    names = [name for size in dyno_sizes() for name in (size.name, *size.also)]
    assert len(names) == len(set(names))
    for size in dyno_sizes():
        assert len(size.source) > 10
        datetime.date.fromisoformat(size.date)


def test_the_smallest_comes_first() -> None:
    memory = [size.memory_bytes for size in dyno_sizes()]
    assert memory == sorted(memory)


def test_the_buildpack_never_sets_more_workers_than_256_mb_each_allow() -> None:
    for size in dyno_sizes():
        assert 1 <= size.workers <= size.memory_bytes // (256 * MIB)


@pytest.mark.parametrize(
    ("memory", "name"),
    [(1, "standard-1x"), (512 * MIB, "standard-1x"), (512 * MIB + 1, "standard-2x"), (126 * GIB, "performance-2xl")],
)
def test_the_smallest_dyno_that_holds_it(memory: int, name: str) -> None:
    found = smallest_dyno(memory)
    assert found is not None
    assert found.name == name


def test_no_dyno_holds_more_than_the_largest() -> None:
    assert smallest_dyno(126 * GIB + 1) is None
