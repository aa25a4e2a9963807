"""Trials and executors without a server, for comparisons whose outcome is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.load.samples import Kind, outcome
from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.measure.server_spec import ServerSpec
from tests.advisor.measure.bench.trials import OK, closed_trial, open_trial, tree_use
from tests.advisor.measure.timelines import settings

PLAN = TrialPlan(loop=ClosedLoop(clients=8), seconds=5.0, warm_up_seconds=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a configuration would show: requests/s at saturation by round, and the like."""

    rates: Sequence[float]
    latency_seconds: float = 0.02
    pss_mib: float = 50
    cpu_ms: float = 3.0
    workers: int = 1
    worker_class: str = "sync"
    app: str = "sample_app:app"
    failing: float = 0.0
    """The share of the requests that get a 500."""
    exited_workers: int = 0


def make_trial(name: str, plan: TrialPlan, behaviour: Behaviour, rate: float) -> Trial:
    """A trial in which answers came evenly at this rate, and nothing is to be doubted.

    Clients are busy all the time; in an open loop every tenth answer takes half as long again.
    """
    failing = round(100 * behaviour.failing)
    codes = [outcome(Kind.SERVER_ERROR, 500)] * failing + [OK] * (100 - failing)
    if isinstance(plan.loop, ClosedLoop):
        made = closed_trial(rate, plan=plan, codes=codes)
    else:
        usual = behaviour.latency_seconds
        made = open_trial(rate, plan=plan, times=[usual] * 9 + [1.5 * usual])
    of = settings(workers=behaviour.workers, threads=1 if behaviour.worker_class == "sync" else 4)
    cpu = behaviour.cpu_ms / 1000 * made.answered_while_sampled
    use = tree_use(cpu, workers=1, duration_seconds=plan.seconds, mib=behaviour.pss_mib / 2)  # arbiter and one worker
    return replace(
        made,
        name=name,
        settings=replace(of, worker_class=behaviour.worker_class, app=behaviour.app),
        use=use,
        exited_workers=behaviour.exited_workers,
        generator=replace(made.generator, cpus=(3,)),
    )


@dataclass(slots=True, kw_only=True)
class FakeExecutor:
    """Gives what the behaviours say, and keeps in ``calls`` what it was asked for.

    ``instead`` may raise, or give another trial, for one (name, loop, number of that name's trials before).
    """

    behaviours: Mapping[str, Behaviour]
    instead: Mapping[tuple[str, type, int], Callable[[Trial], Trial]] = field(default_factory=dict)
    calls: list[tuple[str, TrialPlan]] = field(default_factory=list)

    def __call__(self, candidate: Candidate, plan: TrialPlan) -> Trial:
        """One trial."""
        name, kind = candidate.name, type(plan.loop)
        before = sum(called == name and isinstance(planned.loop, kind) for called, planned in self.calls)
        self.calls.append((name, plan))
        behaviour = self.behaviours[name]
        rates = behaviour.rates
        rate = plan.loop.rate_per_second if isinstance(plan.loop, OpenLoop) else rates[before % len(rates)]
        trial = make_trial(name, plan, behaviour, rate)
        change = self.instead.get((name, kind, before))
        return trial if change is None else change(trial)

    def names(self, kind: type = ClosedLoop) -> str:
        """The names in the order in which they were measured, under this kind of load."""
        return "".join(name for name, plan in self.calls if isinstance(plan.loop, kind))


def candidates(names: str) -> tuple[Candidate, ...]:
    """One candidate for each letter, all with servers that differ."""
    return tuple(Candidate(name=name, server=ServerSpec(arguments=("--name", name))) for name in names)


def cut_short(trial: Trial) -> Trial:
    """The trial as Ctrl-C leaves it."""
    return replace(trial, interrupted=True)


def raising(error: BaseException) -> Callable[[Trial], Trial]:
    """Fail instead of giving a trial."""

    def fail(_: Trial) -> Trial:
        raise error

    return fail
