"""What the server used in the trials of one configuration: CPU time, memory, context switches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.measure.bench.facts_of_trials import mean_of, most_of
from advisor.measure.bench.trial import Trial
from advisor.measure.process_readings import Switches
from advisor.measure.processes import TreeUse


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUse:
    """What arbiter and workers used, all trials together; memory is the mean of what each had at its end.

    ``cpus`` is how many CPUs they kept busy; ``busiest_worker`` the same of the busiest worker of each trial, their
    mean. ``switches_per_request`` is None where they are not known.
    """

    cpu_seconds: float
    cpu_seconds_per_request: float | None
    cpus: float
    busiest_worker: float
    rss_bytes: int | None
    pss_bytes: Fact[int]
    uss_bytes: Fact[int]
    peak_pss_bytes: Fact[int]
    switches: Switches
    requests: int
    """The answers within the time over which all this is."""


def server_use(trials: Sequence[Trial]) -> ServerUse | None:
    """All trials together; None for a server that gcadvise did not start."""
    known = [(trial, trial.use) for trial in trials if trial.use is not None]
    if not known:
        return None
    uses = [use for _, use in known]
    cpu_seconds = math.fsum(use.cpu.total for use in uses)
    duration = math.fsum(use.duration_seconds for use in uses)
    requests = sum(trial.answered_while_sampled for trial, _ in known)
    memories = [use.memory for use in uses if use.memory is not None]
    unread: Fact[int] = Fact.unknown("memory was not read")
    return ServerUse(
        cpu_seconds=cpu_seconds,
        cpu_seconds_per_request=cpu_seconds / requests if requests else None,
        cpus=cpu_seconds / duration if duration > 0 else 0.0,
        busiest_worker=math.fsum(map(_busiest, uses)) / len(uses),
        rss_bytes=round(sum(memory.rss_bytes for memory in memories) / len(memories)) if memories else None,
        pss_bytes=mean_of([memory.pss_bytes for memory in memories]).map(round) if memories else unread,
        uss_bytes=mean_of([memory.uss_bytes for memory in memories]).map(round) if memories else unread,
        peak_pss_bytes=most_of([use.peak_pss_bytes for use in uses]),
        switches=Switches(sum(use.switches.voluntary for use in uses), sum(use.switches.involuntary for use in uses)),
        requests=requests,
    )


def _busiest(use: TreeUse) -> float:
    """How much of one CPU the busiest worker used."""
    if use.duration_seconds <= 0:
        return 0.0
    return max((worker.cpu.total for worker in use.workers), default=0.0) / use.duration_seconds
