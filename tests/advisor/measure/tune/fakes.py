"""An executor that starts nothing: its throughputs are given, and its clock moves by what a run would take."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from advisor.facts import Fact
from advisor.load.samples import Kind, Samples, outcome
from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.trial import Candidate, GeneratorReport, Trial, TrialPlan
from advisor.measure.process_readings import NO_CPU, NO_SWITCHES
from advisor.measure.processes import ProcessUse, TreeUse
from advisor.measure.server_events import ServerSettings
from advisor.measure.server_spec import ServerSpec
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.option import Forecast, Option
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.units import MIB
from gunicorn_conf.errors import ServerFailed

# What a start and an end of a server take in the fake's time.
START_SECONDS = 1.2
PLAN = TrialPlan(loop=ClosedLoop(clients=64), seconds=2.0, warm_up_seconds=0.7, lengthen=False)
_SAMPLES = 200


def settings_of(shape: Shape) -> ServerSettings:
    return ServerSettings(
        gunicorn="27.0.1",
        python="3.11.7",
        app="sample_app:app",
        config_file=None,
        workers=shape.workers,
        threads=shape.threads,
        worker_class=shape.worker_class.value,
        worker_connections=shape.worker_connections if shape.worker_class is WorkerClass.GTHREAD else 1000,
        keepalive=shape.keepalive,
        timeout=30,
    )


def contender(option: Option, predicted: float | None = None, *, name: str = "") -> Contender:
    server = ServerSpec(arguments=option.arguments(), environment={})
    return Contender(
        candidate=Candidate(name=name or option.name, server=server), option=option, predicted_per_second=predicted
    )


def of_forecast(forecast: Forecast) -> Contender:
    return contender(forecast.option, forecast.predicted_per_second)


def forecast(workers: int, threads: int = 1, per_second: float = 100.0, *, memory_bytes: int | None = None) -> Forecast:
    option = Option(shape=sync(workers) if threads == 1 else limited(workers, threads))
    return Forecast(
        option=option,
        per_second=per_second,
        target_per_second=per_second,
        memory_bytes=memory_bytes or (20 + 16 * workers) * MIB,
    )


def fake_trial(
    candidate: Candidate,
    plan: TrialPlan,
    *,
    per_second: float,
    settings: ServerSettings | None = None,
    memory_bytes: int | None = 50 * MIB,
    exited_workers: int = 0,
    failed_share: float = 0.0,
    late_share: float = 0.0,
    interrupted: bool = False,
    log: str = "",
) -> Trial:
    """A trial with that throughput; ``late_share`` of its answers take 10 s, the others 20 ms."""
    number = 2000 if isinstance(plan.loop, OpenLoop) else _SAMPLES
    failed = round(number * failed_share)
    late = round(number * late_share)
    codes = [outcome(Kind.SERVER_ERROR, 500)] * failed + [outcome(Kind.ANSWERED, 200)] * (number - failed)
    samples = Samples(
        due_microseconds=array("I", range(number)),
        lateness_seconds=array("f", [0.0]) * number,
        service_seconds=array("f", [10.0] * late + [0.02] * (number - late)),
        outcomes=array("I", codes),
    )
    use = None
    if memory_bytes is not None:
        use = TreeUse(
            duration_seconds=plan.seconds,
            arbiter=ProcessUse(pid=1, cpu=NO_CPU, switches=NO_SWITCHES, memory=None),
            workers=(),
            ended_workers_cpu=NO_CPU,
            memory=None,
            peak_pss_bytes=Fact(value=memory_bytes, source="a fake"),
        )
    answered = 0 if failed_share == 1 else round(per_second * plan.seconds)
    return Trial(
        name=candidate.name,
        plan=plan,
        settings=settings,
        start_seconds=1.0,
        began="2026-01-01T00:00:00+00:00",
        warm_up_seconds=plan.warm_up_seconds,
        steady=True,
        lengthened=False,
        seconds=plan.seconds,
        samples=samples,
        windows=(),
        answered=answered,
        answered_while_sampled=answered,
        use=use,
        requests_per_worker=None,
        exited_workers=exited_workers,
        throttling=Fact.unknown("a fake"),
        generator=GeneratorReport(cpu_seconds=0.1, cpu_share=0.1, lateness_p99_seconds=None, cpus=()),
        other_cpus=Fact.unknown("a fake"),
        interrupted=interrupted,
        log=log,
    )


@dataclass(kw_only=True)
class FakeExecutor:
    """Truth by the candidate's name, with noise and bad outliers; what was asked is kept in ``asked``."""

    truth: Mapping[str, float] | Callable[[str], float]
    noise: float = 0.0
    outliers: Mapping[int, float] = field(default_factory=dict)
    """The number of a run, counted from 0, and what its throughput is multiplied by."""
    outlier_share: float = 0.0
    memory_bytes: Callable[[str], int | None] = lambda name: 50 * MIB
    exited: frozenset[str] = frozenset()
    failing: Mapping[str, float] = field(default_factory=dict)
    """The share of requests that fail, by name."""
    not_starting: frozenset[str] = frozenset()
    holds_below: Mapping[str, float] = field(default_factory=dict)
    """The highest rate of an open loop without late answers, by name."""
    settings: Mapping[str, ServerSettings] = field(default_factory=dict)
    interrupt_at: int | None = None
    seed: int = 1
    asked: list[tuple[str, TrialPlan]] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def clock(self) -> float:
        return self.now

    def __call__(self, candidate: Candidate, plan: TrialPlan) -> Trial:
        number = len(self.asked)
        if number == self.interrupt_at:
            raise KeyboardInterrupt
        name = candidate.name
        self.asked.append((name, plan))
        self.now += START_SECONDS + plan.warm_up_seconds + plan.seconds
        if name in self.not_starting:
            raise ServerFailed("Gunicorn ended before it answered", why="ModuleNotFoundError: no module named shop")
        per_second = self.truth(name) if callable(self.truth) else self.truth[name]
        late = 0.0
        if isinstance(plan.loop, OpenLoop):
            late = 0.0 if plan.loop.rate_per_second <= self.holds_below.get(name, per_second) else 0.2
            per_second = min(per_second, plan.loop.rate_per_second)
        per_second *= self._random.lognormvariate(0.0, self.noise) * self.outliers.get(number, 1.0)
        if self._random.random() < self.outlier_share:
            per_second *= self._random.uniform(0.5, 0.8)
        return fake_trial(
            candidate,
            plan,
            per_second=per_second,
            settings=self.settings.get(name),
            memory_bytes=self.memory_bytes(name),
            exited_workers=int(name in self.exited),
            failed_share=self.failing.get(name, 0.0),
            late_share=late,
        )
