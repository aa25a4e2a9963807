"""What others take of our CPUs, from /proc/stat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.facts import Fact
from advisor.host.system import System
from advisor.measure.bench.other_load import busy_seconds, other_cpus

TICKS = os.sysconf("SC_CLK_TCK")
# user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice: guest times are in user and nice already
STAT = """\
cpu  9999 9999 9999 9999 9999 9999 9999 9999 0 0
cpu0 1 2 3 1000 500 4 5 6 1 2
cpu1 10 20 30 1000 500 40 50 60 10 20
cpu10 7000 0 0 0 0 0 0 0 0 0
intr 1 2 3
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text(STAT)
    return System(root=tmp_path, environ={}, outside_linux=False)


@pytest.mark.parametrize(("cpus", "ticks"), [({0}, 21), ({1}, 210), ({0, 1}, 231)])
def test_busy_is_all_but_idle_and_waiting_on_the_cpus_that_are_ours(system: System, cpus: set[int], ticks: int) -> None:
    assert busy_seconds(cpus, system).value == ticks / TICKS


def test_the_source_names_the_cpus(system: System) -> None:
    assert busy_seconds({1, 0}, system).source == "/proc/stat, CPUs 0, 1"


@pytest.mark.parametrize("cpus", [(), {0, 2}])
def test_cpus_that_are_not_in_the_file_are_unknown(system: System, cpus: set[int]) -> None:
    assert busy_seconds(cpus, system).value is None


def test_without_the_file_or_outside_linux_it_is_unknown_with_the_reason(tmp_path: Path) -> None:
    assert busy_seconds({0}, System(root=tmp_path, outside_linux=False)).source == (
        "cannot read /proc/stat: no such file or directory"
    )
    elsewhere = busy_seconds({0}, System(root=tmp_path, outside_linux=True))
    assert elsewhere == Fact.unknown("only Linux tells how much of which CPUs is taken")


def _of(seconds: float) -> Fact[float]:
    return Fact(value=seconds, source="/proc/stat, CPUs 0")


def test_others_took_what_is_left() -> None:
    others = other_cpus(_of(100), _of(110), known_seconds=7, duration_seconds=5)
    assert others.value == pytest.approx(0.6)
    assert others.source == "/proc/stat, CPUs 0"


def test_a_little_less_than_what_we_took_is_nothing_and_far_less_is_unknown() -> None:
    assert other_cpus(_of(100), _of(109), known_seconds=9.5, duration_seconds=5).value == 0
    assert other_cpus(_of(100), _of(100), known_seconds=9.5, duration_seconds=5).value is None


def test_what_could_not_be_read_stays_unknown() -> None:
    unknown: Fact[float] = Fact.unknown("no file")
    assert other_cpus(_of(1), unknown, known_seconds=0, duration_seconds=1) == unknown
    assert other_cpus(unknown, _of(1), known_seconds=0, duration_seconds=1) == unknown
