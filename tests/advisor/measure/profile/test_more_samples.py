"""More service times where they vary: when, and how they join those of one client."""

from __future__ import annotations

import random
import statistics

import pytest

from advisor.load.spec import LoadRequest
from advisor.measure.profile.load_run import Budget
from advisor.measure.profile.mix import quantiles, variation
from advisor.measure.profile.more_samples import MOST_WORKERS, take_more, together, workers_for_more
from advisor.measure.profile.result import EndpointProfile
from advisor.measure.server import running_server
from advisor.measure.server_spec import ServerSpec, own_environment
from advisor.units import MIB


def endpoint(seconds: list[float], *, cpu_seconds: float, path: str = "/") -> EndpointProfile:
    return EndpointProfile(
        request=LoadRequest(path=path),
        samples=len(seconds),
        service_seconds=statistics.fmean(seconds),
        cpu_seconds=cpu_seconds,
        queued_seconds=0.0,
        variation=variation(seconds),
        quantiles_seconds=quantiles(seconds),
        statuses={200: len(seconds)},
        failures={},
        response_bytes=100,
    )


def test_times_that_hardly_vary_need_no_more() -> None:
    assert workers_for_more([endpoint([0.015, 0.0152] * 50, cpu_seconds=0.003)], cpus=2) == 0


@pytest.mark.parametrize(
    ("cpus", "cpu_seconds", "workers"),
    [(2, 0.004, 5), (1, 0.002, 5), (64, 0.002, MOST_WORKERS), (2, 0.02, 0), (0.5, 0.01, 0)],
)
def test_the_workers_leave_half_of_the_cpus_idle(cpus: float, cpu_seconds: float, workers: int) -> None:
    varying = endpoint([0.01, 0.03] * 20, cpu_seconds=cpu_seconds)
    assert workers_for_more([varying], cpus) == workers


def test_both_samples_together_have_the_mean_and_the_variation_of_all() -> None:
    drawn = random.Random(1)
    first = [drawn.expovariate(50) for _ in range(200)]
    second = [drawn.expovariate(50) for _ in range(800)]
    found = together(endpoint(first, cpu_seconds=0.0), second, queued_seconds=0.0)
    every = [*first, *second]
    assert found.samples == 1000
    assert found.service_seconds == pytest.approx(statistics.fmean(every))
    assert found.variation == pytest.approx(variation(every))
    assert statistics.fmean(found.quantiles_seconds) == pytest.approx(statistics.fmean(every), rel=0.03)
    assert list(found.quantiles_seconds) == sorted(found.quantiles_seconds)


def test_waiting_for_a_cpu_is_taken_off() -> None:
    found = together(endpoint([0.02] * 10, cpu_seconds=0.002), [0.025] * 30, queued_seconds=0.005)
    assert found.service_seconds == pytest.approx(0.02)
    assert found.variation == pytest.approx(0.0, abs=1e-6)
    assert found.queued_seconds == pytest.approx(0.75 * 0.005)


def test_a_queue_that_is_not_known_stays_in_the_time() -> None:
    found = together(endpoint([0.02] * 10, cpu_seconds=0.002), [0.025] * 10, queued_seconds=None)
    assert found.service_seconds == pytest.approx(0.0225)
    assert found.queued_seconds is None


def test_real_workers_serve_one_request_each_at_a_time() -> None:
    path = "/io?seconds=0.02&spread=exponential"
    few = endpoint([0.002, 0.04], cpu_seconds=0.001, path=path)
    budget = Budget(5.0, 256 * MIB)
    spec = ServerSpec(arguments=("--workers", "3"), environment=own_environment())
    with running_server(spec) as server:
        (found,) = take_more(server, [few], budget, timeout_seconds=10)
    assert found.samples > 50
    assert found.statuses[200] == found.samples
    assert 0 < budget.spent_seconds <= 2.5
    # two exponential standard errors of so many; what else the machine does only makes it longer
    assert found.service_seconds > 0.02 * (1 - 3 / found.samples**0.5)
