"""Throttling as the cgroups' counters tell it, of both versions and of all ancestors."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.facts import Fact
from advisor.host.system import System
from advisor.measure.throttling import CgroupThrottling, read_throttling, throttled_between
from tests.advisor.host.machine import Machine


def _v2(periods: int, throttled: int, microseconds: int) -> str:
    return (
        f"usage_usec 5000\nuser_usec 4000\nsystem_usec 1000\n"
        f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec {microseconds}\nnr_bursts 0"
    )


def _v1(periods: int, throttled: int, nanoseconds: int) -> str:
    return f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_time {nanoseconds}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_version_2_counts_in_microseconds_and_ancestors_apart(machine: Machine) -> None:
    groups = {
        "/": {"cpu.stat": "usage_usec 5000\nuser_usec 4000\nsystem_usec 1000"},  # the root has no quota
        "/pods": {"cpu.stat": _v2(100, 20, 1_500_000)},
        "/pods/a": {"cpu.stat": _v2(0, 0, 0)},
    }
    counters = read_throttling(machine.v2("/pods/a", groups).system())
    assert counters.value == (CgroupThrottling("/pods/a", 0, 0, 0.0), CgroupThrottling("/pods", 100, 20, 1.5))
    assert counters.source == "cgroup v2 cpu.stat"


def test_version_1_counts_in_nanoseconds(machine: Machine) -> None:
    counters = read_throttling(machine.v1("/docker/a", {"/docker/a": {"cpu.stat": _v1(9, 3, 250_000_000)}}).system())
    assert counters.value == (CgroupThrottling("/docker/a", 9, 3, 0.25),)


def test_between_two_readings_the_cgroup_that_was_held_back_most_counts(machine: Machine) -> None:
    groups = {"/pods": {"cpu.stat": _v2(100, 20, 1_500_000)}, "/pods/a": {"cpu.stat": _v2(50, 5, 100_000)}}
    machine.v2("/pods/a", groups)
    before = read_throttling(machine.system())
    machine.write("/sys/fs/cgroup/pods/cpu.stat", _v2(150, 45, 4_000_000))
    machine.write("/sys/fs/cgroup/pods/a/cpu.stat", _v2(100, 6, 110_000))
    found = throttled_between(before, read_throttling(machine.system()))
    assert found.value == ("/pods", 50, 25, 2.5)
    assert found.value is not None
    assert found.value.throttled_share == 0.5
    assert found.source == "cgroup v2 cpu.stat at /pods"


def test_a_cgroup_without_a_quota_has_no_periods_and_no_share(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"cpu.stat": _v2(0, 0, 0)}})
    reading = read_throttling(machine.system())
    found = throttled_between(reading, reading)
    assert found.value is not None
    assert found.value.throttled_share == 0


def test_without_cgroups_it_is_unknown(machine: Machine) -> None:
    reading = read_throttling(machine.system())
    assert not reading.known
    assert "no cgroup with a cpu.stat" in reading.source
    assert not throttled_between(reading, reading).known


def test_what_cannot_be_read_is_unknown_with_the_reason(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"cpu.stat": _v2(1, 0, 0)}})
    readable = read_throttling(machine.system())
    machine.unreadable("/sys/fs/cgroup/a/cpu.stat")
    unreadable = read_throttling(machine.system())
    assert "cannot read /sys/fs/cgroup/a/cpu.stat" in unreadable.source
    assert throttled_between(readable, unreadable) == unreadable
    assert throttled_between(unreadable, readable) == unreadable
    machine.unreadable("/proc/self/cgroup")
    assert "cannot read /proc/self/cgroup" in read_throttling(machine.system()).source


def test_a_part_of_the_chain_that_cannot_be_seen_is_told(machine: Machine) -> None:
    machine.v2("/../other", {"/": {"cpu.stat": _v2(1, 0, 0)}})
    assert "outside of this cgroup namespace" in read_throttling(machine.system()).source


@pytest.mark.parametrize("text", ["", "nr_periods 5", "nr_periods x\nnr_throttled 1\nthrottled_usec 2", "\0"])
def test_a_file_that_is_not_understood_tells_nothing(machine: Machine, text: str) -> None:
    machine.v2("/a", {"/a": {"cpu.stat": text}})
    assert not read_throttling(machine.system()).known


def test_a_move_to_another_cgroup_is_unknown() -> None:
    one, other = (Fact(value=(CgroupThrottling(name, 1, 1, 1.0),), source="x") for name in ("/a", "/b"))
    assert "moved to another cgroup" in throttled_between(one, other).source


def test_outside_linux_it_is_unknown() -> None:
    assert not read_throttling(System(outside_linux=True)).known
