"""A trial: one load on one start of a server. What is asked for, and what it showed. Data alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from advisor.facts import Fact
from advisor.load.samples import Samples
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS, ClosedLoop, Connections, LoadRequest, OpenLoop
from advisor.measure.processes import TreeUse
from advisor.measure.server_events import ServerSettings
from advisor.measure.server_spec import ServerSpec
from advisor.measure.throttling import CgroupThrottling
from advisor.model.prediction import Prediction

# Of each second four windows: enough for the spread within a run of 5 s, long enough for some requests in each.
WINDOW_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTarget:
    """A server that already runs. ``allowed_host`` names its host where it is not this machine."""

    url: str
    allowed_host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One configuration to be measured; ``name`` is what tables call it."""

    name: str
    server: ServerSpec | RunningTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """The load of one trial: ``warm_up_seconds`` that do not count, then ``seconds`` that do."""

    requests: tuple[LoadRequest, ...] = (LoadRequest(),)
    loop: ClosedLoop | OpenLoop
    connections: Connections = Connections.NEW
    seconds: float = 5.0
    warm_up_seconds: float = 2.0
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    generators: int = 1
    seed: int = 0
    lengthen: bool = True
    """Whether to go on for as long again when no steady state was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorReport:
    """How the load generators fared.

    ``cpu_share`` is that of the busiest one, of one CPU. Lateness is that of sends in an open loop; None in a closed
    one, where a request is due when it is sent. ``cpus`` are those that they had to themselves; empty when the server
    shared all CPUs with them.
    """

    cpu_seconds: float
    cpu_share: float
    lateness_p99_seconds: float | None
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one trial showed after its warm-up; everything in it is of the measured time alone.

    ``samples`` are the requests that were due in it, with due times from its beginning; ``windows`` the whole answers
    below status 400 in each 250 ms of it, and ``answered`` their sum. ``use`` is what arbiter and workers used, over
    its own duration; None for a server that gcadvise did not start, and where too few readings fell into the measured
    time. ``requests_per_worker`` is by process id, over the duration of ``use``; None where the workers do not report
    it. ``exited_workers`` alone counts the warm-up too, since a worker that ends there says as much. ``other_cpus`` is
    how many of our CPUs everything else on the machine took.
    """

    name: str
    plan: TrialPlan
    settings: ServerSettings | None
    start_seconds: float | None
    """From the start of Gunicorn until every worker had answered."""
    began: str
    """When the measured time began: ISO 8601, UTC."""
    warm_up_seconds: float
    """What was cut at the beginning."""
    steady: bool
    """Whether a steady state was found."""
    lengthened: bool
    seconds: float
    samples: Samples
    windows: tuple[int, ...]
    answered: int
    answered_while_sampled: int
    """The answers within the time over which ``use`` is; divide by this for the CPU per request."""
    use: TreeUse | None
    requests_per_worker: Mapping[int, int] | None
    exited_workers: int
    throttling: Fact[CgroupThrottling]
    generator: GeneratorReport
    other_cpus: Fact[float]
    interrupted: bool
    log: str
    """The end of what Gunicorn printed; empty for a server that gcadvise did not start."""
    predicted: Fact[Prediction] | None = None
    """What the model said before the load was sent, or why it could not; None where it was not asked."""
    usable_cpus: int | None = None
    """The CPUs that server and generators could run on, of which a quota may give less; None where it is not known."""

    @property
    def throughput_per_second(self) -> float:
        """Answers per second of the measured time."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0

    @property
    def server_cpu_seconds_per_request(self) -> float | None:
        """CPU time of arbiter and workers for each answer; None when it is not known."""
        if self.use is None or not self.answered_while_sampled:
            return None
        cpu = self.use.cpu
        return (cpu.user + cpu.system) / self.answered_while_sampled


# Runs one trial: starts the candidate's server, sends the load, ends the server. A server that does not start, or
# dies, raises gunicorn_conf.errors.ServerFailed; Ctrl-C gives what was measured so far, marked as interrupted.
Execute = Callable[[Candidate, TrialPlan], Trial]
