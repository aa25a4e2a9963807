"""The memory budget on machines of every kind."""

from __future__ import annotations

import pytest

from advisor.host.memory import machine_memory
from advisor.host.system import System
from tests.advisor.host.machine import GIB, NO_LIMIT_V1, Machine


def test_without_cgroups_the_machine_is_the_budget(machine: Machine) -> None:
    host = machine.detect()
    assert host.memory_bytes.value == 32 * GIB
    assert host.memory_bytes.source == "no cgroup limit found; the machine has 32 GiB"
    assert host.machine_memory_bytes.value == 32 * GIB
    assert host.available_memory_bytes.value == 16 * GIB


def test_the_v2_limit_binds(machine: Machine) -> None:
    host = machine.v2("/kubepods/pod1", {"/kubepods/pod1": {"memory.max": str(GIB)}}).detect()
    assert host.memory_bytes.value == GIB
    assert host.memory_bytes.source == "cgroup v2 memory.max at /kubepods/pod1; the machine has 32 GiB"


@pytest.mark.parametrize("tightest", ["/a", "/a/b", "/a/b/c"])
def test_the_tightest_v2_limit_binds_wherever_it_is_in_the_chain(machine: Machine, tightest: str) -> None:
    groups = {group: {"memory.max": str(4 * GIB)} for group in ("/a", "/a/b", "/a/b/c")}
    groups[tightest] = {"memory.max": str(3 * GIB)}
    host = machine.v2("/a/b/c", groups).detect()
    assert host.memory_bytes.value == 3 * GIB
    assert f"at {tightest};" in host.memory_bytes.source


def test_memory_high_counts_and_is_said_to_slow_down_only(machine: Machine) -> None:
    host = machine.v2("/a", {"/a": {"memory.max": str(4 * GIB), "memory.high": str(2 * GIB)}}).detect()
    assert host.memory_bytes.value == 2 * GIB
    assert "memory.high at /a (slowed down above it, not killed)" in host.memory_bytes.source


def test_the_v1_limit_of_an_ancestor_binds(machine: Machine) -> None:
    groups = {"/a": {"memory.limit_in_bytes": str(GIB)}, "/a/b": {"memory.limit_in_bytes": NO_LIMIT_V1}}
    host = machine.v1("/a/b", groups).detect()
    assert host.memory_bytes.value == GIB
    assert host.memory_bytes.source == "cgroup v1 memory.limit_in_bytes at /a; the machine has 32 GiB"


def test_the_v1_limit_of_an_ancestor_that_cannot_be_seen_is_taken_from_the_kernels_own_sum(machine: Machine) -> None:
    files = {
        "memory.limit_in_bytes": NO_LIMIT_V1,
        "memory.stat": f"cache 0\nhierarchical_memory_limit {2 * GIB}\nhierarchical_memsw_limit {NO_LIMIT_V1}",
    }
    host = machine.v1("/kubepods/pod1/c1", {"/": files}, root="/kubepods/pod1/c1").detect()
    assert host.memory_bytes.value == 2 * GIB
    assert "memory.stat hierarchical_memory_limit at /kubepods/pod1/c1" in host.memory_bytes.source


@pytest.mark.parametrize(
    "no_limit", [NO_LIMIT_V1, "9223372036854775807", "18446744073709551615", str(2**60), str(64 * GIB)]
)
def test_sentinels_and_limits_above_the_machine_are_no_limit(machine: Machine, no_limit: str) -> None:
    host = machine.v1("/a", {"/a": {"memory.limit_in_bytes": no_limit}}).detect()
    assert host.memory_bytes.value == 32 * GIB
    assert host.memory_bytes.source == "no cgroup limit found; the machine has 32 GiB"


def test_max_is_no_limit(machine: Machine) -> None:
    host = machine.v2("/a", {"/a": {"memory.max": "max", "memory.high": "max"}}).detect()
    assert host.memory_bytes.source == "no cgroup limit found; the machine has 32 GiB"


@pytest.mark.parametrize("content", ["", "lots", "-5", "1.5", "0", "9" * 40])
def test_a_malformed_limit_is_told_and_not_used(machine: Machine, content: str) -> None:
    machine.v2("/a/b", {"/a/b": {"memory.max": content}, "/a": {"memory.max": str(GIB)}})
    host = machine.detect()
    assert host.memory_bytes.value == GIB
    assert "memory.max at /a/b is not understood" in host.memory_bytes.source


def test_an_unreadable_limit_is_told_beside_what_could_be_read(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"memory.high": str(GIB)}})
    machine.unreadable("/sys/fs/cgroup/a/memory.max")
    host = machine.detect()
    assert host.memory_bytes.value == GIB
    assert host.memory_bytes.source.endswith("cannot read /sys/fs/cgroup/a/memory.max: is a directory")


def test_a_limit_is_known_where_the_machine_is_not(machine: Machine) -> None:
    machine.remove("/proc/meminfo")
    host = machine.v2("/a", {"/a": {"memory.max": str(GIB)}}).detect()
    assert host.memory_bytes.value == GIB
    assert host.memory_bytes.source.endswith("the machine's memory is unknown")
    assert host.available_memory_bytes.source == "cannot read /proc/meminfo: no such file or directory"


@pytest.mark.parametrize(
    ("meminfo", "reason"),
    [
        ("", "/proc/meminfo has no MemTotal"),
        ("MemTotal: much kB\n", "/proc/meminfo has a MemTotal that is not understood: 'much kB'"),
        ("MemTotal: 0 kB\n", "/proc/meminfo has a MemTotal that is not understood: '0 kB'"),
    ],
)
def test_a_machine_that_cannot_be_told_is_unknown_with_the_reason(machine: Machine, meminfo: str, reason: str) -> None:
    machine.write("/proc/meminfo", meminfo)
    host = machine.detect()
    assert host.memory_bytes.value is None
    assert host.memory_bytes.source == reason


def test_another_system_than_linux_is_measured_by_psutil(machine: Machine) -> None:
    total, available = machine_memory(System(root=machine.root, environ={}, outside_linux=True))
    assert total.value is not None
    assert available.value is not None
    assert 0 < available.value < total.value
