"""Cuts the warm-up off a run of load, and keeps of it what was measured."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.load.result import LoadResult
from advisor.load.samples import MICROSECONDS, Samples
from advisor.measure.bench.trial import WINDOW_SECONDS
from advisor.measure.statistics import steady_state
from advisor.measure.statistics.steady_state import find_steady_state
from advisor.measure.statistics.windows import counts_per_window

# What dividing by the length of a window may lack of a whole number.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPart:
    """The part of a run that counts, in seconds from the beginning of the run: a whole number of windows."""

    begin_seconds: float
    windows: tuple[int, ...]
    """The answers in each window of it."""
    steady: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.windows) * WINDOW_SECONDS

    @property
    def end_seconds(self) -> float:
        """When it ends."""
        return self.begin_seconds + self.seconds


def answer_moments(result: LoadResult) -> list[float]:
    """When each answer below status 400 had come, in seconds from the beginning of the run."""
    samples = result.samples
    return [when for when, answered in zip(samples.finished_seconds(), samples.answered(), strict=True) if answered]


def measured_part(
    moments_seconds: Sequence[float], *, run_seconds: float, warm_up_seconds: float
) -> MeasuredPart | None:
    """What counts of a run with answers at these moments; None when not one window is left of it.

    At least the warm-up that was asked for is cut; more where the answers per 100 ms change for longer (MSER-5).
    Where no steady state is found, no more is cut, since no cut is better than another then.
    """
    counts = counts_per_window(
        moments_seconds, window_seconds=steady_state.WINDOW_SECONDS, duration_seconds=run_seconds
    )
    found = find_steady_state(counts)
    begin = warm_up_seconds
    if found.found:
        begin = max(begin, found.warm_up_windows * steady_state.WINDOW_SECONDS)
    number = int((run_seconds - begin) / WINDOW_SECONDS + _ROUNDING)
    if number < 1:
        return None
    windows = counts_per_window(
        (moment - begin for moment in moments_seconds),
        window_seconds=WINDOW_SECONDS,
        duration_seconds=number * WINDOW_SECONDS,
    )
    return MeasuredPart(begin_seconds=begin, windows=tuple(windows), steady=found.found)


def samples_within(samples: Samples, *, begin_seconds: float, end_seconds: float) -> Samples:
    """The requests that were due from one moment to another, with due times from the first moment on."""
    begin, end = round(begin_seconds * MICROSECONDS), round(end_seconds * MICROSECONDS)
    kept = [number for number, due in enumerate(samples.due_microseconds) if begin <= due < end]
    due, lateness, service, outcomes = (
        samples.due_microseconds,
        samples.lateness_seconds,
        samples.service_seconds,
        samples.outcomes,
    )
    return Samples(
        due_microseconds=array("I", (due[number] - begin for number in kept)),
        lateness_seconds=array("f", (lateness[number] for number in kept)),
        service_seconds=array("f", (service[number] for number in kept)),
        outcomes=array("I", (outcomes[number] for number in kept)),
    )
