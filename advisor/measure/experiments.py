"""The four experiments that show how workers and threads share requests, with what is expected of each."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

from advisor.measure.check import check_concurrency
from advisor.measure.concurrency import FIRST_RELEASE_WITH_CURE, ConcurrencyResult
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One configuration, how many requests it gets, and how many it should serve at once.

    ``must_hold`` is False where Gunicorn is known not to keep the promise reliably.
    """

    name: str
    arguments: tuple[str, ...]
    requests: int
    slots: int
    must_hold: bool = True
    first_release: Release | None = None

    @property
    def expected_waves(self) -> tuple[int, ...]:
        """Full waves, and what is left in the last."""
        full, rest = divmod(self.requests, self.slots)
        return (self.slots,) * full + ((rest,) if rest else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """An experiment and what it showed; ``expected_seconds`` is the time in all if every wave takes one wait."""

    experiment: Experiment
    expected_seconds: float
    result: ConcurrencyResult

    @property
    def held(self) -> bool:
        """Whether it went as expected."""
        return self.result.kept is True and self.result.waves == self.experiment.expected_waves


_THREE_BY_THREE = ("--workers", "3", "--threads", "3")
EXPERIMENTS = (
    Experiment(name="default: 1 sync worker", arguments=(), requests=5, slots=1),
    Experiment(name="1 worker × 3 threads", arguments=("--threads", "3"), requests=5, slots=3),
    Experiment(name="3 sync workers", arguments=("--workers", "3"), requests=5, slots=3),
    Experiment(name="3 workers × 3 threads", arguments=_THREE_BY_THREE, requests=20, slots=9, must_hold=False),
    Experiment(
        name="the same, cured",
        arguments=(*_THREE_BY_THREE, "--worker-connections", "3", "--keep-alive", "0"),
        requests=20,
        slots=9,
        first_release=FIRST_RELEASE_WITH_CURE,
    ),
)


def run_experiments(
    *, python: str = sys.executable, wait_seconds: float, timeout_seconds: float, progress: Callable[[str], None]
) -> tuple[ExperimentResult, ...]:
    """Run the experiments on the sample app, one after the other, each with requests that wait for ``wait_seconds``.

    One that needs a newer Gunicorn than the first one showed is left out. Raises what ``check_concurrency`` raises.
    """
    results: list[ExperimentResult] = []
    for experiment in EXPERIMENTS:
        if experiment.first_release is not None and _release(results) < experiment.first_release:
            continue
        result = check_concurrency(
            ServerSpec(python=python, arguments=experiment.arguments),
            path=f"/io?seconds={wait_seconds:g}",
            requests=experiment.requests,
            timeout_seconds=timeout_seconds,
            name=experiment.name,
            progress=progress,
        )
        waves = math.ceil(experiment.requests / experiment.slots)
        results.append(ExperimentResult(experiment=experiment, expected_seconds=waves * wait_seconds, result=result))
    return tuple(results)


def _release(results: list[ExperimentResult]) -> Release:
    settings = results[0].result.settings
    assert settings is not None
    return Release.parse(settings.gunicorn)
