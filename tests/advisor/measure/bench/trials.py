"""Makes trials up, as a server of known behaviour would have shown them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from advisor.facts import Fact
from advisor.load.samples import MICROSECONDS, Kind, Samples, outcome
from advisor.load.spec import ClosedLoop, LoadRequest, OpenLoop
from advisor.measure.bench.trial import WINDOW_SECONDS, Candidate, GeneratorReport, RunningTarget, Trial, TrialPlan
from advisor.measure.process_readings import CpuSeconds, Memory, Switches
from advisor.measure.processes import ProcessUse, TreeUse
from advisor.measure.server_spec import ServerSpec
from advisor.measure.throttling import CgroupThrottling
from advisor.units import MIB
from tests.advisor.measure.timelines import settings

OK = outcome(Kind.ANSWERED, 200)
CANDIDATE = Candidate(name="test", server=ServerSpec(python="/usr/bin/python3"))
RUNNING = Candidate(name="running", server=RunningTarget(url="http://127.0.0.1:8000"))
CLOSED = TrialPlan(loop=ClosedLoop(clients=64), requests=(LoadRequest(path="/mixed?ms=3&seconds=0.012"),))
OPEN = TrialPlan(loop=OpenLoop(rate_per_second=400), requests=CLOSED.requests)


def samples(rate: float, seconds: float, times: Sequence[float], codes: Sequence[int] = (OK,)) -> Samples:
    """Requests due at equal distances; service times and outcomes are taken in turn."""
    number = round(rate * seconds)
    return Samples(
        due_microseconds=array("I", [round(MICROSECONDS * index / rate) for index in range(number)]),
        lateness_seconds=array("f", [0.0] * number),
        service_seconds=array("f", [times[index % len(times)] for index in range(number)]),
        outcomes=array("I", [codes[index % len(codes)] for index in range(number)]),
    )


def even_windows(answered: int, seconds: float) -> tuple[int, ...]:
    """Answers spread evenly over the windows."""
    number = round(seconds / WINDOW_SECONDS)
    return tuple((index + 1) * answered // number - index * answered // number for index in range(number))


def tree_use(cpu_seconds: float, *, workers: int, duration_seconds: float, mib: float = 40) -> TreeUse:
    """The CPU time in equal parts to the workers; memory of ``mib`` for each process."""
    size = round(mib * MIB)
    each = Memory(
        rss_bytes=2 * size, pss_bytes=Fact(value=size, source="PSS"), uss_bytes=Fact(value=size // 2, source="USS")
    )
    memory = each
    for _ in range(workers):
        memory = memory.plus(each)
    return TreeUse(
        duration_seconds=duration_seconds,
        arbiter=ProcessUse(pid=1, cpu=CpuSeconds(0.0, 0.0), switches=Switches(0, 0), memory=each),
        workers=tuple(
            ProcessUse(
                pid=2 + number,
                cpu=CpuSeconds(cpu_seconds / workers, 0.0),
                switches=Switches(1000, 100),
                memory=each,
            )
            for number in range(workers)
        ),
        ended_workers_cpu=CpuSeconds(0.0, 0.0),
        memory=memory,
        peak_pss_bytes=memory.pss_bytes,
    )


def closed_trial(
    rate: float = 500,
    *,
    plan: TrialPlan = CLOSED,
    seconds: float | None = None,
    workers: int = 2,
    threads: int = 8,
    cpus: float = 1.9,
    codes: Sequence[int] = (OK,),
    **changes: object,
) -> Trial:
    """Clients that are always busy with a server that keeps so many CPUs busy; ``changes`` replace fields of it."""
    assert isinstance(plan.loop, ClosedLoop)
    lasted = plan.seconds if seconds is None else seconds
    middle = plan.loop.clients / rate
    made = _trial(plan, samples(rate, lasted, [middle * 0.9, middle, middle * 1.1], codes), lasted, workers, cpus)
    of = settings(workers=workers, threads=threads, worker_class="gthread" if threads > 1 else "sync")
    return replace(replace(made, settings=of), **changes)  # type: ignore[arg-type]


def open_trial(
    rate: float = 400,
    *,
    plan: TrialPlan = OPEN,
    seconds: float | None = None,
    times: Sequence[float] = (0.02, 0.03, 0.05),
    lateness_p99: float | None = 0.0002,
    **changes: object,
) -> Trial:
    """Requests at a rate that the server holds."""
    lasted = plan.seconds if seconds is None else seconds
    made = _trial(plan, samples(rate, lasted, times), lasted, 2, 1.4)
    report = replace(made.generator, lateness_p99_seconds=lateness_p99)
    return replace(replace(made, settings=settings(workers=2), generator=report), **changes)  # type: ignore[arg-type]


def overloaded_trial(*, rate: float = 400, capacity: float = 300) -> Trial:
    """Requests that come faster than they are answered: each waits longer than the one before."""
    trial = open_trial(rate)
    number = len(trial.samples)
    waits = [0.02 + index / capacity - index / rate for index in range(number)]
    trial.samples.service_seconds[:] = array("f", waits)
    answered = sum(when <= trial.seconds for when in trial.samples.finished_seconds())
    return replace(trial, answered=answered, windows=even_windows(answered, trial.seconds))


def _trial(plan: TrialPlan, of: Samples, seconds: float, workers: int, cpus: float) -> Trial:
    answered = sum(of.answered())
    return Trial(
        name="test",
        plan=plan,
        settings=None,
        start_seconds=1.2,
        began="2026-01-01T00:00:00.000+00:00",
        warm_up_seconds=plan.warm_up_seconds,
        steady=True,
        lengthened=False,
        seconds=seconds,
        samples=of,
        windows=even_windows(answered, seconds),
        answered=answered,
        answered_while_sampled=answered,
        use=tree_use(cpus * seconds, workers=workers, duration_seconds=seconds),
        requests_per_worker={2 + number: answered // workers for number in range(workers)},
        exited_workers=0,
        throttling=Fact(value=CgroupThrottling("/", 50, 0, 0.0), source="cgroup"),
        generator=GeneratorReport(cpu_seconds=0.03 * seconds, cpu_share=0.03, lateness_p99_seconds=None, cpus=()),
        other_cpus=Fact(value=0.02, source="/proc/stat"),
        interrupted=False,
        log="",
    )
