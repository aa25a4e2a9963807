"""Generators in processes of their own: how they are told, ended, and what they load."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe

import psutil
import pytest

from advisor.load.processes import UnderWay
from advisor.load.run import run_load_apart
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, Connections, LoadSpec
from tests.advisor.load import servers
from tests.advisor.load.servers import OK, serving

SPEC = LoadSpec(url="http://127.0.0.1:1", loop=ClosedLoop(clients=4), seconds=60, connections=Connections.KEPT_ALIVE)
GOOD = servers.answering_always(OK)
# What gcadvise itself loads, or what would cost a generator more to load than all the rest.
_HEAVY = {"advisor.cli", "typer", "psutil", "asyncio", "numpy", "requests", "ssl"}
# Enough for a process that notices the end of its pipe, on a busy machine.
_GONE_SECONDS = 20.0


def spec(url: str, *, seconds: float = 60, most_requests: int | None = None) -> LoadSpec:
    return LoadSpec(
        url=url,
        loop=ClosedLoop(clients=4),
        seconds=seconds,
        connections=Connections.KEPT_ALIVE,
        most_requests=most_requests,
    )


def test_a_single_generator_runs_apart_and_its_beginning_is_told() -> None:
    told: list[UnderWay] = []
    with serving(GOOD) as url:
        before = time.perf_counter()
        result = run_load_apart(spec(url, most_requests=50), begins=told.append)
    (load,) = told
    assert result.samples.kinds() == {Kind.ANSWERED: 50}
    assert before < load.begin_seconds == result.begin_seconds
    assert len(load.generators) == len(result.generators) == 1
    assert load.generators[0] != os.getpid()
    assert not psutil.pid_exists(load.generators[0])


def test_a_load_can_be_ended_from_another_thread() -> None:
    loads: list[UnderWay] = []

    def stop_at_the_50th() -> servers.Behaviour:
        left = iter(range(50))

        def answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
            while servers.read_request(client):
                client.sendall(OK)
                if next(left, None) == 49:
                    loads[0].stop()

        return answer

    with serving(stop_at_the_50th()) as url:
        result = run_load_apart(spec(url), begins=loads.append)
    assert result.interrupted
    assert len(result.samples) >= 40
    assert result.window_seconds < 60


def test_ctrl_c_when_the_generators_have_just_ended_is_not_lost() -> None:
    def wait_until_done(load: UnderWay) -> None:
        psutil.Process(load.generators[0])  # it lives
        done.wait(30)
        signal.raise_signal(signal.SIGINT)

    done = threading.Event()

    def answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while servers.read_request(client):
            client.sendall(OK)
        done.set()  # the generator closed its connections

    with serving(answer) as url:
        result = run_load_apart(spec(url, most_requests=1), begins=wait_until_done)
    assert result.interrupted
    assert result.samples.kinds() == {Kind.ANSWERED: 1}


def test_ctrl_c_between_two_beginnings_ends_both_generators(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []
    send = Pipe.send

    def interrupted(pipe: Pipe, message: object) -> None:
        if isinstance(message, float):
            begun.append(message)
            if len(begun) == 2:
                raise KeyboardInterrupt
        send(pipe, message)

    monkeypatch.setattr(Pipe, "send", interrupted)
    before = set(psutil.Process().children())
    with serving(GOOD) as url, pytest.raises(KeyboardInterrupt):
        run_load_apart(replace(spec(url), generators=2))
    assert len(begun) == 2
    assert set(psutil.Process().children()) <= before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_generators_end_when_the_program_that_started_them_is_killed() -> None:
    program = (
        "import sys\n"
        "from advisor.load.run import run_load_apart\n"
        "from advisor.load.spec import ClosedLoop, LoadSpec\n"
        "spec = LoadSpec(url=sys.argv[1], loop=ClosedLoop(clients=2), seconds=300)\n"
        "run_load_apart(spec, begins=lambda load: print(load.generators[0], flush=True))\n"
    )
    with serving(servers.answering_then_silent(b"")) as url:
        caller = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True)
        assert caller.stdout is not None
        with caller.stdout:
            generator = psutil.Process(int(caller.stdout.readline()))
        caller.kill()
        caller.wait()
        psutil.wait_procs([generator], timeout=_GONE_SECONDS)
        assert not generator.is_running() or generator.status() == psutil.STATUS_ZOMBIE


def test_a_generators_process_loads_little() -> None:
    program = "import sys, advisor.load.child, advisor.load.generator; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert _HEAVY.isdisjoint(done.stdout.split())
