"""Which directories are this process's cgroups, as mountinfo and /proc/self/cgroup tell it."""

from __future__ import annotations

import pytest

from tests.advisor.host.machine import GIB, Machine

HALF = {"cpu.max": "50000 100000"}


def test_in_a_cgroup_namespace_the_mount_itself_is_read(machine: Machine) -> None:
    host = machine.v2("/", {"/": HALF}).detect()
    assert host.cpus.value == 0.5
    assert "at /;" in host.cpus.source


def test_a_container_that_sees_the_hosts_names_gets_its_own_part_mounted(machine: Machine) -> None:
    host = machine.v2("/docker/c1/sub", {"/": HALF, "/sub": {"cpu.max": "max 100000"}}, root="/docker/c1").detect()
    assert host.cpus.value == 0.5
    assert host.cpus.source == "cgroup v2 cpu.max 50000/100000 at /docker/c1; the machine has 16"


def test_a_mount_from_above_the_namespace_shows_the_way_down(machine: Machine) -> None:
    host = machine.v2("/../own", {"/own": HALF, "/": {"cpu.max": "30000 100000"}}, root="/..").detect()
    assert host.cpus.value == 0.3


def test_a_mount_from_above_the_namespace_without_the_names_is_read_and_the_gap_told(machine: Machine) -> None:
    host = machine.v2("/", {"/": HALF}, root="/../..").detect()
    assert host.cpus.value == 0.5
    assert "the cgroups between /sys/fs/cgroup and this process cannot be seen" in host.cpus.source


def test_a_mount_from_above_the_namespace_is_searched_for_this_process(machine: Machine) -> None:
    machine.write("/proc/self/stat", "4711 (python) R 1")
    groups = {
        "/pods": {"cpu.max": "200000 100000"},
        "/pods/a/sub": {"cpu.max": "10000 100000", "cgroup.procs": "1\n47\n14711"},
        "/pods/b": HALF,
        "/pods/b/sub": {"cpu.max": "max 100000", "cgroup.procs": "12\n4711"},
        "/pods/c/sub": {"cpu.max": "10000 100000", "cgroup.procs": "13"},
    }
    host = machine.v2("/sub", groups, root="/../..").detect()
    assert host.cpus.value == 0.5
    assert host.cpus.source == "cgroup v2 cpu.max 50000/100000 at /pods/b; the machine has 16"


def test_a_sibling_of_the_namespace_is_searched_for_this_process(machine: Machine) -> None:
    machine.write("/proc/self/stat", "4711 (python) R 1")
    groups = {"/pods/x": HALF | {"cgroup.procs": "4711"}, "/pods/y": {"cpu.max": "10000 100000"}}
    assert machine.v2("/../x", groups, root="/../..").detect().cpus.value == 0.5


def test_a_cgroup_outside_of_the_namespace_is_told_and_the_mounts_limit_not_taken_for_ours(machine: Machine) -> None:
    host = machine.v2("/../other", {"/": HALF}).detect()
    assert host.cpus.value == 16.0
    assert "the cgroup /../other is outside of this cgroup namespace and cannot be seen" in host.cpus.source


def test_a_mount_of_another_name_is_read_as_the_containers_own(machine: Machine) -> None:
    host = machine.v2("/outer/c1", {"/": HALF}, root="/inner/c1").detect()
    assert host.cpus.value == 0.5
    assert "the cgroup /outer/c1 is not below the mounted /inner/c1" in host.cpus.source


def test_a_cgroup_whose_directory_is_missing_is_told(machine: Machine) -> None:
    host = machine.v2("/kubepods/pod1", {"/": HALF}).detect()
    assert host.cpus.value == 0.5
    assert "the cgroup /kubepods/pod1 cannot be seen from here" in host.cpus.source


def test_the_mount_that_shows_the_most_of_the_chain_is_taken(machine: Machine) -> None:
    machine.mount("30 24 0:30 /a/b /mnt/part rw - cgroup2 cgroup2 rw")
    host = machine.v2("/a/b", {"/a": HALF, "/a/b": {"cpu.max": "max 100000"}}).detect()
    assert host.cpus.value == 0.5


def test_escaped_characters_in_a_mount_point_are_undone(machine: Machine) -> None:
    machine.mount(r"30 24 0:30 / /mnt/my\040cgroups\134x rw - cgroup2 cgroup2 rw")
    machine.write("/proc/self/cgroup", "0::/a\n")
    machine.write("/mnt/my cgroups\\x/a/cpu.max", "50000 100000\n")
    assert machine.detect().cpus.value == 0.5


def test_a_mount_point_that_is_no_path_is_told(machine: Machine) -> None:
    machine.mount(r"30 24 0:30 / /mnt/\000 rw - cgroup2 cgroup2 rw")
    machine.write("/proc/self/cgroup", "0::/a\n")
    host = machine.detect()
    assert host.cpus.value == 16.0
    assert "cannot read /mnt/?/a/cpu.max: not a valid path" in host.cpus.source


def test_colons_and_spaces_in_a_cgroups_name_are_part_of_it(machine: Machine) -> None:
    host = machine.v2("/docker:c 1", {"/docker:c 1": HALF}).detect()
    assert host.cpus.value == 0.5
    assert "at /docker:c 1;" in host.cpus.source


def test_a_cgroup_hierarchy_that_is_not_mounted_is_told(machine: Machine) -> None:
    machine.write("/proc/self/cgroup", "3:memory:/a\n0::/b\n")
    host = machine.detect()
    assert host.memory_bytes.value == 32 * GIB
    assert host.memory_bytes.source == "the machine has 32 GiB; cgroup v1 /a is not mounted here"
    assert host.cpus.source == "the machine has 16; cgroup v2 /b is not mounted here"


def test_on_a_hybrid_host_a_v2_hierarchy_that_is_not_mounted_does_not_matter(machine: Machine) -> None:
    machine.v1("/", {"/": {"cpu.stat": "", "memory.stat": "", "cpuset.cpus": "0-15"}})
    machine.write("/proc/self/cgroup", "5:cpu,cpuacct:/\n4:cpuset:/\n3:memory:/\n0::/system.slice/x\n")
    host = machine.detect()
    assert host.cpus.source == "no cgroup limit found; the machine has 16"
    assert host.memory_bytes.source == "no cgroup limit found; the machine has 32 GiB"


def test_characters_that_would_drive_a_terminal_are_not_shown(machine: Machine) -> None:
    machine.v2("/a\x1b[31mb", {"/a\x1b[31mb": HALF})
    host = machine.detect()
    assert host.cpus.value == 0.5
    assert host.cpus.source.isprintable()


@pytest.mark.parametrize("version", [1, 2])
def test_cpu_and_memory_of_different_ancestors_are_found_together(machine: Machine, version: int) -> None:
    if version == 2:
        machine.v2("/a/b", {"/a": HALF, "/a/b": {"memory.max": str(GIB)}})
    else:
        quota = {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"}
        machine.v1("/a/b", {"/a": quota, "/a/b": {"memory.limit_in_bytes": str(GIB)}})
    host = machine.detect()
    assert (host.cpus.value, host.memory_bytes.value) == (0.5, GIB)
