"""How much the cgroups' quotas held this process and its siblings back, from cpu.stat of versions 1 and 2.

Linux Documentation/scheduler/sched-bwc.rst: in each period (100 ms by default) in which a cgroup had something to run,
it is throttled once its quota is used up; the throttled time is summed over its CPUs, so it may exceed the time that
passed. A quota of an ancestor counts in the ancestor's own file alone.
"""

from __future__ import annotations

from typing import NamedTuple

from advisor.facts import Fact
from advisor.host.cgroups import CGROUP_FILE, find_chain, membership, read_up
from advisor.host.mounts import MOUNTINFO, read_mounts
from advisor.host.system import System, why

FILE = "cpu.stat"
# Version 1 counts the time in nanoseconds as throttled_time, version 2 in microseconds as throttled_usec.
_TIMES = {"throttled_usec": 1e-6, "throttled_time": 1e-9}


class CgroupThrottling(NamedTuple):
    """One cgroup's periods with something to run, those that were cut short, and for how long, since it was made."""

    cgroup: str
    periods: int
    throttled_periods: int
    throttled_seconds: float

    @property
    def throttled_share(self) -> float:
        """The share of the periods that were cut short."""
        return self.throttled_periods / self.periods if self.periods else 0.0


def read_throttling(system: System | None = None) -> Fact[tuple[CgroupThrottling, ...]]:
    """The counters of all cgroups that this process is in, its own first; unknown where none can be read."""
    system = system or System()
    if system.outside_linux:
        return Fact.unknown("there are no cgroups on this system")
    path = CGROUP_FILE
    try:
        groups = membership(system)
        path = MOUNTINFO
        mounts = read_mounts(system)
    except OSError as error:
        return Fact.unknown(why(path, error))
    chain = find_chain("cpu", groups, mounts, system)
    readings, failures = read_up(system, chain, FILE)
    notes = [*failures, *([chain.gap] if chain.gap else [])]
    found = [_parse(reading.cgroup.name, reading.text) for reading in readings]
    # The root cgroup of version 2 has the file, but no quota and so no such lines.
    counters = tuple(counter for counter in found if counter is not None)
    if not counters:
        return Fact.unknown("; ".join(notes) or f"no cgroup with a {FILE} that tells of throttling was found")
    return Fact(value=counters, source="; ".join([f"cgroup v{chain.version} {FILE}", *notes]))


def throttled_between(
    first: Fact[tuple[CgroupThrottling, ...]], last: Fact[tuple[CgroupThrottling, ...]]
) -> Fact[CgroupThrottling]:
    """What was counted between two readings, at the cgroup that was held back most."""
    if first.value is None or last.value is None:
        return Fact.unknown(first.source if first.value is None else last.source)
    before = {counter.cgroup: counter for counter in first.value}
    changes = [_since(before[counter.cgroup], counter) for counter in last.value if counter.cgroup in before]
    if not changes:
        return Fact.unknown("this process was moved to another cgroup")
    most = max(changes, key=lambda change: (change.throttled_seconds, change.throttled_periods))
    return Fact(value=most, source=f"{last.source} at {most.cgroup}")


def _since(earlier: CgroupThrottling, later: CgroupThrottling) -> CgroupThrottling:
    return CgroupThrottling(
        later.cgroup,
        later.periods - earlier.periods,
        later.throttled_periods - earlier.throttled_periods,
        later.throttled_seconds - earlier.throttled_seconds,
    )


def _parse(cgroup: str, text: str) -> CgroupThrottling | None:
    numbers: dict[str, int] = {}
    for line in text.split("\n"):
        name, _, number = line.partition(" ")
        if number.isascii() and number.isdigit():
            numbers[name] = int(number)
    time = next((numbers[name] * unit for name, unit in _TIMES.items() if name in numbers), None)
    if time is None or "nr_periods" not in numbers or "nr_throttled" not in numbers:
        return None
    return CgroupThrottling(cgroup, numbers["nr_periods"], numbers["nr_throttled"], time)
