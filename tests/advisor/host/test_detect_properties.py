"""Whatever bytes the files hold, detection answers: with positive values, or with unknown and a reason."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.advisor.host.machine import Machine

FILES = (
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/proc/self/status",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu/online",
    "/sys/fs/cgroup/a/cpu.max",
    "/sys/fs/cgroup/a/memory.max",
    "/sys/fs/cgroup/a/memory.high",
    "/sys/fs/cgroup/a/cpuset.cpus.effective",
    "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us",
    "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us",
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/a/memory.stat",
    "/sys/fs/cgroup/cpuset/a/cpuset.cpus",
)
# Pieces of what the kernel writes, so that the examples get past the first check.
WORDS = [b"max", b"-1", b"0", b"1", b"50000", b"100000", b"0-3", b"0-", b"9" * 25, b"1e5", b"1_0", "٣".encode()]
MARKS = [b",", b" ", b"\n", b":", b" - ", b"/", b"..", b"/a", b"\\040", b"\\", b"\\777", b"\x00", b"\xff", b"\x1b[2J"]
KEYS = [b"MemTotal:", b"MemAvailable:", b"kB", b"processor\t: 0", b"Cpus_allowed_list:", b"hierarchical_memory_limit"]
LINES = [
    b"0::/a",
    b"3:memory:/a",
    b"2:cpu,cpuacct:/a",
    b"35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    b"41 31 0:31 / /sys/fs/cgroup/memory rw - cgroup m rw,memory",
    b"26 24 0:24 / /dev/shm rw - tmpfs tmpfs rw",
]
PIECES = st.sampled_from([*WORDS, *MARKS, *KEYS, *LINES])
CONTENT = st.binary(max_size=200) | st.lists(PIECES, max_size=12).map(b"".join) | st.lists(PIECES).map(b" ".join)


def write_all(machine: Machine, contents: dict[str, bytes | None]) -> None:
    for path, content in contents.items():
        if content is None:
            machine.unreadable(path)
        else:
            machine.write(path, content)


@settings(max_examples=150, deadline=None)
@given(
    version=st.sampled_from([1, 2]),
    contents=st.dictionaries(st.sampled_from(FILES), st.none() | CONTENT, max_size=len(FILES)),
)
def test_any_bytes_give_positive_values_or_unknown_with_a_reason(
    version: int, contents: dict[str, bytes | None]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        if version == 1:
            machine.v1("/a", {})
        else:
            machine.v2("/a", {})
        write_all(machine, contents)
        host = machine.detect({"VIRTUAL_ENV": ""})
    for fact in (host.cpus, host.machine_cpus, host.memory_bytes, host.machine_memory_bytes):
        assert fact.value is None or fact.value > 0
        assert fact.source.isprintable()
        assert fact.source
    if host.cpus.value is not None and host.machine_cpus.value is not None:
        assert host.cpus.value <= host.machine_cpus.value
    if host.memory_bytes.value is not None and host.machine_memory_bytes.value is not None:
        assert host.memory_bytes.value <= host.machine_memory_bytes.value
    assert host.platform.known


QUOTA = st.tuples(st.integers(1000, 10_000_000), st.integers(1000, 1_000_000))


@settings(max_examples=50, deadline=None)
@given(
    quotas=st.lists(QUOTA, min_size=1, max_size=6), limits=st.lists(st.integers(4096, 2**40), min_size=1, max_size=6)
)
def test_the_budget_is_the_least_over_the_whole_chain(quotas: list[tuple[int, int]], limits: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        groups: dict[str, dict[str, str]] = {}
        for depth, (quota, period) in enumerate(quotas, 1):
            groups.setdefault("/g" * depth, {})["cpu.max"] = f"{quota} {period}"
        for depth, limit in enumerate(limits, 1):
            groups.setdefault("/g" * depth, {})["memory.max"] = str(limit)
        machine.v2(max(groups, key=len), groups)
        host = machine.detect()
    assert host.cpus.value == min([16.0, *(quota / period for quota, period in quotas)])
    assert host.memory_bytes.value == min([32 * 1024**3, *limits])
