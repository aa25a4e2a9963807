"""The CPU time of another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from advisor.measure.profile.cpu_clock import cpu_seconds, settled_cpu_seconds

COMPUTES = """
import subprocess, sys, threading, time
def compute():
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
thread = threading.Thread(target=compute)
thread.start()
thread.join()
if "child" in sys.argv:
    subprocess.run([sys.executable, "-S", "-c", "import time\\nwhile time.process_time() < 0.3: pass"])
print(time.process_time(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def computing(request: pytest.FixtureRequest) -> Iterator[tuple[int, float]]:
    """A process that has computed and waits now; its id and its own figure."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", COMPUTES, *getattr(request, "param", ())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.pid, float(process.stdout.readline())
        process.kill()


def test_threads_that_have_ended_are_counted_exactly(computing: tuple[int, float]) -> None:
    pid, own = computing
    found = settled_cpu_seconds(pid)
    assert found is not None
    tick = 0.0 if sys.platform == "linux" else 0.02
    assert found == pytest.approx(own, abs=0.003 + tick)


@pytest.mark.parametrize("computing", [("child",)], indirect=True)
def test_processes_that_it_started_are_counted(computing: tuple[int, float]) -> None:
    if sys.platform != "linux":
        pytest.skip("the CPU time of ended children is known on Linux")
    pid, own = computing
    found = settled_cpu_seconds(pid)
    assert found is not None
    assert found - own > 0.25


def test_a_process_that_is_gone_has_no_clock() -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    assert cpu_seconds(process.pid) is None
