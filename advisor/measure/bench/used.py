"""What server, generators and others took over the measured part of a run, from the readings that lie within it."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.facts import Fact
from advisor.load.result import LoadResult
from advisor.load.samples import Samples
from advisor.load.spec import OpenLoop
from advisor.measure.bench.other_load import other_cpus
from advisor.measure.bench.readings import Reading
from advisor.measure.bench.trial import GeneratorReport, TrialPlan
from advisor.measure.bench.warm_up import MeasuredPart
from advisor.measure.processes import TreeUse, use_over
from advisor.measure.statistics.percentiles import at_percent
from advisor.measure.throttling import CgroupThrottling, throttled_between

_TOO_FEW = "the measured time was too short for two readings"
_LATENESS_PERCENT = 99.0


def tree_use(readings: Sequence[Reading]) -> TreeUse | None:
    """What arbiter and workers used; None without two readings, or for a server that gcadvise did not start."""
    trees = [reading.tree for reading in readings if reading.tree is not None]
    return use_over(trees) if len(trees) > 1 else None


def answered_between(moments_seconds: Sequence[float], readings: Sequence[Reading], *, begin_seconds: float) -> int:
    """How many answers came between the first and the last reading; their moments count from ``begin_seconds``."""
    if len(readings) < 2:
        return 0
    first, last = (reading.moment_seconds - begin_seconds for reading in (readings[0], readings[-1]))
    return sum(first <= moment < last for moment in moments_seconds)


def requests_between(readings: Sequence[Reading]) -> dict[int, int] | None:
    """How many requests each worker began between the first and the last reading, the busiest first.

    Workers that ended in between are in it when they served any.
    """
    if len(readings) < 2:
        return None
    before, after, tree = readings[0].requests, readings[-1].requests, readings[-1].tree
    if before is None or after is None or tree is None:
        return None
    living = {worker.pid for worker in tree.workers}
    counts = {pid: count - before.get(pid, 0) for pid, count in after.items()}
    kept = [(pid, count) for pid, count in counts.items() if count or pid in living]
    return dict(sorted(kept, key=lambda pair: (-pair[1], pair[0])))


def throttled(readings: Sequence[Reading]) -> Fact[CgroupThrottling]:
    """How much this process's cgroups were held back between the first and the last reading."""
    if len(readings) < 2:
        return Fact.unknown(_TOO_FEW)
    return throttled_between(readings[0].throttling, readings[-1].throttling)


def others(readings: Sequence[Reading], use: TreeUse | None) -> Fact[float]:
    """How many of our CPUs were taken by what belongs neither to the server nor to the measurement."""
    if len(readings) < 2:
        return Fact.unknown(_TOO_FEW)
    if use is None:
        return Fact.unknown("which processes are the server's is not known")
    first, last = readings[0], readings[-1]
    generators = sum(last.generators_seconds) - sum(first.generators_seconds)
    return other_cpus(
        first.busy_seconds,
        last.busy_seconds,
        known_seconds=use.cpu.total + generators + last.own_seconds - first.own_seconds,
        duration_seconds=last.moment_seconds - first.moment_seconds,
    )


def generator_report(
    plan: TrialPlan,
    result: LoadResult,
    part: MeasuredPart,
    samples: Samples,
    readings: Sequence[Reading],
    *,
    cpus: tuple[int, ...],
) -> GeneratorReport:
    """How the generators fared in the measured part; in the whole run where there are no two readings in it."""
    shares = [use.cpu_share for use in result.generators]
    if len(readings) > 1:
        first, last = readings[0], readings[-1]
        duration = last.moment_seconds - first.moment_seconds
        shares = [
            (after - before) / duration
            for before, after in zip(first.generators_seconds, last.generators_seconds, strict=True)
        ]
    # In a closed loop a request is due when it is sent, so that there is no lateness to be seen.
    lateness = samples.lateness_seconds if isinstance(plan.loop, OpenLoop) else []
    return GeneratorReport(
        cpu_seconds=sum(shares) * part.seconds,
        cpu_share=max(shares),
        lateness_p99_seconds=at_percent(sorted(lateness), _LATENESS_PERCENT) if lateness else None,
        cpus=cpus,
    )
