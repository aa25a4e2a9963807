"""What bound the throughput of a closed loop: the clients, the slots, single processes, or the CPUs."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from advisor.load.spec import ClosedLoop
from advisor.measure.bench.doubt import percent
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
    if cpus is not None:
        others = summary.other_cpus.value or 0.0
        # CPUs of the generators' own are none of the server's.
        own = len(trial.generator.cpus)
        generators = 0.0 if own else summary.generator_cpus
        taken = use.cpus + others + generators
        if taken >= FULL * (cpus - own):
            parts = {"the server": use.cpus, "the load generator": generators, "others": others}
            by = ", ".join(f"{who} {show_number(part)}" for who, part in parts.items() if part >= _WORTH_NAMING)
            return Binding(bound=Bound.CPUS, why=f"{show_number(taken)} of {show_cpus(cpus - own)} were busy ({by})")
    if use.cpus >= FULL * settings.workers:
        why = f"each worker computed all the time ({show_number(use.cpus / settings.workers)} CPUs), and for one"
        return Binding(bound=Bound.PROCESSES, why=f"{why} request at a time (the GIL)")
    room = slots(settings)
    if clients < room:
        return Binding(
            bound=Bound.CLIENTS, why=f"{count(clients, 'client')} cannot fill {count(room, 'slot')} (workers × threads)"
        )
    uneven = unevenness(summary)
    if uneven is not None and uneven > UNEVEN and settings.worker_class != "sync":
        why = f"the busiest worker took {show_number(uneven)} times its share of the requests"
        return Binding(bound=Bound.UNEVEN_SLOTS, why=f"{why}, while CPUs were idle")
    return Binding(
        bound=Bound.SLOTS,
        why=f"{count(room, 'slot')} for {count(clients, 'client')}, and the CPUs were idle for"
        f" {_idle(use.cpus, cpus)}: handlers wait, for I/O or a lock",
    )


def unevenness(summary: Summary) -> float | None:
    """How many times its equal share the busiest worker took, the mean over the trials; None when it is not known."""
    known = [each for each in summary.requests_per_worker if each is not None and len(each) > 1]
    factors = [each[0] * len(each) / total for each in known for total in (sum(each),) if total > 0]
    return sum(factors) / len(factors) if factors else None


def _idle(used: float, cpus: float | None) -> str:
    return "part of the time" if not cpus else f"{percent(max(1 - used / cpus, 0))} of the time"
