"""Which CPUs generators and server get."""

from __future__ import annotations

import pytest

from advisor.measure.bench.pinning import Pinning, plan_pinning


@pytest.mark.parametrize(
    ("cpus", "generators", "server", "own"),
    [
        ({0, 1, 2, 3}, 1, (0, 1, 2), (3,)),
        ({0, 1, 2, 3}, 2, (0, 1), (2, 3)),
        ({9, 2, 5, 7, 30}, 2, (2, 5, 7), (9, 30)),
        (range(64), 1, tuple(range(63)), (63,)),
    ],
)
def test_generators_get_the_last_cpus_and_the_server_the_others(
    cpus: set[int], generators: int, server: tuple[int, ...], own: tuple[int, ...]
) -> None:
    assert plan_pinning(cpus, generators) == Pinning(server=server, generators=own)


@pytest.mark.parametrize(("cpus", "generators"), [((), 1), ({0}, 1), ({0, 1}, 1), ({0, 1, 2}, 1), ({0, 1, 2, 3}, 3)])
def test_with_too_few_cpus_all_share_all(cpus: set[int], generators: int) -> None:
    assert plan_pinning(cpus, generators) == Pinning()


@pytest.mark.parametrize("count", range(1, 20))
@pytest.mark.parametrize("generators", range(1, 6))
def test_no_cpu_is_given_twice_nor_lost(count: int, generators: int) -> None:
    pinning = plan_pinning(range(count), generators)
    given = pinning.server + pinning.generators
    assert not given or sorted(given) == list(range(count))
    assert len(pinning.generators) in (0, generators)
