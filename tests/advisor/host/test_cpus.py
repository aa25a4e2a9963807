"""The CPU budget on machines of every kind."""

from __future__ import annotations

import pytest

from advisor.host.cpus import count_cpus, machine_cpus
from advisor.host.system import System
from tests.advisor.host.machine import Machine


def test_without_cgroups_the_machine_is_the_budget(machine: Machine) -> None:
    host = machine.detect()
    assert host.cpus.value == 16.0
    assert host.cpus.source == "no cgroup limit found; the machine has 16"
    assert host.machine_cpus.value == 16


def test_a_v2_quota_below_one_cpu_is_kept_as_a_fraction(machine: Machine) -> None:
    machine.v2("/kubepods/pod1", {"/kubepods/pod1": {"cpu.max": "50000 100000"}})
    host = machine.detect()
    assert host.cpus.value == 0.5
    assert host.cpus.source == "cgroup v2 cpu.max 50000/100000 at /kubepods/pod1; the machine has 16"


def test_a_v1_quota_below_one_cpu_is_kept_as_a_fraction(machine: Machine) -> None:
    machine.v1("/docker/c1", {"/docker/c1": {"cpu.cfs_quota_us": "25000", "cpu.cfs_period_us": "50000"}})
    host = machine.detect()
    assert host.cpus.value == 0.5
    assert host.cpus.source == "cgroup v1 cpu.cfs_quota_us 25000/50000 at /docker/c1; the machine has 16"


@pytest.mark.parametrize("tightest", ["/", "/a", "/a/b", "/a/b/c"])
def test_the_tightest_v2_quota_binds_wherever_it_is_in_the_chain(machine: Machine, tightest: str) -> None:
    groups = {group: {"cpu.max": "400000 100000"} for group in ("/a", "/a/b", "/a/b/c")}
    groups[tightest] = {"cpu.max": "150000 100000"}
    host = machine.v2("/a/b/c", groups).detect()
    assert host.cpus.value == 1.5
    assert f"cpu.max 150000/100000 at {tightest};" in host.cpus.source


@pytest.mark.parametrize("tightest", ["/", "/a", "/a/b"])
def test_the_tightest_v1_quota_binds_wherever_it_is_in_the_chain(machine: Machine, tightest: str) -> None:
    groups = {group: {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"} for group in ("/", "/a", "/a/b")}
    groups[tightest] = {"cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"}
    host = machine.v1("/a/b", groups).detect()
    assert host.cpus.value == 2.0
    assert f"at {tightest};" in host.cpus.source


def test_the_quota_of_a_sibling_does_not_count(machine: Machine) -> None:
    machine.v2("/a/b", {"/a/b": {"cpu.max": "max 100000"}, "/a/c": {"cpu.max": "10000 100000"}})
    assert machine.detect().cpus.value == 16.0


def test_no_quota_is_said_to_be_none(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"cpu.max": "max 100000"}})
    assert machine.detect().cpus.source == "no cgroup limit found; the machine has 16"


def test_no_v1_quota_is_said_to_be_none(machine: Machine) -> None:
    machine.v1("/a", {"/a": {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}})
    assert machine.detect().cpus.source == "no cgroup limit found; the machine has 16"


def test_a_quota_above_the_machine_does_not_bind(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"cpu.max": "3200000 100000"}})
    host = machine.detect()
    assert host.cpus.value == 16.0
    assert host.cpus.source == "the machine has 16; cgroup v2 cpu.max 3200000/100000 at /a allows no less"


def test_the_v2_cpuset_binds_when_it_is_the_tightest(machine: Machine) -> None:
    machine.write("/proc/self/status", "Cpus_allowed_list:\t0-2\n")
    machine.v2("/a", {"/a": {"cpuset.cpus": "", "cpuset.cpus.effective": "0-1,4"}})
    host = machine.detect()
    assert host.cpus.value == 3.0
    assert host.cpus.source == "cgroup v2 cpuset 0-1,4 at /a; the machine has 16"


@pytest.mark.parametrize("name", ["cpuset.effective_cpus", "cpuset.cpus"])
def test_the_v1_cpuset_binds_when_it_is_the_tightest(machine: Machine, name: str) -> None:
    host = machine.v1("/a", {"/a": {name: "3"}}).detect()
    assert host.cpus.value == 1.0
    assert "cgroup v1 cpuset 3 at /a" in host.cpus.source


def test_an_empty_cpuset_limits_nothing(machine: Machine) -> None:
    host = machine.v2("/a", {"/a": {"cpuset.cpus": ""}}).detect()
    assert host.cpus.source == "no cgroup limit found; the machine has 16"


def test_the_affinity_binds_when_it_is_the_tightest(machine: Machine) -> None:
    machine.write("/proc/self/status", "Cpus_allowed:\tff\nCpus_allowed_list:\t0,2-4\n")
    machine.v2("/a", {"/a": {"cpu.max": "800000 100000"}})
    host = machine.detect()
    assert host.cpus.value == 4.0
    assert host.cpus.source == "CPU affinity of this process (4); the machine has 16"


def test_the_affinity_can_be_given_by_the_caller(machine: Machine) -> None:
    from advisor.host.detect import detect

    system = System(root=machine.root, environ={}, affinity=lambda: 3, outside_linux=False)
    assert detect(system).cpus.value == 3.0


def test_a_hybrid_host_is_limited_by_its_v1_hierarchy(machine: Machine) -> None:
    machine.v1("/docker/c1", {"/docker/c1": {"cpu.cfs_quota_us": "70000", "cpu.cfs_period_us": "100000"}})
    machine.mount("43 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw")
    machine.write("/sys/fs/cgroup/unified/system.slice/cgroup.procs", "")
    machine.write("/proc/self/cgroup", "5:cpu,cpuacct:/docker/c1\n1:name=systemd:/system.slice\n0::/system.slice\n")
    assert machine.detect().cpus.value == 0.7


def test_a_hybrid_host_is_limited_by_its_v2_hierarchy_where_cpu_is_there(machine: Machine) -> None:
    machine.mount("41 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory")
    machine.mount("43 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw")
    machine.write("/proc/self/cgroup", "3:memory:/m\n0::/app\n")
    machine.write("/sys/fs/cgroup/unified/app/cpu.max", "20000 100000\n")
    host = machine.detect()
    assert host.cpus.value == 0.2
    assert "cgroup v2 cpu.max 20000/100000 at /app" in host.cpus.source


@pytest.mark.parametrize(
    "content", ["", "fifty 100000", "50000", "-5 100000", "50000 0", "0 100000", "1 2 3", "9" * 30]
)
def test_a_malformed_quota_is_told_and_not_used(machine: Machine, content: str) -> None:
    machine.v2("/a/b", {"/a/b": {"cpu.max": content}, "/a": {"cpu.max": "300000 100000"}})
    host = machine.detect()
    assert host.cpus.value == 3.0
    assert "cpu.max at /a/b is not understood" in host.cpus.source


@pytest.mark.parametrize(("quota", "period"), [("ten", "100000"), ("50000", "0"), ("50000", "x"), ("-7", "100000")])
def test_a_malformed_v1_quota_is_told_and_not_used(machine: Machine, quota: str, period: str) -> None:
    machine.v1("/a", {"/a": {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": period}})
    host = machine.detect()
    assert host.cpus.value == 16.0
    assert "is not understood" in host.cpus.source


def test_a_v1_quota_without_its_period_is_told_and_not_used(machine: Machine) -> None:
    host = machine.v1("/a", {"/a": {"cpu.cfs_quota_us": "50000"}}).detect()
    assert host.cpus.value == 16.0
    assert "cannot read /sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us: no such file or directory" in host.cpus.source


def test_an_unreadable_quota_is_told_beside_the_one_that_could_be_read(machine: Machine) -> None:
    machine.v2("/a/b", {"/a/b": {"cpu.max": "300000 100000"}})
    machine.unreadable("/sys/fs/cgroup/a/cpu.max")
    host = machine.detect()
    assert host.cpus.value == 3.0
    assert host.cpus.source.endswith("cannot read /sys/fs/cgroup/a/cpu.max: is a directory")


@pytest.mark.parametrize("path", ["/proc/self/cgroup", "/proc/self/mountinfo"])
def test_unreadable_cgroup_lists_leave_the_machine_and_say_so(machine: Machine, path: str) -> None:
    machine.v2("/a", {"/a": {"cpu.max": "50000 100000"}})
    machine.unreadable(path)
    host = machine.detect()
    assert host.cpus.value == 16.0
    assert host.cpus.source == f"the machine has 16; cgroup limits are unknown: cannot read {path}: is a directory"
    assert host.memory_bytes.source.startswith("the machine has 32 GiB; cgroup limits are unknown: ")


def test_the_machine_is_counted_in_cpuinfo_where_sys_is_hidden(machine: Machine) -> None:
    machine.remove("/sys/devices/system/cpu/online")
    machine.write("/proc/cpuinfo", "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\nmodel name\t: x\n")
    host = machine.detect()
    assert host.machine_cpus.value == 2
    assert host.cpus.value == 2.0


def test_an_unknown_machine_is_bounded_by_the_affinity(machine: Machine) -> None:
    machine.remove("/sys/devices/system/cpu/online")
    host = machine.detect()
    assert not host.machine_cpus.known
    assert host.cpus.value == 16.0
    assert host.cpus.source == "CPU affinity of this process (16); the machine's CPUs are unknown"


def test_where_nothing_can_be_read_the_cpus_are_unknown_with_the_reasons(machine: Machine) -> None:
    machine.remove("/sys/devices/system/cpu/online")
    machine.write("/proc/self/status", "Name:\tx\n")
    host = machine.detect()
    assert host.cpus.value is None
    assert "cannot read /proc/cpuinfo: no such file or directory" in host.cpus.source


def test_another_system_than_linux_is_counted_by_psutil(machine: Machine) -> None:
    fact = machine_cpus(System(root=machine.root, environ={}, outside_linux=True))
    assert fact.value is not None
    assert fact.value >= 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 1), ("0-3", 4), ("0-3,8,10-11\n", 7), ("5-5", 1), ("8191", 1)],
)
def test_a_kernel_cpu_list_is_counted(text: str, count: int) -> None:
    assert count_cpus(text) == count


@pytest.mark.parametrize("text", ["", "x", "3-1", "0-", "-1", "0-99999999999", "8192", "0,", "0-3:1/2", "0,0-1", "4,2"])
def test_what_is_no_kernel_cpu_list_is_not_counted(text: str) -> None:
    assert count_cpus(text) is None
