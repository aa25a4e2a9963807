"""The memory budget: the least of the machine's memory and the limits of all cgroups above."""

from __future__ import annotations

from typing import NamedTuple

from advisor.facts import Fact
from advisor.host.cgroups import Chain, read_up
from advisor.host.system import System, quoted, whole_number, why
from advisor.units import KIB, show_bytes

MEMINFO = "/proc/meminfo"

# cgroup v1 writes "no limit" as LONG_MAX rounded down to a page (0x7FFFFFFFFFFFF000), other systems as other huge
# numbers; no machine has an exbibyte.
NO_LIMIT_BYTES = 2**60


class _Bound(NamedTuple):
    size_bytes: int
    text: str


def machine_memory(system: System) -> tuple[Fact[int], Fact[int]]:
    """The machine's memory, and what of it is available now without swapping, both in bytes."""
    if system.outside_linux:
        import psutil

        memory = psutil.virtual_memory()
        return (
            Fact(value=int(memory.total), source="the machine's memory"),
            Fact(value=int(memory.available), source="what of the machine's memory is not in use"),
        )
    try:
        lines = system.read(MEMINFO).split("\n")
    except OSError as error:
        reason = why(MEMINFO, error)
        return Fact.unknown(reason), Fact.unknown(reason)
    return _meminfo(lines, "MemTotal"), _meminfo(lines, "MemAvailable")


def _meminfo(lines: list[str], key: str) -> Fact[int]:
    for line in lines:
        name, _, rest = line.partition(":")
        if name == key:
            number = whole_number(rest.removesuffix("kB"))  # always kB, and KiB is meant (proc_meminfo(5))
            if number is None or number * KIB >= NO_LIMIT_BYTES:
                return Fact.unknown(f"{MEMINFO} has a {key} that is not understood: {quoted(rest)}")
            return Fact(value=number * KIB, source=f"{key} of the machine ({MEMINFO})")
    return Fact.unknown(f"{MEMINFO} has no {key}")


def memory_budget(system: System, machine: Fact[int], chain: Chain, hidden: str) -> Fact[int]:
    """The memory that this process and its siblings get at most, in bytes, with what bound it.

    ``hidden`` says why cgroups could not be looked at, empty when they could.
    """
    notes = [note for note in (hidden, chain.gap) if note]
    total = machine.value
    bounds = []
    for found, failures in _limits(system, chain):
        bounds += [bound for bound in found if bound.size_bytes < (total or NO_LIMIT_BYTES)]
        notes += failures
    if bounds:
        least = min(bounds, key=lambda bound: bound.size_bytes)
        has = "the machine's memory is unknown" if total is None else f"the machine has {show_bytes(total)}"
        value, text = least.size_bytes, f"{least.text}; {has}"
    elif total is None:
        return Fact.unknown("; ".join([machine.source, *notes]))
    else:
        # With something unread, "no limit" would be claimed too soon.
        prefix = "" if system.outside_linux or notes else "no cgroup limit found; "
        value, text = total, f"{prefix}the machine has {show_bytes(total)}"
    return Fact(value=value, source="; ".join([text, *dict.fromkeys(notes)]))


def _limits(system: System, chain: Chain) -> list[tuple[list[_Bound], list[str]]]:
    if chain.version == 2:
        return [
            _read_limits(system, chain, "memory.max", ""),
            # The kernel slows a process above memory.high down and takes pages from it, but does not kill it
            # (cgroup-v2.rst, "memory.high"); a server there is no use either.
            _read_limits(system, chain, "memory.high", " (slowed down above it, not killed)"),
        ]
    return [_read_limits(system, chain, "memory.limit_in_bytes", ""), _hierarchical_limit(system, chain)]


def _read_limits(system: System, chain: Chain, name: str, remark: str) -> tuple[list[_Bound], list[str]]:
    bounds = []
    readings, notes = read_up(system, chain, name)
    for reading in readings:
        limit = whole_number(reading.text)
        if limit is not None:
            bounds.append(_Bound(limit, f"cgroup v{chain.version} {name} at {reading.cgroup.name}{remark}"))
        elif reading.text.strip() not in ("max", "-1"):
            notes.append(f"{name} at {reading.cgroup.name} is not understood: {quoted(reading.text)}")
    return bounds, notes


def _hierarchical_limit(system: System, chain: Chain) -> tuple[list[_Bound], list[str]]:
    """What version 1 itself computes over all ancestors, those too that cannot be seen from a container."""
    if not chain.cgroups:
        return [], []
    own = Chain(chain.version, chain.cgroups[:1])
    readings, notes = read_up(system, own, "memory.stat")
    for reading in readings:
        for line in reading.text.split("\n"):
            name, _, number = line.partition(" ")
            limit = whole_number(number) if name == "hierarchical_memory_limit" else None
            if limit is not None:
                text = f"cgroup v1 memory.stat hierarchical_memory_limit at {reading.cgroup.name}"
                return [_Bound(limit, text)], notes
    return [], notes
