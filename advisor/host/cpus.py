"""The CPU budget: the least of the machine's CPUs, the quotas of all cgroups above, their cpusets, and the affinity."""

from __future__ import annotations

import os
from typing import NamedTuple

from advisor.facts import Fact
from advisor.host.cgroups import Chain, Reading, read_up
from advisor.host.system import System, quoted, whole_number, why

ONLINE = "/sys/devices/system/cpu/online"
CPUINFO = "/proc/cpuinfo"
STATUS = "/proc/self/status"

# The most CPUs that Linux can be built for (NR_CPUS, arch/x86/Kconfig); a list that names more is not understood.
_MOST_CPUS = 8192


class _Bound(NamedTuple):
    cpus: float
    text: str


def machine_cpus(system: System) -> Fact[int]:
    """The CPUs of the machine that are online, whoever may use them."""
    if system.outside_linux:
        import psutil

        count = psutil.cpu_count()
        return Fact(value=count, source="the machine's CPUs") if count else Fact.unknown("the system does not tell")
    failures = []
    for path, count_in in ((ONLINE, count_cpus), (CPUINFO, _count_processors)):
        try:
            count = count_in(system.read(path))
        except OSError as error:
            failures.append(why(path, error))
            continue
        if count:
            return Fact(value=count, source=path)
        failures.append(f"{path} names no CPUs")
    return Fact.unknown("; ".join(failures))


def cpu_budget(system: System, machine: Fact[int], cpu_chain: Chain, cpuset_chain: Chain, hidden: str) -> Fact[float]:
    """The CPUs that this process gets at most, with what bound it.

    ``hidden`` says why cgroups could not be looked at, empty when they could.
    """
    quotas, quota_notes = _quotas(system, cpu_chain)
    cpusets, cpuset_notes = _cpusets(system, cpuset_chain)
    notes = [*([hidden] if hidden else []), *quota_notes, *cpuset_notes]
    bounds = [*quotas, *cpusets]
    affinity = _affinity(system)
    if affinity.value is not None:
        bounds.append(_Bound(affinity.value, f"CPU affinity of this process ({affinity.value})"))
    if machine.value is not None:
        # First, so that a limit that is no tighter than the machine is not shown as the one that binds.
        bounds.insert(0, _Bound(machine.value, ""))
    if not bounds:
        return Fact.unknown("; ".join([machine.source, affinity.source, *notes]))
    least = min(bounds, key=lambda bound: bound.cpus)
    has = "the machine's CPUs are unknown" if machine.value is None else f"the machine has {machine.value}"
    if least.text:
        text = f"{least.text}; {has}"
    elif quotas:
        text = f"{has}; {min(quotas).text} allows no less"
    elif system.outside_linux or notes:  # with something unread, "no limit" would be claimed too soon
        text = has
    else:
        text = f"no cgroup limit found; {has}"
    return Fact(value=float(least.cpus), source="; ".join([text, *dict.fromkeys(notes)]))


def count_cpus(text: str) -> int | None:
    """How many CPUs a kernel list such as ``0-3,8`` names; None when it names none or is not understood."""
    count, last_seen = 0, -1
    for part in text.strip().split(","):
        first, dash, last = part.strip().partition("-")
        low, high = _cpu_number(first), _cpu_number(last if dash else first)
        if low is None or high is None or not last_seen < low <= high:  # the kernel lists them in order
            return None
        count, last_seen = count + high - low + 1, high
    return count


def _cpu_number(text: str) -> int | None:
    number = 0 if text == "0" else whole_number(text)
    return number if number is not None and number < _MOST_CPUS else None


def _count_processors(text: str) -> int | None:
    # "processor : 0" on most architectures, "processor 0: version = ..." on s390; "Processor" on old ARM is a model.
    return sum(line.startswith("processor") for line in text.split("\n")) or None


def _affinity(system: System) -> Fact[int]:
    if system.affinity is not None:
        count = system.affinity()
    elif system.outside_linux or not hasattr(os, "sched_getaffinity"):
        return Fact.unknown("this system has no CPU affinity")
    elif system.is_this_machine:
        count = len(os.sched_getaffinity(0))
    else:
        try:
            lines = system.read(STATUS).split("\n")
        except OSError as error:
            return Fact.unknown(why(STATUS, error))
        allowed = (line.partition(":")[2] for line in lines if line.startswith("Cpus_allowed_list:"))
        count = count_cpus(next(allowed, ""))
    return Fact(value=count, source="CPU affinity") if count else Fact.unknown("the CPU affinity is not told")


def _quotas(system: System, chain: Chain) -> tuple[list[_Bound], list[str]]:
    name = "cpu.cfs_quota_us" if chain.version == 1 else "cpu.max"
    bounds, notes = [], [chain.gap] if chain.gap else []
    readings, failures = read_up(system, chain, name)
    for reading in readings:
        quota, period, problem = _quota_v1(system, reading) if chain.version == 1 else _quota_v2(reading)
        if problem:
            failures.append(problem)
        elif quota and period:
            text = f"cgroup v{chain.version} {name} {quota}/{period} at {reading.cgroup.name}"
            bounds.append(_Bound(quota / period, text))
    return bounds, notes + failures


def _quota_v2(reading: Reading) -> tuple[int | None, int | None, str]:
    """``50000 100000``: microseconds of CPU time in each period; ``max 100000``: no limit."""
    words = reading.text.split()
    quota, period = (whole_number(word) for word in words) if len(words) == 2 else (None, None)
    if period is None or (quota is None and words[0] != "max"):
        return None, None, f"cpu.max at {reading.cgroup.name} is not understood: {quoted(reading.text)}"
    return quota, period, ""


def _quota_v1(system: System, reading: Reading) -> tuple[int | None, int | None, str]:
    """The quota in microseconds, -1 for no limit; the period stands in a file of its own."""
    if reading.text.strip() == "-1":
        return None, None, ""
    quota = whole_number(reading.text)
    if quota is None:
        return None, None, f"cpu.cfs_quota_us at {reading.cgroup.name} is not understood: {quoted(reading.text)}"
    path = f"{reading.cgroup.directory}/cpu.cfs_period_us"
    try:
        text = system.read(path)
    except OSError as error:
        return None, None, why(path, error)
    period = whole_number(text)
    if period is None:
        return None, None, f"cpu.cfs_period_us at {reading.cgroup.name} is not understood: {quoted(text)}"
    return quota, period, ""


def _cpusets(system: System, chain: Chain) -> tuple[list[_Bound], list[str]]:
    effective = "cpuset.effective_cpus" if chain.version == 1 else "cpuset.cpus.effective"
    bounds = []
    readings, notes = read_up(system, chain, effective, "cpuset.cpus")
    for reading in readings:
        listed = reading.text.strip()
        count = count_cpus(listed)
        if count:
            bounds.append(_Bound(count, f"cgroup v{chain.version} cpuset {listed} at {reading.cgroup.name}"))
        elif listed:  # an empty cpuset.cpus means as many as the one above
            notes.append(f"the cpuset at {reading.cgroup.name} is not understood: {quoted(listed)}")
    return bounds, notes
