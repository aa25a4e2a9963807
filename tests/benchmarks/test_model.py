"""How far the model's predictions are from what real servers then do.

Run by hand, on a quiet machine: ``.venv/bin/python -m pytest tests/benchmarks/test_model.py -m benchmark -s``. Each
sample workload is profiled as ``gcadvise profile`` does it, in at most 20 s with one worker; every configuration's
throughput is predicted from that and from what the load generator takes of the CPUs, written down, and then measured:
64 clients with new connections in a closed loop, then an open loop at 70 % of the throughput that was measured, whose
p99 is predicted before it begins. Prints the table of errors in Markdown, the targets beside it, as docs/model.md has
it. All takes about half an hour; ``MODEL_WORKLOADS=mixed,cpu`` measures some of the workloads, ``MODEL_SHAPES=4`` the
first four of the configurations, and ``MODEL_RESULTS=FILE`` keeps each prediction with its measurement, one JSON object
a line, as they come.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from advisor.host.detect import detect
from advisor.load.spec import ClosedLoop, LoadRequest, OpenLoop
from advisor.measure.bench.execute import execute
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.measure.profile.profile import profile_app
from advisor.measure.server_spec import ServerSpec, own_environment
from advisor.model.predict import predict, predict_grid
from advisor.model.prediction import Demand, Prediction
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.workload.cost import AppCost
from tests.advisor.model.costs import make_app

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(7200)]

WORKLOADS = {
    "mixed": "/mixed?ms=3&seconds=0.012",
    "exponential": "/mixed?ms=2&seconds=0.02&spread=exponential",
    "bimodal": "/mixed?ms=2&seconds=0.02&spread=bimodal",
    "cpu": "/cpu?ms=5",
    "empty": "/",
    "large": "/large?kib=512",
    "wait": "/io?seconds=0.2",
}
SHAPES = (
    sync(2),
    limited(1, 8),
    limited(2, 8),
    Shape(worker_class=WorkerClass.GTHREAD, workers=5, threads=4),
    sync(5),
    limited(5, 16),
    limited(2, 4),
    sync(8),
    limited(1, 32),
    limited(2, 16),
    limited(3, 8),
    limited(8, 4),
    Shape(worker_class=WorkerClass.GTHREAD, workers=2, threads=16),
)
CLIENTS = 64
# The middle one of the model's own figures: enough of its threads are at work for the generator to be as busy as later.
CALIBRATED_WITH = limited(1, 4)
CALIBRATION_SECONDS = 2.0
WARM_UP_SECONDS = 1.0
SECONDS = 3.0
RATE_SHARE = 0.7
# A p99 of 1,000 requests stands on ten of them; slow shapes get as many as fit into the time.
OPEN_REQUESTS = 1200
OPEN_MOST_SECONDS = 10.0
OPEN_FEWEST_REQUESTS = 300
MEDIAN_TARGET = 0.08
P90_TARGET = 0.20
P99_MEDIAN_TARGET = 0.20
GRID_THREADS = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64)
GRID_ROUNDS = 11
GRID_TARGET_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One configuration: what was predicted, and what was measured afterwards; ``p99`` in seconds."""

    workload: str
    shape: str
    throughput_predicted: float
    throughput_low: float
    throughput_high: float
    throughput_measured: float
    p99_predicted: float | None
    p99_measured: float | None
    memory_predicted: int
    memory_measured: int | None

    @property
    def throughput_error(self) -> float:
        return self.throughput_predicted / self.throughput_measured - 1

    @property
    def p99_error(self) -> float | None:
        """None where nothing was measured; 100 % where the model said that the rate cannot be reached."""
        if self.p99_measured is None:
            return None
        return 1.0 if self.p99_predicted is None else self.p99_predicted / self.p99_measured - 1

    @property
    def memory_error(self) -> float | None:
        return None if self.memory_measured is None else self.memory_predicted / self.memory_measured - 1


def test_predictions_beside_what_was_measured():
    rows: list[Row] = []
    for name in _chosen_workloads():
        app, demand = _calibrate(name)
        predictions = [(shape, predict(app, shape, demand)) for shape in _chosen_shapes()]
        for shape, prediction in predictions:
            rows.append(_measured(name, app, demand, shape, prediction))
            _keep(rows[-1])
            print(_line(rows[-1]), flush=True)
    print(_table(rows))
    assert len(rows) == len(_chosen_workloads()) * len(_chosen_shapes())


def test_a_full_grid_is_predicted_at_once():
    shapes = [sync(workers) for workers in range(1, 17)]
    shapes += [limited(workers, threads) for workers in range(1, 17) for threads in GRID_THREADS]
    demand = Demand(cpus=2, clients=CLIENTS, rate_per_second=50, generator_cpu_seconds=0.0001)
    times = []
    for _ in range(GRID_ROUNDS):
        began = time.process_time()
        predictions = predict_grid(make_app(cpu_ms=3, wait_ms=12, exponential=True), shapes, demand)
        times.append(time.process_time() - began)
    median = statistics.median(times)
    print(
        f"\n{len(predictions)} configurations in {median * 1000:.0f} ms of CPU time; "
        f"target {GRID_TARGET_SECONDS * 1000:.0f} ms"
    )
    assert median <= GRID_TARGET_SECONDS


def _calibrate(workload: str) -> tuple[AppCost, Demand]:
    spec = ServerSpec(environment=own_environment())
    profile = profile_app(spec, (LoadRequest(path=WORKLOADS[workload]),), wsgi=True, progress=lambda _: None)
    trial = _trial(workload, CALIBRATED_WITH, ClosedLoop(clients=CLIENTS), CALIBRATION_SECONDS)
    cpus = detect().cpus.value
    assert cpus is not None, "this machine does not tell how many CPUs it has"
    demand = Demand(
        cpus=cpus - len(trial.generator.cpus),
        clients=CLIENTS,
        generator_cpu_seconds=0.0 if trial.generator.cpus else trial.generator.cpu_seconds / trial.answered,
    )
    return profile.cost, demand


def _measured(workload: str, app: AppCost, demand: Demand, shape: Shape, prediction: Prediction) -> Row:
    closed = _trial(workload, shape, ClosedLoop(clients=CLIENTS), SECONDS)
    rate = RATE_SHARE * closed.throughput_per_second
    seconds = min(max(SECONDS, OPEN_REQUESTS / rate), OPEN_MOST_SECONDS)
    p99_predicted, p99_measured = None, None
    if rate * seconds >= OPEN_FEWEST_REQUESTS:
        at_rate = predict(app, shape, replace(demand, rate_per_second=rate))
        p99_predicted = None if at_rate.latency is None else at_rate.latency.p99_seconds
        opened = _trial(workload, shape, OpenLoop(rate_per_second=rate), seconds)
        times = sorted(opened.samples.response_times(timeout_seconds=opened.plan.timeout_seconds))
        p99_measured = times[int(0.99 * (len(times) - 1))]
    return Row(
        workload=workload,
        shape=shape.shown,
        throughput_predicted=prediction.throughput.per_second,
        throughput_low=prediction.throughput.low,
        throughput_high=prediction.throughput.high,
        throughput_measured=closed.throughput_per_second,
        p99_predicted=p99_predicted,
        p99_measured=p99_measured,
        memory_predicted=prediction.memory_bytes,
        memory_measured=None if closed.use is None else closed.use.peak_pss_bytes.value,
    )


def _trial(workload: str, shape: Shape, loop: ClosedLoop | OpenLoop, seconds: float) -> Trial:
    server = ServerSpec(arguments=shape.arguments(), environment=own_environment())
    plan = TrialPlan(
        requests=(LoadRequest(path=WORKLOADS[workload]),),
        loop=loop,
        seconds=seconds,
        warm_up_seconds=WARM_UP_SECONDS,
        lengthen=False,
    )
    return execute(Candidate(name=shape.shown, server=server), plan)


# Read while this module is imported: tests run without the machine's variables.
_WORKLOADS = os.environ.get("MODEL_WORKLOADS", "")
_SHAPES = int(os.environ.get("MODEL_SHAPES", str(len(SHAPES))))
_RESULTS = os.environ.get("MODEL_RESULTS")


def _chosen_workloads() -> tuple[str, ...]:
    return tuple(_WORKLOADS.split(",")) if _WORKLOADS else tuple(WORKLOADS)


def _chosen_shapes() -> tuple[Shape, ...]:
    return SHAPES[:_SHAPES]


def _keep(row: Row) -> None:
    if _RESULTS:
        fields = {name: getattr(row, name) for name in Row.__slots__}
        with Path(_RESULTS).open("a") as file:
            file.write(json.dumps(fields) + "\n")


def _line(row: Row) -> str:
    p99 = "p99 not measured"
    if row.p99_measured is not None:
        predicted = "not reached" if row.p99_predicted is None else f"{row.p99_predicted * 1000:.1f} ms"
        p99 = f"p99 {predicted} predicted, {row.p99_measured * 1000:.1f} ms measured"
    return (
        f"{row.workload:12} {row.shape:32} {row.throughput_predicted:8.1f}/s predicted, "
        f"{row.throughput_measured:8.1f}/s measured ({row.throughput_error:+.1%}); {p99}"
    )


def _table(rows: Sequence[Row]) -> str:
    columns = (
        "workload",
        "configurations",
        "throughput: median error",
        "90th percentile",
        "bias",
        "in the band",
        "p99 at 70 %: median error",
        "memory: median error",
    )
    header = ["| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
    names = dict.fromkeys(row.workload for row in rows)
    lines = [_table_line(name, [row for row in rows if row.workload == name]) for name in names]
    target = f"| target | | {MEDIAN_TARGET:.0%} | {P90_TARGET:.0%} | | | {P99_MEDIAN_TARGET:.0%} | |"
    return "\n".join(["", *header, *lines, _table_line("all", rows), target])


def _table_line(name: str, rows: Sequence[Row]) -> str:
    errors = [row.throughput_error for row in rows]
    sizes = sorted(abs(error) for error in errors)
    inside = sum(row.throughput_low <= row.throughput_measured <= row.throughput_high for row in rows)
    cells = [
        name,
        str(len(rows)),
        f"{statistics.median(sizes):.1%}",
        f"{sizes[round(0.9 * (len(sizes) - 1))]:.1%}",
        f"{statistics.fmean(errors):+.1%}",
        f"{inside / len(rows):.0%}",
        _median_size([row.p99_error for row in rows]),
        _median_size([row.memory_error for row in rows]),
    ]
    return "| " + " | ".join(cells) + " |"


def _median_size(errors: Sequence[float | None]) -> str:
    known = [abs(error) for error in errors if error is not None]
    return f"{statistics.median(known):.1%}" if known else "not measured"
