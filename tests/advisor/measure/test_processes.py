"""What a tree of processes used: real processes with a known use, and readings with known figures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import psutil
import pytest

from advisor.facts import Fact
from advisor.host.system import System
from advisor.measure import process_psutil
from advisor.measure.process_readings import (
    NO_CPU,
    CpuSeconds,
    Memory,
    ProcessReading,
    Switches,
    TreeReading,
)
from advisor.measure.process_sampler import read_tree, sampled_processes
from advisor.measure.processes import use_over
from advisor.units import MIB
from gunicorn_conf.errors import ServerFailed

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")

# An arbiter that does what it is told, line by line, and says when it is done.
ARBITER = """
import os, sys, threading, time
children, kept = [], []

def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

def fork(work):
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        block = work()
        os.write(told, b"!")
        sys.stdin.close()
        os.close(told)
        os.read(hold, 1)
        os._exit(0)
    os.read(ready, 1)
    children.append(child)

hold, release = os.pipe()
for line in sys.stdin:
    eval(line)
    print("done", flush=True)
"""


class Told:
    """A process that carries out what it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid

    def do(self, expression: str) -> None:
        self._stream(self.process.stdin).write(f"{expression}\n")
        self._stream(self.process.stdin).flush()
        assert self._stream(self.process.stdout).readline() == "done\n"

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


@pytest.fixture
def arbiter() -> Iterator[Told]:
    with subprocess.Popen(
        [sys.executable, "-I", "-c", ARBITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        told = Told(process)
        told.do("None")  # so that starting up is over
        yield told
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()


def _read(pid: int, *, memory: bool = True) -> TreeReading:
    reading = read_tree(pid, memory=memory)
    assert reading is not None
    return reading


def test_cpu_time_is_counted_where_it_was_used(arbiter: Told) -> None:
    before = _read(arbiter.pid)
    arbiter.do("fork(lambda: burn(0.3))")
    arbiter.do("burn(0.1)")
    use = use_over([before, _read(arbiter.pid)])
    # the kernel counts in ticks of 10 ms; what the rest takes is a few milliseconds
    assert use.workers[0].cpu.total == pytest.approx(0.3, abs=0.08)
    assert use.arbiter.cpu.total == pytest.approx(0.1, abs=0.08)
    assert use.cpu.total == pytest.approx(0.4, abs=0.1)
    assert use.ended_workers_cpu == pytest.approx(NO_CPU, abs=0.03)


def test_cpu_time_of_threads_that_have_ended_counts(arbiter: Told) -> None:
    before = _read(arbiter.pid)
    arbiter.do("[(t := threading.Thread(target=burn, args=(0.1,))).start() or t.join() for _ in range(3)]")
    assert use_over([before, _read(arbiter.pid)]).arbiter.cpu.total == pytest.approx(0.3, abs=0.08)


@linux_only
def test_cpu_time_of_workers_that_ended_meanwhile_counts_apart(arbiter: Told) -> None:
    arbiter.do("fork(lambda: burn(0.15))")
    before = _read(arbiter.pid)
    arbiter.do("fork(lambda: burn(0.2))")
    # both end and are waited for; the first one's 0.15 s were before
    arbiter.do("[os.write(release, b'..')] + [os.waitpid(child, 0) for child in children]")
    use = use_over([before, _read(arbiter.pid)])
    assert use.workers == ()
    assert use.ended_workers_cpu.total == pytest.approx(0.2, abs=0.08)
    assert use.arbiter.cpu.total < 0.1


@linux_only
def test_memory_that_a_worker_allocates_is_its_own(arbiter: Told) -> None:
    arbiter.do("fork(lambda: None)")
    arbiter.do("fork(lambda: b'x' * (50 * 1024 * 1024))")
    reading = _read(arbiter.pid)
    plain, large = (worker.memory for worker in sorted(reading.workers, key=_rss))
    assert plain is not None
    assert large is not None
    for small, big in ((plain.pss_bytes, large.pss_bytes), (plain.uss_bytes, large.uss_bytes)):
        assert small.value is not None
        assert big.value is not None
        assert big.value - small.value == pytest.approx(50 * MIB, abs=2 * MIB)


def _rss(process: ProcessReading) -> int:
    assert process.memory is not None
    return process.memory.rss_bytes


@linux_only
def test_shared_memory_is_counted_once_in_pss_and_never_in_uss(arbiter: Told) -> None:
    arbiter.do("kept.append(b'x' * (50 * 1024 * 1024))")
    for _ in range(3):
        arbiter.do("fork(lambda: None)")
    memory = _read(arbiter.pid).memory
    assert memory is not None
    assert memory.pss_bytes.value is not None
    assert memory.uss_bytes.value is not None
    assert memory.rss_bytes > 200 * MIB
    assert 50 * MIB < memory.pss_bytes.value < 100 * MIB
    assert memory.uss_bytes.value < 45 * MIB


@linux_only
def test_what_a_worker_starts_belongs_to_the_worker(arbiter: Told) -> None:
    before = _read(arbiter.pid)
    arbiter.do("fork(lambda: fork(lambda: burn(0.2)))")
    after = _read(arbiter.pid)
    assert len(after.descendants) == 2
    (worker,) = use_over([before, after]).workers
    assert worker.pid == after.workers[0].pid
    assert worker.cpu.total == pytest.approx(0.2, abs=0.08)


@linux_only
def test_context_switches_of_all_threads_count(arbiter: Told) -> None:
    arbiter.do("kept.append((threading.Semaphore(0), threading.Semaphore(0)))")
    arbiter.do(
        "threading.Thread(target=lambda: [kept[0][0].acquire() and kept[0][1].release() for _ in range(10**6)],"
        " daemon=True).start()"
    )
    before = _read(arbiter.pid)
    arbiter.do("[kept[0][0].release() or kept[0][1].acquire() for _ in range(500)]")
    use = use_over([before, _read(arbiter.pid)])
    # each of the two threads waits for the other 500 times
    assert use.switches.voluntary >= 800


@linux_only
def test_a_worker_that_ended_and_is_not_waited_for_has_cpu_time_but_no_memory(arbiter: Told) -> None:
    arbiter.do("fork(lambda: burn(0.1))")
    (worker,) = psutil.Process(arbiter.pid).children()
    arbiter.do("os.write(release, b'.')")
    arbiter.do("os.waitid(os.P_PID, children[0], os.WEXITED | os.WNOWAIT)")
    (ended,) = _read(arbiter.pid).workers
    assert ended.pid == worker.pid
    assert ended.memory is None
    assert ended.cpu.total == pytest.approx(0.1, abs=0.05)


@linux_only
def test_a_name_with_spaces_and_parentheses_is_no_trouble(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert _read(process.pid).arbiter.parent == os.getpid()
        finally:
            process.kill()


def test_psutil_reads_the_same(arbiter: Told) -> None:
    arbiter.do("fork(lambda: burn(0.1))")
    one, other = _read(arbiter.pid), process_psutil.read_tree(arbiter.pid, memory=True)
    assert other is not None
    assert [process.pid for process in other.processes] == [process.pid for process in one.processes]
    assert [process.parent for process in other.processes] == [process.parent for process in one.processes]
    for mine, theirs in zip(one.processes, other.processes, strict=True):
        assert theirs.cpu == pytest.approx(mine.cpu, abs=0.03)
        assert mine.memory is not None
        assert theirs.memory is not None
        assert theirs.memory.uss_bytes.value == pytest.approx(mine.memory.uss_bytes.value, abs=MIB)


@linux_only
def test_memory_without_smaps_rollup_comes_from_psutil(arbiter: Told) -> None:
    (direct,) = _read(arbiter.pid).processes
    memory = process_psutil.read_memory(arbiter.pid, "there is no smaps_rollup")
    assert memory is not None
    assert direct.memory is not None
    assert memory.pss_bytes.value == pytest.approx(direct.memory.pss_bytes.value, abs=MIB)


@linux_only
def test_the_tree_is_found_on_kernels_that_do_not_list_children(tmp_path: Path) -> None:
    def process(pid: int, parent: int, ticks: int) -> None:
        (tmp_path / f"proc/{pid}/task/{pid}").mkdir(parents=True)
        fields = f"S {parent} " + "0 " * 9 + f"{ticks} 0 {10 * ticks} 0 20 0 1 0 {777 + pid} 0 0"
        for path in (f"proc/{pid}/stat", f"proc/{pid}/task/{pid}/stat"):
            (tmp_path / path).write_text(f"{pid} (gunicorn: (x) y) {fields}\n")
        (tmp_path / f"proc/{pid}/task/{pid}/status").write_text(
            "Name:\tgunicorn\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n"
        )

    for pid, parent in ((10, 1), (11, 10), (12, 10), (13, 12), (99, 1)):
        process(pid, parent, ticks=100 * (pid - 9))
    reading = read_tree(10, memory=False, system=System(root=tmp_path, environ={}, outside_linux=False))
    assert reading is not None
    assert [process.pid for process in reading.processes] == [10, 11, 12, 13]
    assert [process.pid for process in reading.workers] == [11, 12]
    ticks = os.sysconf("SC_CLK_TCK")
    assert reading.arbiter.cpu == (100 / ticks, 0)
    assert reading.arbiter.reaped == (1000 / ticks, 0)
    assert reading.arbiter.switches == {10: (7, 3)}


def test_a_process_that_is_gone_has_no_reading() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert read_tree(process.pid) is None
    assert process_psutil.read_tree(process.pid, memory=True) is None
    assert process_psutil.read_memory(process.pid, "gone") is None


def test_the_sampler_keeps_the_peak_between_beginning_and_end(arbiter: Told) -> None:
    with sampled_processes(arbiter.pid, interval_seconds=0.01) as sampler:
        arbiter.do("kept.append(b'x' * (50 * 1024 * 1024))")
        # two more than there are now: the last of them began after the allocation
        assert sampler.wait_for_readings(sampler.readings + 2, 20)
        arbiter.do("kept.clear()")
        use = sampler.use()
    assert use.memory is not None
    assert use.memory.pss_bytes.value is not None
    assert use.peak_pss_bytes.value is not None
    assert use.peak_pss_bytes.value - use.memory.pss_bytes.value > 40 * MIB


def test_the_sampler_forgets_the_warm_up(arbiter: Told) -> None:
    with sampled_processes(arbiter.pid, interval_seconds=60) as sampler:
        arbiter.do("burn(0.3)")
        sampler.restart()
        before = time.monotonic()
        use = sampler.use()
    assert use.arbiter.cpu.total < 0.1
    assert use.duration_seconds <= time.monotonic() - before + 1


def test_sampling_a_process_that_is_gone_says_so(arbiter: Told) -> None:
    with sampled_processes(arbiter.pid, interval_seconds=60) as sampler:
        arbiter.process.kill()
        arbiter.process.wait()
        with pytest.raises(ServerFailed, match="cannot be read"):
            sampler.use()
    with pytest.raises(ServerFailed), sampled_processes(arbiter.pid):
        pass  # pragma: no cover


def _memory(size: int) -> Memory:
    fact = Fact(value=size, source="made up")
    return Memory(rss_bytes=size, pss_bytes=fact, uss_bytes=fact)


def _process(pid: int, parent: int, cpu: float, *, started: float = 1.0, reaped: float = 0.0) -> ProcessReading:
    return ProcessReading(
        pid=pid,
        parent=parent,
        started=started,
        cpu=CpuSeconds(cpu, 0),
        reaped=CpuSeconds(reaped, 0),
        switches={pid: Switches(10 * pid, pid)},
        memory=_memory(pid),
    )


def _tree(moment: float, arbiter: ProcessReading, *descendants: ProcessReading) -> TreeReading:
    return TreeReading(moment_seconds=moment, arbiter=arbiter, descendants=descendants)


def test_a_restarted_worker_with_the_same_process_id_is_another_one() -> None:
    first = _tree(0, _process(1, 0, 1.0), _process(2, 1, 5.0))
    last = _tree(10, _process(1, 0, 1.5, reaped=6.0), _process(2, 1, 0.25, started=9.0))
    use = use_over([first, last])
    assert use.duration_seconds == 10
    assert use.arbiter.cpu.total == 0.5
    assert [worker.cpu.total for worker in use.workers] == [0.25]
    assert use.ended_workers_cpu.total == 1.0
    assert use.cpu.total == 1.75
    assert use.workers[0].switches == (20, 2)


def test_unknown_memory_of_one_process_makes_the_sum_unknown_with_its_reason() -> None:
    hidden = Memory(rss_bytes=5, pss_bytes=Fact.unknown("not permitted"), uss_bytes=Fact.unknown("not permitted"))
    reading = _tree(0, _process(1, 0, 0), replace(_process(2, 1, 0), memory=hidden), _process(3, 1, 0))
    use = use_over([reading, reading])
    assert use.memory is not None
    assert use.memory.rss_bytes == 9
    assert use.memory.pss_bytes == Fact.unknown("not permitted")
    assert use.peak_pss_bytes == Fact.unknown("not permitted")


def test_memory_that_was_not_read_is_unknown() -> None:
    reading = _tree(0, replace(_process(1, 0, 0), memory=None))
    use = use_over([reading, reading])
    assert use.memory is None
    assert not use.peak_pss_bytes.known


def test_one_reading_is_no_use_over_time() -> None:
    with pytest.raises(ValueError, match="two readings"):
        use_over([_tree(0, _process(1, 0, 0))])
