"""How long a worker had no CPU, from made-up files of the kernel's and from this process's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from advisor.host.system import System
from advisor.measure.profile.run_queue import queued_between, read_queued

# /proc/PID/stat: the name, the state, the parent, and enough zeros behind them.
_STAT = "{pid} (gunicorn) S {parent} " + " ".join(["0"] * 40) + "\n"


def process(root: Path, pid: int, threads: dict[int, str], *, parent: int = 1, children: str = "") -> None:
    """One process with the schedstat of its threads."""
    folder = root / "proc" / str(pid)
    for thread, text in threads.items():
        task = folder / "task" / str(thread)
        task.mkdir(parents=True)
        (task / "schedstat").write_text(text)
        (task / "children").write_text(children if thread == pid else "")
        (task / "status").write_text("voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n")
    (folder / "stat").write_text(_STAT.format(pid=pid, parent=parent))


def machine(root: Path) -> System:
    return System(root=root, environ={}, outside_linux=False)


def test_the_threads_of_a_worker_and_of_what_it_started_count(tmp_path: Path) -> None:
    process(tmp_path, 10, {10: "5000 700 3\n", 11: "20 1 1\n"}, children="12 ")
    process(tmp_path, 12, {12: "900 40 2\n"}, parent=10)
    assert read_queued(10, system=machine(tmp_path)) == {(10, 10): 700, (10, 11): 1, (12, 12): 40}


@pytest.mark.parametrize("text", ["0 0 0\n", "nonsense\n", ""])
def test_where_the_kernel_does_not_count_it_is_unknown(tmp_path: Path, text: str) -> None:
    process(tmp_path, 10, {10: text})
    assert read_queued(10, system=machine(tmp_path)) is None


def test_a_worker_that_is_gone_and_a_system_without_such_files_tell_nothing(tmp_path: Path) -> None:
    assert read_queued(10, system=machine(tmp_path)) is None
    assert read_queued(os.getpid(), system=System(outside_linux=True)) is None


def test_what_is_between_two_readings_is_that_of_the_threads_that_live() -> None:
    before = {(10, 10): 1_000_000, (10, 11): 5_000_000}
    after = {(10, 10): 3_000_000, (10, 12): 500_000}
    assert queued_between(before, after) == pytest.approx(0.0025)
    assert queued_between(before, before) == 0


@pytest.mark.parametrize(("before", "after"), [(None, {}), ({}, None), (None, None)])
def test_an_unknown_reading_leaves_the_difference_unknown(
    before: dict[tuple[int, int], int] | None, after: dict[tuple[int, int], int] | None
) -> None:
    assert queued_between(before, after) is None


def test_this_process_is_read(tmp_path: Path) -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip(f"{sys.platform} has no /proc/PID/schedstat, or its kernel was built without")
    found = read_queued(os.getpid())
    if found is None:
        pytest.skip("the kernel does not count how long threads wait for a CPU")
    assert (os.getpid(), os.getpid()) in found
