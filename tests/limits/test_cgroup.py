"""The cgroup for a test holds what it says, and is gone afterwards with all that ran in it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.limits.cgroup import LimitedCgroup, NoCgroup, limited_cgroup
from tests.neutral import child_environment

MIB = 1024**2
LIMIT_BYTES = 64 * MIB
TAKE_TOO_MUCH = f"x = bytearray({2 * LIMIT_BYTES}); x[::4096] = b'1' * len(x[::4096])"


@pytest.fixture
def cgroup() -> Iterator[LimitedCgroup]:
    try:
        with limited_cgroup(cpus=0.5, memory_bytes=LIMIT_BYTES) as made:
            yield made
    except NoCgroup as reason:
        pytest.skip(str(reason))


def test_a_command_under_the_limits_is_told_them_by_inspect(cgroup: LimitedCgroup, tmp_path: Path) -> None:
    gcadvise = str(Path(sys.executable).with_name("gcadvise"))
    command = cgroup.command(gcadvise, "inspect", "--format", "json")
    environment = child_environment(tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    host = json.loads(done.stdout)["host"]
    assert (host["cpus"], host["memory_bytes"]) == (0.5, LIMIT_BYTES)
    assert cgroup.killed() == 0


def test_a_command_that_takes_more_than_the_limit_is_killed_and_counted(cgroup: LimitedCgroup) -> None:
    done = subprocess.run(cgroup.command(sys.executable, "-c", TAKE_TOO_MUCH), timeout=60, check=False)
    assert done.returncode == -9
    assert cgroup.killed() == 1


def test_what_still_runs_in_the_end_is_killed_and_the_cgroup_removed() -> None:
    try:
        with limited_cgroup(cpus=0.5, memory_bytes=LIMIT_BYTES) as cgroup:
            command = cgroup.command("/bin/sh", "-c", "echo inside; exec sleep 600")
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            with process.stdout as stream:
                assert stream.readline() == "inside\n"
            assert process.pid in cgroup.processes()
    except NoCgroup as reason:
        pytest.skip(str(reason))
    assert process.wait(10) == -9
    assert not any(directory.exists() for directory in cgroup.directories)


def test_a_cgroup_is_removed_when_the_test_fails() -> None:
    def fail(made: list[LimitedCgroup]) -> None:
        with limited_cgroup(cpus=0.5, memory_bytes=LIMIT_BYTES) as cgroup:
            made.append(cgroup)
            raise ZeroDivisionError

    made: list[LimitedCgroup] = []
    try:
        with pytest.raises(ZeroDivisionError):
            fail(made)
    except NoCgroup as reason:
        pytest.skip(str(reason))
    assert not any(directory.exists() for directory in made[0].directories)
