"""What bound the throughput of a closed loop: the clients, the slots, single processes, or the CPUs."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.load.spec import ClosedLoop
from advisor.measure.bench.doubt import percent
from advisor.measure.bench.server_use import ServerUse
from advisor.measure.bench.summary import Summary
from advisor.measure.bench.trial import Trial
from advisor.measure.server_events import ServerSettings
from advisor.units import count, show_cpus, show_number

# The scheduler never keeps the last few per cent of a CPU busy: 0.92 to 0.99 of each were
# measured at saturation (gcadvise bench on 2 CPUs).
FULL = 0.9
# Shares of workers by chance alone are within a few per cent of one another at some hundred requests each.
UNEVEN = 1.25
# Of a CPU; less changes nothing that one would do.
_WORTH_NAMING = 0.01


class Bound(enum.Enum):
    """What more of would give more throughput."""

    CPUS = "CPUs"
    PROCESSES = "processes"
    """Each worker computes all the time, and for one request at a time (the GIL), while CPUs are idle."""
    SLOTS = "slots"
    """All slots are taken by requests that wait for something other than a CPU: I/O, or a lock."""
    UNEVEN_SLOTS = "uneven slots"
    """Some workers have more requests than slots while others have fewer."""
    CLIENTS = "clients"
    """There are fewer clients than slots: this is no saturation."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The bound, and the figures that tell it, in words."""

    bound: Bound
    why: str


def slots(settings: ServerSettings) -> int:
    """How many requests the configuration takes into handlers at once, so far as a number is set."""
    match settings.worker_class:
        case "sync":
            return settings.workers
        case "gthread":
            return settings.workers * settings.threads
        case _:
            return settings.workers * settings.worker_connections


def binding(trial: Trial, summary: Summary, *, cpus: float | None) -> Binding | None:
    """What bound the throughput; None for an open loop, whose rate is given. ``trial`` is any of the summary's.

    ``cpus`` is the CPU budget of this machine, None when it is not known.
    """
    if not isinstance(trial.plan.loop, ClosedLoop):
        return None
    settings, use, clients = trial.settings, summary.use, trial.plan.loop.clients
    if settings is None or use is None:
        return Binding(bound=Bound.UNKNOWN, why="a server that gcadvise did not start is not looked into")
    limits = _cpu_limits(trial, summary, use, cpus)
    tightest = max(limits, key=lambda limit: limit.taken / limit.cpus, default=None)
    if tightest is not None and tightest.taken >= FULL * tightest.cpus:
        by = ", ".join(f"{who} {show_number(part)}" for who, part in tightest.parts.items() if part >= _WORTH_NAMING)
        return Binding(
            bound=Bound.CPUS, why=f"{show_number(tightest.taken)} of {show_cpus(tightest.cpus)} were busy ({by})"
        )
    if use.cpus >= FULL * settings.workers:
        why = f"each worker computed all the time ({show_number(use.cpus / settings.workers)} CPUs), and for one"
        return Binding(bound=Bound.PROCESSES, why=f"{why} request at a time (the GIL)")
    room = slots(settings)
    if clients < room:
        of = "threads" if settings.worker_class in ("sync", "gthread") else "worker_connections"
        return Binding(
            bound=Bound.CLIENTS, why=f"{count(clients, 'client')} cannot fill {count(room, 'slot')} (workers × {of})"
        )
    uneven = unevenness(summary)
    if uneven is not None and uneven > UNEVEN and settings.worker_class != "sync":
        why = f"the busiest worker took {show_number(uneven)} times its share of the requests"
        return Binding(bound=Bound.UNEVEN_SLOTS, why=f"{why}, while CPUs were idle")
    share = "part" if tightest is None else percent(1 - tightest.taken / tightest.cpus)
    return Binding(
        bound=Bound.SLOTS,
        why=f"{count(room, 'slot')} for {count(clients, 'client')}, and the CPUs were idle for"
        f" {share} of the time: handlers wait, for I/O or a lock",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CpuLimit:
    """So many CPUs, and who took how many of them."""

    cpus: float
    parts: Mapping[str, float]

    @property
    def taken(self) -> float:
        """All of them together."""
        return math.fsum(self.parts.values())


def _cpu_limits(trial: Trial, summary: Summary, use: ServerUse, cpus: float | None) -> list[_CpuLimit]:
    """The machine's CPUs, which everyone takes, and a quota, which is the server's and the generators' alone."""
    limits = []
    machine = cpus if trial.usable_cpus is None else trial.usable_cpus
    # CPUs of the generators' own are none of the server's, but count against a quota.
    own = len(trial.generator.cpus)
    server, generators = {"the server": use.cpus}, {"the load generator": summary.generator_cpus}
    if machine is not None and machine > own:
        others = {"others": summary.other_cpus.value or 0.0}
        limits.append(_CpuLimit(cpus=machine - own, parts=(server if own else server | generators) | others))
    if cpus and machine is not None and cpus < machine:
        limits.append(_CpuLimit(cpus=cpus, parts=server | generators))
    return limits


def unevenness(summary: Summary) -> float | None:
    """How many times its equal share the busiest worker took, the mean over the trials; None when it is not known.

    Nor is it where workers were replaced: each was there for a part of the time only.
    """
    if summary.exited_workers:
        return None
    known = [each for each in summary.requests_per_worker if each is not None and len(each) > 1]
    factors = [each[0] * len(each) / total for each in known for total in (sum(each),) if total > 0]
    return sum(factors) / len(factors) if factors else None
