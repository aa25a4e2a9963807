"""Which configurations may be tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.measure.tune.space import Limits, Space, rule, space
from advisor.model.prediction import Ceiling, Prediction, Throughput
from advisor.model.shape import Shape
from advisor.units import MIB
from advisor.workload.cost import MemoryCost
from gunicorn_conf.errors import DoesNotFit
from gunicorn_conf.release import Release

_MEMORY = MemoryCost(arbiter_bytes=20 * MIB, worker_bytes=30 * MIB, thread_bytes=MIB, growth_bytes_per_1000_requests=0)
_LIMITS = Limits(cpus=2.0, clients=64, memory_bytes=None, db_connections=None, max_workers=None, max_threads=64)


def _predict(shape: Shape) -> Prediction:
    per_second = float(min(shape.slots, 8))
    throughput = Throughput(per_second=per_second, low=per_second, high=per_second, binding=Ceiling.SLOTS, ceilings={})
    return Prediction(shape=shape, throughput=throughput, memory_bytes=0, latency=None)


def _space(
    release: str = "27.0.1", wsgi: bool = True, loops: tuple[str, ...] = (), **changes: int | float | None
) -> Space:
    return space(
        replace(_LIMITS, **changes),  # type: ignore[arg-type]
        _MEMORY,
        Release.parse(release),
        predict=_predict,
        target=lambda _, prediction: prediction.throughput.per_second,
        wsgi=wsgi,
        event_loops=loops,
    )


def _names(found: Space) -> set[str]:
    return {forecast.option.name for forecast in found.forecasts}


def test_sync_and_gthread_are_there_and_each_once() -> None:
    found = _space()
    assert {"5 sync", "2 × 16 gthread", "5 × 16 gthread"} <= _names(found)
    assert len(_names(found)) == len(found.forecasts)


def test_memory_leaves_out_what_is_predicted_too_big_and_says_how_many() -> None:
    found = _space(memory_bytes=200 * MIB)
    assert max(forecast.memory_bytes for forecast in found.forecasts) <= 200 * MIB
    assert "would need more than the 200 MiB" in found.notes[0]


def test_database_connections_bound_the_slots() -> None:
    assert max(forecast.option.shape.slots for forecast in _space(db_connections=20).forecasts) <= 20


def test_without_threads_there_are_sync_workers_alone() -> None:
    assert {forecast.option.group for forecast in _space(max_threads=1).forecasts} == {"sync"}


def test_many_sync_workers_are_tried_only_where_threads_are_not_allowed() -> None:
    assert max(forecast.option.shape.workers for forecast in _space().forecasts) == 32
    assert max(forecast.option.shape.workers for forecast in _space(max_threads=1).forecasts) == 96


def test_no_more_workers_than_allowed() -> None:
    assert max(forecast.option.shape.workers for forecast in _space(max_workers=3).forecasts) == 3


@pytest.mark.parametrize("release", ["20.1.0", "23.0.0", "24.1.1"])
def test_before_25_gthread_has_its_default_connections_and_that_is_said(release: str) -> None:
    found = _space(release)
    assert {forecast.option.group for forecast in found.forecasts} == {"sync", "gthread, default connections"}
    assert release in found.notes[0]


def test_from_25_on_workers_take_only_what_they_serve() -> None:
    assert {forecast.option.group for forecast in _space("25.0.0").forecasts} == {"sync", "gthread, limited"}


def test_for_clients_that_keep_connections_workers_that_keep_them_are_tried_too() -> None:
    groups = {forecast.option.group for forecast in _space(kept_alive=True).forecasts}
    assert "gthread, default connections" in groups


def test_an_asgi_app_is_tried_on_its_worker_class_alone_without_a_prediction() -> None:
    found = _space(wsgi=False, loops=("asgi",))
    assert {forecast.option.group for forecast in found.forecasts} == {"asgi"}
    assert all(forecast.predicted_per_second is None for forecast in found.forecasts)


def test_gevent_is_tried_when_it_is_allowed() -> None:
    assert "2 gevent" in _names(_space(loops=("gevent",)))
    assert not any("gevent" in name for name in _names(_space()))


def test_when_nothing_fits_it_is_said() -> None:
    with pytest.raises(DoesNotFit, match="no configuration"):
        _space(memory_bytes=10 * MIB)


def test_every_option_says_all_that_a_configuration_file_could_say_otherwise() -> None:
    for forecast in _space().forecasts:
        assert {"--workers", "--worker-class", "--threads"} <= set(forecast.option.arguments())


def test_the_rule_is_two_workers_a_cpu_and_one() -> None:
    assert rule(2.0).name == "5 sync"
