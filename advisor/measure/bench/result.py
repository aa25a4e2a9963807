"""A measured configuration with all that follows from it: figures, what bound them, doubts, thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.load.limits import MOST_FOREIGN_RATE_PER_SECOND
from advisor.load.spec import OpenLoop
from advisor.load.target import is_loopback
from advisor.measure.bench.bench import Bench
from advisor.measure.bench.binding import Binding, binding
from advisor.measure.bench.doubt import OF_THE_GENERATOR, Doubt, is_valid
from advisor.measure.bench.doubts import doubts
from advisor.measure.bench.summary import Summary, summarise
from advisor.measure.bench.trial import RunningTarget, TrialPlan
from advisor.measure.statistics.percentiles import needed_samples
from advisor.measure.statistics.thresholds import Judgement, Quantity, Threshold, judge
from advisor.units import count
from gunicorn_conf.errors import BadInput

# Random arrivals are fewer now and then, and the warm-up may take more than was planned.
_RESERVE = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """All that is shown of a bench. Before the first trial there is no summary, and nothing is valid or kept."""

    bench: Bench
    cpus: float | None
    """The CPU budget of this machine; None when it is not known."""
    summary: Summary | None
    binding: Binding | None
    doubts: tuple[Doubt, ...]
    judgements: tuple[Judgement, ...]

    @property
    def valid(self) -> bool:
        """Whether the figures may be believed."""
        return self.summary is not None and is_valid(self.doubts)

    @property
    def generator_valid(self) -> bool:
        """Whether the generator kept up with the load."""
        return self.summary is not None and is_valid(doubt for doubt in self.doubts if doubt.code in OF_THE_GENERATOR)

    @property
    def kept(self) -> bool:
        """Whether all thresholds are known to be kept."""
        return all(judgement.kept for judgement in self.judgements)


def check_thresholds(thresholds: Sequence[Threshold], plan: TrialPlan, *, restarts: int) -> None:
    """Raise BadInput for a percentile of more samples than a rate will give; what clients give, no one knows before."""
    if not isinstance(plan.loop, OpenLoop):
        return
    rate = plan.loop.rate_per_second
    coming = rate * restarts * plan.seconds
    for threshold in thresholds:
        needed = 0 if threshold.percent is None else needed_samples(threshold.percent)
        if coming >= needed:
            continue
        time = f"{restarts} × {plan.seconds:g} s at {rate:g} requests/s"
        enough_seconds = math.ceil(_RESERVE * needed / rate)
        raise BadInput(
            f"{threshold.text} could not be judged",
            why=f"{threshold.metric} needs {count(needed, 'sample')}, and {time} give {coming:,.0f}",
            hint=f"name a lower percentile, or measure for {enough_seconds:,} s in all (--seconds times --restarts)",
        )


def assess(bench: Bench, *, thresholds: Sequence[Threshold] = (), cpus: float | None) -> BenchResult:
    """What follows from the trials so far."""
    if not bench.trials:
        return BenchResult(
            bench=bench,
            cpus=cpus,
            summary=None,
            binding=None,
            doubts=(),
            judgements=tuple(judge(threshold, None) for threshold in thresholds),
        )
    percents = [threshold.percent for threshold in thresholds if threshold.percent is not None]
    summary = summarise(bench.trials, percents=percents)
    return BenchResult(
        bench=bench,
        cpus=cpus,
        summary=summary,
        binding=binding(bench.trials[0], summary, cpus=cpus),
        doubts=doubts(bench.trials, summary, cpus=cpus, most_per_second=_most_per_second(bench)),
        judgements=tuple(_judge(threshold, summary) for threshold in thresholds),
    )


def _most_per_second(bench: Bench) -> float | None:
    server = bench.candidate.server
    foreign = isinstance(server, RunningTarget) and not is_loopback(server.url)
    return MOST_FOREIGN_RATE_PER_SECOND if foreign else None


def _judge(threshold: Threshold, summary: Summary) -> Judgement:
    match threshold.quantity:
        case Quantity.ERRORS:
            return judge(threshold, summary.error_share)
        case Quantity.THROUGHPUT:
            return judge(threshold, None if summary.throughput is None else summary.throughput.mean)
        case Quantity.LATENCY:
            if summary.overloaded:
                unknown = judge(threshold, None, samples=summary.samples)
                return replace(unknown, why="the server is overloaded: response times grow with the length of the run")
            return judge(threshold, _latency(threshold, summary), samples=summary.samples)


def _latency(threshold: Threshold, summary: Summary) -> float | None:
    times = summary.response
    if threshold.percent is not None:
        return times.at(threshold.percent)
    return times.max_seconds if threshold.metric == "max" else times.mean_seconds
