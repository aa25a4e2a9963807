"""Whole runs: windows, shares of several generators, paths by weight, interruptions, and what they leave behind."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from advisor.load import engine, limits
from advisor.load.connection import Connection
from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.schedule import due_times
from advisor.load.spec import Arrivals, ClosedLoop, Connections, LoadRequest, LoadSpec, OpenLoop
from gunicorn_conf.errors import BadInput, GcadviseError
from tests.advisor.load import servers
from tests.advisor.load.servers import OK, serving

SPEC = LoadSpec(url="http://127.0.0.1:1", loop=ClosedLoop(clients=4), seconds=60, connections=Connections.KEPT_ALIVE)
GOOD = servers.answering_always(OK)


def test_a_closed_loop_lasts_as_long_as_it_was_told() -> None:
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, seconds=0.3))
    assert result.window_seconds == 0.3
    assert result.elapsed_seconds >= 0.3
    assert max(sample.due_seconds for sample in result.samples) < 0.3
    assert result.started == len(result.samples) > 4
    assert 0 < result.answered_in_window <= result.started
    assert result.throughput_per_second == pytest.approx(result.answered_in_window / 0.3)


def test_an_open_loop_that_ends_by_number_has_the_window_that_it_took() -> None:
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, loop=OpenLoop(rate_per_second=200), most_requests=40))
    assert result.started == 40
    assert result.window_seconds == result.elapsed_seconds < 60


def test_the_window_of_a_run_that_ends_by_number_is_the_time_that_it_took() -> None:
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, most_requests=100))
    assert result.window_seconds == result.elapsed_seconds < 60
    assert result.answered_in_window == 100


def test_a_run_without_a_number_of_requests_is_bounded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_REQUESTS", 30)
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url))
    assert result.started == 30
    assert result.window_seconds < 60


def test_an_open_loop_sends_its_schedule_and_counts_from_it() -> None:
    loop = OpenLoop(rate_per_second=300)
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, loop=loop, seconds=0.5, seed=3))
    planned = [int(due * 1_000_000) for due in due_times(loop, 0.5, seed=3)]
    assert sorted(result.samples.due_microseconds) == pytest.approx(planned, abs=1)
    assert min(result.samples.lateness_seconds) >= 0
    assert result.samples.kinds() == {Kind.ANSWERED: len(planned)}


@pytest.mark.parametrize("loop", [ClosedLoop(clients=5), OpenLoop(rate_per_second=200)], ids=["closed", "open"])
def test_several_generators_share_the_load_and_their_samples_are_put_together(
    loop: ClosedLoop | OpenLoop,
) -> None:
    paths: list[bytes] = []

    def note_and_answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while request := servers.read_request(client):
            paths.append(request.split()[1])
            client.sendall(OK)

    requests = (LoadRequest(path="/often", weight=3), LoadRequest(path="/seldom"))
    with serving(note_and_answer) as url:
        result = run_load(
            replace(SPEC, url=url, loop=loop, seconds=1.0, most_requests=150, generators=2, requests=requests)
        )
    assert result.samples.kinds() == {Kind.ANSWERED: 150}
    assert len(result.generators) == 2
    assert all(use.cpu_seconds > 0 for use in result.generators)
    often = sum(sample.request == 0 for sample in result.samples)
    assert often == paths.count(b"/often")
    assert 90 <= often <= 130  # 112 or 113 of a long sequence
    if isinstance(loop, OpenLoop):
        assert sorted(result.samples.due_microseconds) == pytest.approx(
            [int(due * 1_000_000) for due in due_times(loop, 1.0, seed=0, most_requests=150)], abs=1
        )


def test_an_error_in_a_generators_process_reaches_the_caller() -> None:
    with pytest.raises(BadInput, match="is not a path"):
        run_load(replace(SPEC, generators=2, requests=(LoadRequest(path="nonsense"),)))


def test_a_generator_that_is_killed_is_an_error_and_not_a_hang() -> None:
    def kill(_number: int, client: socket.socket, _over: threading.Event) -> None:
        if servers.read_request(client):
            for process in psutil.Process().children():
                process.kill()

    with serving(kill) as url, pytest.raises(GcadviseError, match="ended or hung"):
        run_load(replace(SPEC, url=url, generators=2))


@pytest.mark.parametrize("generators", [1, 2])
def test_an_interruption_keeps_what_was_measured(generators: int) -> None:
    def interrupt_at_the_50th() -> servers.Behaviour:
        left = iter(range(50))

        def answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
            while servers.read_request(client):
                client.sendall(OK)
                if next(left, None) == 49:
                    os.kill(os.getpid(), signal.SIGINT)

        return answer

    with serving(interrupt_at_the_50th()) as url:
        result = run_load(replace(SPEC, url=url, generators=generators))
    assert result.interrupted
    assert len(result.samples) >= 40
    assert result.window_seconds < 60
    assert set(result.samples.kinds()) == {Kind.ANSWERED}
    assert result.unfinished == result.started - len(result.samples)


def test_a_run_leaves_nothing_behind() -> None:
    def state() -> tuple[int, bool, set[int]]:
        affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        return len(list(Path("/dev/fd").iterdir())), gc.isenabled(), affinity

    before = state()
    cpus = tuple(sorted(before[2]))[:1]
    for connections in Connections:
        with serving(GOOD) as url:
            run_load(replace(SPEC, url=url, most_requests=50, connections=connections, cpus=cpus))
    assert state() == before


def test_a_host_name_is_that_of_the_address_that_listens() -> None:
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url.replace("127.0.0.1", "localhost"), most_requests=10))
    assert result.samples.kinds() == {Kind.ANSWERED: 10}


def test_a_lack_of_open_files_is_counted_as_the_loads_own_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    really_open = Connection.open

    def fail_at_every_third(self: Connection, family: int, address: tuple[str, int], *, no_delay: bool) -> Kind | None:
        opened.append(0)
        return Kind.LOCAL if len(opened) % 3 == 0 else really_open(self, family, address, no_delay=no_delay)

    monkeypatch.setattr(engine.Connection, "open", fail_at_every_third)
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, most_requests=30, connections=Connections.NEW))
    assert result.samples.kinds() == {Kind.ANSWERED: 20, Kind.LOCAL: 10}


def test_constant_arrivals_keep_their_distance() -> None:
    loop = OpenLoop(rate_per_second=100, arrivals=Arrivals.CONSTANT)
    with serving(GOOD) as url:
        result = run_load(replace(SPEC, url=url, loop=loop, seconds=0.3))
    due = sorted(result.samples.due_microseconds)
    assert len(due) == 30
    assert all(after - before == pytest.approx(10_000, abs=1) for before, after in pairwise(due))
