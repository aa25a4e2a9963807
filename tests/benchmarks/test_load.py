"""The load engine beside wrk: how fast it is, how exact, and how late an open loop sends.

Run by hand: ``.venv/bin/python -m pytest tests/benchmarks/test_load.py -m benchmark -s``; it needs ``wrk`` and
``nginx`` (Debian's packages wrk and nginx-light) and two CPUs. Server and generator each have a CPU of their own. wrk
and the engine take turns, and who begins alternates, so that a machine whose speed drifts treats both alike; medians
over the rounds are printed, the median of each round's ratio, and the target beside it. Where this is allowed, all of
them get the same real-time priority, since other programs' time slices (some 4 ms each) are no property of a
generator; the lateness of an open loop is measured without it too.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from advisor.load.result import LoadResult
from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, Connections, LoadSpec, OpenLoop
from tests.neutral import child_environment

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

CLIENTS = 16
SECONDS = 1
SPEED_TARGETS = {Connections.KEPT_ALIVE: 0.95, Connections.NEW: 0.8}
ROUNDS = 11
DELAY_SECONDS = 0.02
DELAY_ROUNDS = 7
DELAY_RUN_SECONDS = 3
DELAY_TOLERANCE = 0.03
RATE_PER_SECOND = 3000.0
LATENESS_TARGET_SECONDS = 0.0002
LATENESS_ROUNDS = 7
LATENESS_RUN_SECONDS = 2

NGINX = """
worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type text/plain;
        location / {{ return 200 "hello, world, how are you?"; }}
    }}
}}
"""


class Measured(NamedTuple):
    """One run of one generator."""

    per_second: float
    cpu_microseconds: float
    p50_seconds: float
    p99_seconds: float


@pytest.fixture(scope="module")
def cpus() -> tuple[int, int]:
    """One CPU for the server, one for the generator."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("server and generator need a CPU each, on a system where they can be pinned")
    first, second = sorted(os.sched_getaffinity(0))[:2]
    return first, second


@pytest.fixture(scope="module", autouse=True)
def before_all_others() -> Iterator[bool]:
    """Whether this process, and what it starts, goes before other programs on its CPU."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    allowed = _go_before_all_others()
    print("\nall with a real-time priority" if allowed else "\nbeside other programs, whose time slices show")
    yield allowed
    os.sched_setscheduler(0, *before)


@pytest.fixture(scope="module")
def wrk() -> str:
    return _program("wrk")


@pytest.fixture(scope="module")
def nginx(cpus: tuple[int, int], before_all_others: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = _program("nginx")
    directory = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (directory / "nginx.conf").write_text(NGINX.format(port=port))
    with _running([program, "-p", str(directory), "-c", "nginx.conf", "-e", "error.log"], cpus[0], directory):
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def delayed(cpus: tuple[int, int], tmp_path: Path) -> Iterator[str]:
    script = Path(__file__).with_name("delayed_server.py")
    with _running([sys.executable, str(script), str(DELAY_SECONDS)], cpus[0], tmp_path) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"


@pytest.mark.parametrize("connections", list(SPEED_TARGETS))
def test_speed(connections: Connections, nginx: str, wrk: str, cpus: tuple[int, int]) -> None:
    pairs = _in_turn(nginx, wrk, cpus[1], connections, SECONDS, ROUNDS)
    ratios = [own.per_second / other.per_second for own, other in pairs]
    cpu = [own.cpu_microseconds / other.cpu_microseconds for own, other in pairs]
    print(f"\n{connections.value} connections, {CLIENTS} clients, {ROUNDS} rounds of {SECONDS} s")
    print(f"{'':8}{'requests/s':>12}{'best':>10}{'CPU µs/request':>16}{'p50 ms':>9}{'p99 ms':>9}")
    for name, runs in (("gcadvise", [own for own, _ in pairs]), ("wrk", [other for _, other in pairs])):
        median = [statistics.median(column) for column in zip(*runs, strict=True)]
        best = max(run.per_second for run in runs)
        print(f"{name:8}{median[0]:12,.0f}{best:10,.0f}{median[1]:16.1f}{median[2] * 1000:9.2f}{median[3] * 1000:9.2f}")
    print(
        f"ratio    {statistics.median(ratios):.2f} of wrk's requests/s ({min(ratios):.2f} to {max(ratios):.2f}; "
        f"target {SPEED_TARGETS[connections]}), {statistics.median(cpu):.2f} of its CPU time a request"
    )


def test_accuracy_against_a_known_delay(delayed: str, wrk: str, cpus: tuple[int, int]) -> None:
    pairs = _in_turn(delayed, wrk, cpus[1], Connections.KEPT_ALIVE, DELAY_RUN_SECONDS, DELAY_ROUNDS)
    print(f"\na server that answers after {DELAY_SECONDS * 1000:g} ms, {CLIENTS} clients, {DELAY_ROUNDS} rounds")
    for name, column in (("p50", 2), ("p99", 3)):
        own, other = ([run[column] * 1000 for run in runs] for runs in zip(*pairs, strict=True))
        difference = statistics.median(a / b - 1 for a, b in zip(own, other, strict=True))
        print(
            f"{name}  gcadvise {statistics.median(own):.2f} ms (least {min(own):.2f}), "
            f"wrk {statistics.median(other):.2f} ms (least {min(other):.2f}), "
            f"difference {difference:+.1%} (target within {DELAY_TOLERANCE:.0%})"
        )
    assert min(own.p50_seconds for own, _ in pairs) >= DELAY_SECONDS * 0.999


@pytest.mark.parametrize("alone", [False, True], ids=["as usual", "alone"])
@pytest.mark.parametrize("connections", list(Connections))
def test_lateness_of_an_open_loop(
    connections: Connections, alone: bool, nginx: str, cpus: tuple[int, int], before_all_others: bool
) -> None:
    """As usual, and with the generator before all others on its CPU: its own lateness without their time slices."""
    if alone and not before_all_others:
        pytest.skip("a real-time priority needs CAP_SYS_NICE")
    runs = []
    for _ in range(LATENESS_ROUNDS):
        if not alone:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        result = run_load(
            LoadSpec(
                url=nginx,
                loop=OpenLoop(rate_per_second=RATE_PER_SECOND),
                seconds=LATENESS_RUN_SECONDS,
                connections=connections,
                cpus=(cpus[1],),
            )
        )
        _go_before_all_others()
        _all_answered(result)
        lateness = sorted(result.samples.lateness_seconds)
        count = len(lateness)
        runs.append((lateness[count // 2], lateness[count * 99 // 100], result.generators[0].cpu_share))
    p50, p99, cpu = zip(*runs, strict=True)
    print(
        f"\nopen loop at {RATE_PER_SECOND:,.0f}/s, {connections.value} connections, "
        f"{'alone on its CPU (SCHED_FIFO)' if alone else 'as usual'}, {LATENESS_ROUNDS} rounds: "
        f"lateness p50 {statistics.median(p50) * 1000:.3f} ms, p99 {statistics.median(p99) * 1000:.3f} ms "
        f"(least {min(p99) * 1000:.3f}, greatest {max(p99) * 1000:.3f}; target {LATENESS_TARGET_SECONDS * 1000:g}), "
        f"{statistics.median(cpu):.0%} of a CPU"
    )


def test_memory_of_a_sample(nginx: str, cpus: tuple[int, int]) -> None:
    result = _own(nginx, cpus[1], Connections.KEPT_ALIVE, SECONDS)
    print(f"\n{len(result.samples):,} samples of {result.samples.bytes_per_sample} bytes (target 16)")
    assert result.samples.bytes_per_sample <= 16


def _in_turn(
    url: str, wrk: str, cpu: int, connections: Connections, seconds: int, rounds: int
) -> list[tuple[Measured, Measured]]:
    """Rounds of both, after one of each that is not counted; the engine's run first in every pair."""
    pairs = []
    for number in range(rounds + 1):
        if number % 2:
            own = _measured(_own(url, cpu, connections, seconds))
            other = _wrk(wrk, url, cpu, connections, seconds)
        else:
            other = _wrk(wrk, url, cpu, connections, seconds)
            own = _measured(_own(url, cpu, connections, seconds))
        pairs.append((own, other))
    return pairs[1:]


def _own(url: str, cpu: int, connections: Connections, seconds: float) -> LoadResult:
    result = run_load(
        LoadSpec(url=url, loop=ClosedLoop(clients=CLIENTS), seconds=seconds, connections=connections, cpus=(cpu,))
    )
    _all_answered(result)
    return result


def _all_answered(result: LoadResult) -> None:
    assert set(result.samples.kinds()) == {Kind.ANSWERED}
    assert result.started == len(result.samples)


def _measured(result: LoadResult) -> Measured:
    times = sorted(result.samples.service_seconds)
    return Measured(
        result.throughput_per_second,
        result.generators[0].cpu_seconds / len(times) * 1e6,
        times[len(times) // 2],
        times[len(times) * 99 // 100],
    )


def _wrk(program: str, url: str, cpu: int, connections: Connections, seconds: int) -> Measured:
    command = [program, "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency"]
    if connections is Connections.NEW:
        command += ["-H", "Connection: close"]
    with _running([*command, f"{url}/"], cpu, Path.cwd(), stop=False) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    requests, per_second = re.search(r"(\d+) requests in", output), re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert requests, output
    assert per_second, output
    return Measured(
        float(per_second[1]),
        (usage.ru_utime + usage.ru_stime) / int(requests[1]) * 1e6,
        _wrk_percentile(output, 50),
        _wrk_percentile(output, 99),
    )


def _wrk_percentile(output: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", output)
    assert found, output
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[found[2]]


def _program(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@contextlib.contextmanager
def _running(command: list[str], cpu: int, directory: Path, *, stop: bool = True) -> Iterator[subprocess.Popen[str]]:
    """A program on one CPU: what starts it goes there for a moment, and it inherits."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        process = subprocess.Popen(
            command, cwd=directory, env=child_environment(directory), stdout=subprocess.PIPE, text=True
        )
    finally:
        os.sched_setaffinity(0, before)
    with process:
        try:
            yield process
        finally:
            if stop:
                process.terminate()


def _go_before_all_others() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    return True


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "nginx did not start"
        time.sleep(0.01)
