"""What the trials of one configuration show together: throughput, response times, errors, and what they cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.load.spec import OpenLoop
from advisor.measure.bench.facts_of_trials import mean_of, sum_of
from advisor.measure.bench.server_use import ServerUse, server_use
from advisor.measure.bench.trial import WINDOW_SECONDS, Trial
from advisor.measure.statistics.estimate import Estimate
from advisor.measure.statistics.histogram import Bucket, histogram
from advisor.measure.statistics.means import estimate_mean
from advisor.measure.statistics.percentiles import PERCENTS, Percentile, percentiles

_Key = TypeVar("_Key")

# An open loop is overloaded when this share of what came due was still waiting beyond what waited at the beginning,
OVERLOAD_SHARE = 0.05
# and when arrivals and answers that both vary by chance (by the square root of their number) hardly ever differ by as
# much. Simulated with three runs of 5 s, random arrivals and service times: at 90 to 98 % of the capacity of 1 to 8
# servers below 1 % are called overloaded; at 110 % and 500 requests/s, 99 %; at 120 % and 50 requests/s, 79 %.
OVERLOAD_DEVIATIONS = 2.5
# A series for the eye has one value a second.
_WINDOWS_A_SECOND = round(1 / WINDOW_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Response or service times of all requests together; failed ones count as the timeout.

    ``mean_seconds`` and ``max_seconds`` are None without a sample.
    """

    percentiles: tuple[Percentile, ...]
    mean_seconds: float | None
    max_seconds: float | None

    def at(self, percent: float) -> float | None:
        """The percentile in seconds; None where the samples do not suffice for it."""
        return next((each.latency_seconds for each in self.percentiles if each.percent == percent), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All trials together.

    ``offered_per_second`` is the rate at which requests came due, ``achieved_per_second`` that of answers below status
    400. ``backlog_per_second`` is how much faster requests came due than they ended, in an open loop; None else.
    ``series`` has the answers in each second of each trial, ``requests_per_worker`` the requests of each worker of
    each trial, most first; None where they are not known. Lateness is the largest p99 of any trial.
    """

    trials: int
    seconds: float
    samples: int
    throughput: Estimate | None
    per_trial: tuple[float, ...]
    offered_per_second: float
    achieved_per_second: float
    backlog_per_second: float | None
    overloaded: bool
    response: Times
    service: Times
    histogram: tuple[Bucket, ...]
    kinds: Mapping[Kind, int]
    statuses: Mapping[int, int]
    series: tuple[tuple[int, ...], ...]
    use: ServerUse | None
    requests_per_worker: tuple[tuple[int, ...] | None, ...]
    exited_workers: int
    throttled_seconds: Fact[float]
    throttled_share: Fact[float]
    generator_cpu_seconds: float
    generator_cpu_share: float
    generator_cpus: float
    """How many CPUs the generators kept busy, all together."""
    lateness_p99_seconds: float | None
    other_cpus: Fact[float]

    @property
    def errors(self) -> dict[Kind, int]:
        """How many requests failed how, the most frequent first."""
        return {kind: count for kind, count in self.kinds.items() if kind is not Kind.ANSWERED}

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.errors.values())

    @property
    def error_share(self) -> float | None:
        """The share of the requests that failed; None without a request."""
        return self.failed / self.samples if self.samples else None


def summarise(trials: Sequence[Trial], *, percents: Iterable[float] = ()) -> Summary:
    """The trials of one configuration under one load together; ``percents`` are shown beside the usual percentiles.

    Raises ValueError when there is no trial.
    """
    wanted = sorted({*PERCENTS, *percents})
    if not trials:
        raise ValueError("no trial, no summary")
    seconds = math.fsum(trial.seconds for trial in trials)
    samples = sum(len(trial.samples) for trial in trials)
    answered = sum(trial.answered for trial in trials)
    backlog = _backlog(trials)
    response = _gathered(trial.samples.response_times(timeout_seconds=trial.plan.timeout_seconds) for trial in trials)
    service = _gathered(trial.samples.service_times(timeout_seconds=trial.plan.timeout_seconds) for trial in trials)
    windows = [[count / WINDOW_SECONDS for count in trial.windows] for trial in trials]
    return Summary(
        trials=len(trials),
        seconds=seconds,
        samples=samples,
        throughput=estimate_mean(windows) if any(windows) else None,
        per_trial=tuple(trial.throughput_per_second for trial in trials),
        offered_per_second=samples / seconds if seconds > 0 else 0.0,
        achieved_per_second=answered / seconds if seconds > 0 else 0.0,
        backlog_per_second=None if backlog is None or seconds <= 0 else backlog / seconds,
        overloaded=backlog is not None and backlog > _backlog_limit(samples),
        response=_times(response, wanted),
        service=_times(service, wanted),
        histogram=histogram(sorted(response)),
        kinds=_added(trial.samples.kinds() for trial in trials),
        statuses=_added(trial.samples.statuses() for trial in trials),
        series=tuple(per_second(trial.windows) for trial in trials),
        use=server_use(trials),
        requests_per_worker=tuple(_per_worker(trial) for trial in trials),
        exited_workers=sum(trial.exited_workers for trial in trials),
        throttled_seconds=sum_of([trial.throttling.map(lambda each: each.throttled_seconds) for trial in trials]),
        throttled_share=mean_of([trial.throttling.map(lambda each: each.throttled_share) for trial in trials]),
        generator_cpu_seconds=math.fsum(trial.generator.cpu_seconds for trial in trials),
        generator_cpu_share=max(trial.generator.cpu_share for trial in trials),
        generator_cpus=math.fsum(trial.generator.cpu_seconds for trial in trials) / seconds if seconds > 0 else 0.0,
        lateness_p99_seconds=max(
            (late for late in (trial.generator.lateness_p99_seconds for trial in trials) if late is not None),
            default=None,
        ),
        other_cpus=mean_of([trial.other_cpus for trial in trials]),
    )


def per_second(windows: Sequence[int]) -> tuple[int, ...]:
    """The answers in each whole second."""
    whole = len(windows) - len(windows) % _WINDOWS_A_SECOND
    return tuple(sum(windows[start : start + _WINDOWS_A_SECOND]) for start in range(0, whole, _WINDOWS_A_SECOND))


def _backlog(trials: Sequence[Trial]) -> float | None:
    """How many more requests came due than ended, in the measured time of all trials; None for a closed loop."""
    if not isinstance(trials[0].plan.loop, OpenLoop):
        return None
    more = 0
    for trial in trials:
        ended = zip(trial.samples.finished_seconds(), trial.samples.answered(), strict=True)
        failed = sum(not answered and when <= trial.seconds for when, answered in ended)
        more += len(trial.samples) - trial.answered - failed
    return more


def _backlog_limit(requests: int) -> float:
    return max(OVERLOAD_SHARE * requests, OVERLOAD_DEVIATIONS * math.sqrt(2 * requests))


def _gathered(columns: Iterable[Iterable[float]]) -> list[float]:
    return [seconds for column in columns for seconds in column]


def _times(seconds: Sequence[float], percents: Sequence[float]) -> Times:
    return Times(
        percentiles=percentiles(seconds, percents),
        mean_seconds=math.fsum(seconds) / len(seconds) if seconds else None,
        max_seconds=max(seconds, default=None),
    )


def _per_worker(trial: Trial) -> tuple[int, ...] | None:
    if trial.requests_per_worker is None:
        return None
    served = sorted(trial.requests_per_worker.values(), reverse=True)
    workers = len(served) if trial.settings is None else trial.settings.workers
    return (*served, *[0] * (workers - len(served)))  # one that served none may not be named


def _added(counts: Iterable[Mapping[_Key, int]]) -> dict[_Key, int]:
    total: Counter[_Key] = Counter()
    for each in counts:
        total.update(each)
    return dict(total.most_common())
