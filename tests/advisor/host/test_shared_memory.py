"""Which directory in memory is found for heartbeat files."""

from __future__ import annotations

import pytest

from tests.advisor.host.machine import SHM_MOUNT, Machine


def with_directory(machine: Machine, path: str) -> Machine:
    (machine.root / path.lstrip("/")).mkdir(parents=True)
    return machine


def test_dev_shm_is_taken_when_it_is_a_tmpfs(machine: Machine) -> None:
    with_directory(machine, "/dev/shm").mount(SHM_MOUNT)
    fact = machine.detect().shared_memory_dir
    assert (fact.value, fact.source) == ("/dev/shm", "a tmpfs that can be written")


def test_a_plain_directory_is_not_taken(machine: Machine) -> None:
    fact = with_directory(machine, "/dev/shm").detect().shared_memory_dir
    assert fact.value is None
    assert fact.source.startswith("no tmpfs found: /dev/shm is no mount of its own")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("26 24 0:24 / /dev/shm ro,nosuid - tmpfs tmpfs rw", "/dev/shm cannot be written"),
        ("26 24 0:24 / /dev/shm rw,nosuid - tmpfs tmpfs ro", "/dev/shm cannot be written"),
        ("26 24 0:24 / /dev/shm rw - ext4 /dev/vda rw", "/dev/shm is ext4"),
    ],
)
def test_the_next_tmpfs_is_taken_when_dev_shm_cannot_be_used(machine: Machine, line: str, reason: str) -> None:
    with_directory(machine, "/dev/shm").mount(line)
    assert reason in machine.detect().shared_memory_dir.source
    with_directory(machine, "/run/shm").mount("28 24 0:25 / /run/shm rw - tmpfs tmpfs rw")
    assert machine.detect().shared_memory_dir.value == "/run/shm"


def test_a_tmpfs_that_something_was_mounted_over_is_not_taken(machine: Machine) -> None:
    with_directory(machine, "/dev/shm").mount(SHM_MOUNT, "27 24 0:24 / /dev/shm rw - ext4 /dev/vda rw")
    assert machine.detect().shared_memory_dir.value is None


def test_without_mountinfo_it_is_unknown_with_the_reason(machine: Machine) -> None:
    machine.unreadable("/proc/self/mountinfo")
    fact = machine.detect().shared_memory_dir
    assert (fact.value, fact.source) == (None, "cannot read /proc/self/mountinfo: is a directory")
