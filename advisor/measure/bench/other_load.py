"""How much of our CPUs anyone takes, from /proc/stat, so that what takes them beside a measurement is seen."""

from __future__ import annotations

import os
from collections.abc import Collection

from advisor.facts import Fact
from advisor.host.system import System, why
from advisor.measure.bench.pinning import own_cpus

STAT = "/proc/stat"
# proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guest times are in the first two already. Time
# that is stolen is another virtual machine's; a CPU that waits for a disk is free.
_IDLE = (3, 4)
_COLUMNS = 8
# /proc/stat is sampled by the timer's ticks, what processes take is exact: the difference is a few percent. Far below
# what we know was taken, the file is not kept (sandboxes such as gVisor show constants).
_LEAST_SHARE = 0.5


def busy_seconds(cpus: Collection[int] | None = None, system: System | None = None) -> Fact[float]:
    """The CPU time that anyone took of these CPUs since the machine started, other virtual machines included.

    By default those that this process may run on: what others do on other CPUs of the machine does not disturb it.
    """
    system = system or System()
    if system.outside_linux:
        return Fact.unknown("only Linux tells how much of which CPUs is taken")
    wanted = own_cpus() if cpus is None else cpus
    try:
        lines = system.read(STAT).splitlines()
    except OSError as error:
        return Fact.unknown(why(STAT, error))
    ticks, found = 0, 0
    for line in lines:
        name, *numbers = line.split()
        number = name.removeprefix("cpu")
        if number == name or not number.isdigit() or int(number) not in wanted:
            continue
        columns = [int(text) for text in numbers[:_COLUMNS] if text.isdigit()]
        ticks += sum(columns) - sum(columns[column] for column in _IDLE if column < len(columns))
        found += 1
    if found < len(wanted) or not found:
        return Fact.unknown(f"{STAT} does not name all CPUs that this process may run on")
    shown = ", ".join(map(str, sorted(wanted)))
    return Fact(value=ticks / os.sysconf("SC_CLK_TCK"), source=f"{STAT}, CPUs {shown}")


def other_cpus(
    busy_before: Fact[float], busy_after: Fact[float], *, known_seconds: float, duration_seconds: float
) -> Fact[float]:
    """How many CPUs were taken by what is not in ``known_seconds`` of CPU time, on average over the duration."""
    if busy_before.value is None or busy_after.value is None:
        return busy_before if busy_before.value is None else busy_after
    busy = busy_after.value - busy_before.value
    if busy < _LEAST_SHARE * known_seconds:
        return Fact.unknown(f"{STAT} does not count what is taken")
    return Fact(value=max(busy - known_seconds, 0.0) / duration_seconds, source=busy_after.source)
