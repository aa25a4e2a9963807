"""One run of tune: what was measured of a configuration, what had been predicted, and whether it is disqualified."""

from __future__ import annotations

import enum
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from advisor.load.samples import Kind, Samples
from advisor.measure.bench.trial import Trial
from advisor.measure.server_events import ServerSettings
from advisor.measure.statistics.percentiles import percentiles
from advisor.units import count, show_bytes

# One request in a thousand that fails is one too many for production, and more than chance on loopback.
MOST_ERRORS = 0.001
# What Gunicorn logs when a worker ends because of max_requests (workers/base.py and gthread.py): no crash.
_ENDS_AS_ASKED = "Autorestarting worker"
_ERROR_NAMES = {
    Kind.CLIENT_ERROR: "answered with a status 4xx",
    Kind.SERVER_ERROR: "answered with a status 5xx",
    Kind.TIMEOUT: "timed out",
    Kind.REFUSED: "refused",
    Kind.RESET: "cut off before an answer",
    Kind.SHORT: "cut off within an answer",
    Kind.MALFORMED: "answered with what is no HTTP",
    Kind.LOCAL: "not sent: this machine had no port or file left",
}


class Phase(enum.Enum):
    """What a run was for."""

    SEARCH = "search"
    CONFIRM = "confirm"
    """Fresh runs: the figures that are quoted come from these alone."""
    RATE = "rate"
    """A step towards the highest rate that holds the limit."""


class FailureKind(enum.Enum):
    """What disqualifies a configuration."""

    START = "did not start"
    CRASH = "workers died"
    MEMORY = "too much memory"
    ERRORS = "requests failed"
    NO_ANSWER = "no answer"


class Failure(NamedTuple):
    """Why a configuration is disqualified: the kind, and the sentence that a user reads."""

    kind: FailureKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Response times of one run, in seconds; None where there were too few samples for a percentile."""

    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One start of a server under one load.

    ``name`` is the configuration's; ``number`` counts its runs in this phase from 1. ``rate_per_second`` is that of an
    open loop, None for a closed one, and ``late_share`` the share of its requests beyond the limit of latency.
    ``memory_bytes`` is the greatest sum of PSS. ``failure`` says why the configuration is disqualified.
    """

    phase: Phase
    name: str
    number: int
    predicted_per_second: float | None
    rate_per_second: float | None
    throughput_per_second: float
    latencies: Latencies | None
    late_share: float | None
    error_share: float
    memory_bytes: int | None
    cpu_seconds_per_request: float | None
    settings: ServerSettings | None
    failure: Failure | None
    began: str
    elapsed_seconds: float

    @property
    def key(self) -> tuple[Phase, str, int]:
        """What tells it from all other runs of one tuning."""
        return self.phase, self.name, self.number


def failure_of(trial: Trial, *, memory_bytes: int | None) -> Failure | None:
    """Why a trial disqualifies its configuration; None when it does not. ``memory_bytes`` is the budget."""
    if trial.exited_workers and _ENDS_AS_ASKED not in trial.log:
        return Failure(FailureKind.CRASH, f"{count(trial.exited_workers, 'worker')} died under the load")
    peak = memory_of(trial)
    if memory_bytes is not None and peak is not None and peak > memory_bytes:
        return Failure(FailureKind.MEMORY, f"needed {show_bytes(peak)}, and {show_bytes(memory_bytes)} may be used")
    if error_share(trial.samples) > MOST_ERRORS:
        kinds = {kind: number for kind, number in trial.samples.kinds().items() if kind is not Kind.ANSWERED}
        worst = max(kinds, key=lambda kind: kinds[kind])
        failed = f"{sum(kinds.values()):,} of {len(trial.samples):,} requests failed"
        return Failure(FailureKind.ERRORS, f"{failed}, most of them {_ERROR_NAMES[worst]}")
    if not trial.answered:
        return Failure(FailureKind.NO_ANSWER, f"no request was answered in {trial.seconds:.1f} s")
    return None


def memory_of(trial: Trial) -> int | None:
    """The greatest sum of PSS over arbiter and workers; None when it is not known."""
    return None if trial.use is None else trial.use.peak_pss_bytes.value


def error_share(samples: Samples) -> float:
    """The share of requests that were not answered below status 400."""
    return 1 - sum(samples.answered()) / len(samples) if len(samples) else 0.0


def latencies_of(times: array[float]) -> Latencies:
    """Percentiles of response times, those that enough samples allow."""
    p50, p95, p99 = (found.latency_seconds for found in percentiles(times, (50.0, 95.0, 99.0)))
    return Latencies(p50_seconds=p50, p95_seconds=p95, p99_seconds=p99, samples=len(times))


def disqualified(runs: Iterable[Run]) -> dict[str, Failure]:
    """The names of configurations that failed in any run, with the first reason."""
    reasons: dict[str, Failure] = {}
    for run in runs:
        if run.failure is not None:
            reasons.setdefault(run.name, run.failure)
    return reasons
