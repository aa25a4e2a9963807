"""Profiles of apps whose cost is known."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from advisor.load.spec import LoadRequest
from advisor.measure.profile.profile import profile_app
from advisor.measure.profile.result import AppProfile
from advisor.measure.server_spec import ServerSpec
from advisor.units import MIB

from .conftest import SECONDS, Profiled


@pytest.fixture(scope="module")
def sample() -> AppProfile:
    """The sample app: 3 ms of computing and 20 ms of waiting, three times as often as 6 ms of computing alone."""
    requests = (LoadRequest(path="/mixed?ms=3&seconds=0.02", weight=3), LoadRequest(path="/cpu?ms=6"))
    return profile_app(ServerSpec(), requests, wsgi=True, seconds=5.0, progress=lambda _: None)


def test_what_was_measured_is_named(sample: AppProfile) -> None:
    assert (sample.app, sample.wsgi, sample.worker_class) == ("sample_app:app", True, "sync")
    assert sample.gunicorn.count(".") == 2
    assert sample.start_seconds > 0


def test_computing_is_told_from_waiting(sample: AppProfile) -> None:
    mixed, computing = sample.endpoints
    assert 0.003 <= mixed.cpu_seconds < 0.007  # the handler's own, and Flask's and Gunicorn's around it
    assert 0.006 <= computing.cpu_seconds < 0.010
    assert mixed.wait_seconds > 0.015
    assert computing.wait_ratio < mixed.wait_ratio


def test_the_mix_is_that_of_the_weights(sample: AppProfile) -> None:
    mixed, computing = sample.endpoints
    expected = (3 * mixed.service_seconds + computing.service_seconds) / 4
    assert sample.cost.request.service_seconds == pytest.approx(expected)
    quantiles = sample.cost.request.quantiles_seconds
    assert list(quantiles) == sorted(quantiles)
    assert quantiles[10] < 0.02 < quantiles[60]


def test_a_hand_over_to_a_thread_costs_something_and_a_kept_connection_saves_something(sample: AppProfile) -> None:
    assert sample.handover_seconds.value is not None
    assert 0 < sample.handover_seconds.value < 0.002
    assert sample.kept_alive_saves_seconds.value is not None
    assert sample.cost.request.handover_seconds == sample.handover_seconds.value


def test_python_code_holds_the_gil(sample: AppProfile) -> None:
    threads = sample.threads.value
    assert threads is not None
    assert not threads.releases_gil
    assert sample.cost.request.gil_seconds == sample.cost.request.cpu_seconds
    assert threads.gain > 1.5  # while one waits, another computes


def test_memory_is_what_a_worker_has_of_its_own(sample: AppProfile) -> None:
    memory = sample.cost.memory
    assert 5 * MIB < memory.worker_bytes < 60 * MIB
    assert memory.arbiter_bytes > 3 * MIB
    assert 0 <= memory.thread_bytes < 5 * MIB
    saves = sample.memory.preload_saves_bytes
    assert saves.value is not None
    assert 2 * MIB < saves.value < memory.worker_bytes


def test_the_imports_name_the_packages_that_cost_most(sample: AppProfile) -> None:
    imports = sample.imports.value
    assert imports is not None
    assert imports.seconds > 0
    assert imports.modules > 100
    assert len(imports.dearest) == 5
    assert {"flask", "werkzeug"} & {package.package for package in imports.dearest}
    assert sum(package.seconds for package in imports.dearest) <= imports.seconds * 1.5


def test_requests_are_sent_for_about_as_long_as_was_asked_for(sample: AppProfile) -> None:
    assert sample.measured_seconds < 10


def test_a_factory_is_called(profiled: Profiled) -> None:
    assert profiled("answering:make()").endpoints[0].statuses.keys() == {200}


def test_the_size_of_an_answer_is_all_that_goes_over_the_wire(profiled: Profiled) -> None:
    assert 1000 + 50 < profiled("answering:app").endpoints[0].response_bytes < 1000 + 500


def test_settings_of_the_users_configuration_do_not_change_what_is_measured(
    app_spec: Callable[[str], ServerSpec],
) -> None:
    spec = replace(app_spec("answering:app"), arguments=("--workers", "3", "--threads", "8", "--max-requests", "5"))
    profile = profile_app(spec, (LoadRequest(),), wsgi=True, seconds=SECONDS, progress=lambda _: None)
    assert profile.worker_class == "sync"
    assert profile.endpoints[0].samples > 5


def test_work_outside_of_the_gil_is_found_on_more_than_one_cpu(profiled: Profiled) -> None:
    from advisor.host.detect import detect

    if (detect().cpus.value or 1) < 2:
        pytest.skip("one CPU shows no computing side by side")
    profile = profiled("releases_the_gil:app", seconds=8.0)
    threads = profile.threads.value
    assert threads is not None
    if threads.cpus_used < 1.2:
        pytest.skip(f"other programs left {threads.cpus_used:.2f} CPUs")
    assert profile.cost.request.gil_seconds < profile.cost.request.cpu_seconds


@pytest.fixture
def service() -> Iterator[int]:
    """A service that takes connections and keeps them; its port."""
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if ended.is_set():
                connection.close()
                return
            taken.append(connection)

    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        for connection in taken:
            connection.close()


def test_connections_to_a_service_are_counted_per_worker(app_spec: Callable[[str], ServerSpec], service: int) -> None:
    spec = app_spec("connects:app")
    spec = replace(spec, environment={**spec.environment, "SERVICE_PORT": str(service)})
    profile = profile_app(spec, (LoadRequest(),), wsgi=True, seconds=SECONDS, progress=lambda _: None)
    assert profile.connections.value is not None
    (found,) = [each for each in profile.connections.value if each.place == f"127.0.0.1:{service}"]
    assert found.most_per_worker >= 1


def test_an_asgi_app_is_measured_without_threads(profiled: Profiled) -> None:
    profile = profiled("asynchronous:app", wsgi=False)
    assert not profile.wsgi
    assert profile.worker_class in ("asgi", "uvicorn")
    assert profile.endpoints[0].wait_seconds > 0.004
    assert profile.threads.source == "an event loop has no threads to hand requests to"
    assert profile.cost.request.handover_seconds == 0
    assert profile.connections.value == ()  # an event loop's own sockets are none
    assert profile.cost.memory.worker_bytes > MIB
