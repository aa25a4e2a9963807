"""What the rules on concurrency warn of does happen: real Gunicorn is started with what makes them fire."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.gunicorn_conf.rules.running import ASGI_APP, WAIT_SECONDS, codes, free_port, running

pytestmark = pytest.mark.slow

OLDEST, NEWEST = "20.1.0", "27.0.1"
GTHREAD = 'worker_class = "gthread"\n'


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc201_the_sync_worker_that_is_named_does_not_run(release: str, tmp_path: Path) -> None:
    conf = 'worker_class = "sync"\nthreads = 2\n'
    assert "GC201" in codes(conf, release)
    with running(release, conf, tmp_path, ready="Using worker") as server:
        assert "gthread" in server.lines[-1]


def test_gc202_the_asgi_worker_says_that_it_does_not_read_threads(tmp_path: Path) -> None:
    conf = 'worker_class = "asgi"\nthreads = 4\n'
    assert "GC202" in codes(conf, NEWEST)
    with running(NEWEST, conf, tmp_path, ASGI_APP, ready="Booting worker") as server:
        assert server.answers().status == 200
        assert any("threads" in line and "WARNING" in line for line in server.lines)


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc203_one_thread_serves_one_request_at_a_time(release: str, tmp_path: Path) -> None:
    assert "GC203" in codes(GTHREAD, release)
    with running(release, GTHREAD, tmp_path) as server, server.held():
        assert server.is_silent()


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc203_two_threads_serve_two(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 2\n"
    assert "GC203" not in codes(conf, release)
    with running(release, conf, tmp_path) as server, server.held():
        assert server.answers().status == 200


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc204_without_threads_no_worker_starts(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 0\n"
    assert "GC204" in codes(conf, release)
    with running(release, conf, tmp_path, ready="max_workers must be greater than 0") as server:
        assert server.process.wait(WAIT_SECONDS) == 3


def test_gc205_the_asgi_worker_takes_more_connections_than_it_may(tmp_path: Path) -> None:
    conf = 'worker_class = "asgi"\nworker_connections = 1\n'
    assert "GC205" in codes(conf, NEWEST)
    with running(NEWEST, conf, tmp_path, ASGI_APP) as server, server.held():
        assert server.answers().status == 200


@pytest.mark.parametrize("release", [OLDEST, "25.3.0", NEWEST])
def test_gc206_with_no_connections_nothing_is_answered(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 2\nworker_connections = 0\n"
    assert "GC206" in codes(conf, release)
    with running(release, conf, tmp_path) as server:
        assert server.is_silent()


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc207_it_says_that_no_connection_is_kept_alive(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 2\nworker_connections = 2\nkeepalive = 5\n"
    assert "GC207" in codes(conf, release)
    with running(release, conf, tmp_path, ready="No keepalived connections can be handled") as server:
        assert server.answers().headers["Connection"] == "close"


@pytest.mark.parametrize("release", ["25.3.0", NEWEST])
def test_gc208_a_thread_without_a_connection_has_no_work(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 2\nworker_connections = 1\nkeepalive = 0\n"
    assert "GC208" in codes(conf, release)
    with running(release, conf, tmp_path) as server, server.held():
        assert server.is_silent()


@pytest.mark.parametrize(("release", "stops"), [("23.0.0", True), ("25.3.0", False)])
def test_gc213_a_worker_stops_accepting_for_good(release: str, stops: bool, tmp_path: Path) -> None:
    conf = GTHREAD + "threads = 4\nworker_connections = 1\n"
    assert ("GC213" in codes(conf, release)) is stops
    with running(release, conf, tmp_path) as server, contextlib.ExitStack() as open_connections:
        for _ in range(8):
            connection = open_connections.enter_context(contextlib.closing(server.connect()))
            connection.request("GET", "/")
        assert server.is_silent() is stops


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc214_an_idle_client_blocks_the_only_sync_worker(release: str, tmp_path: Path) -> None:
    conf = "workers = 1\n"
    assert "GC214" in codes(conf, release)
    with running(release, conf, tmp_path) as server, contextlib.closing(server.connect()):
        assert server.is_silent()


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc218_a_second_gunicorn_takes_the_same_port(release: str, tmp_path: Path) -> None:
    conf = "workers = 2\nreuse_port = True\n"
    assert "GC218" in codes(conf, release)
    port = free_port()
    (tmp_path / "other").mkdir()
    with (
        running(release, conf, tmp_path, port=port) as one,
        running(release, conf, tmp_path / "other", port=port) as other,
    ):
        assert (one.process.poll(), other.process.poll()) == (None, None)
        assert not [line for line in other.lines if "Connection in use" in line]


@pytest.mark.parametrize(("release", "shared"), [("23.0.0", True), ("24.1.1", False), (NEWEST, False)])
def test_gc218_since_24_the_workers_share_no_socket(release: str, shared: bool, tmp_path: Path) -> None:
    with running(release, "workers = 2\nreuse_port = True\n", tmp_path) as server:
        listening = next(line for line in server.lines if "Listening at:" in line)
    assert (f":{server.port}" in listening) is shared
