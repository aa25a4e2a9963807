"""What tune, and what advice without measuring, leave of the best throughput that an exhaustive grid finds.

Run by hand, on a quiet machine: ``.venv/bin/python -m pytest tests/benchmarks/test_tune.py -m benchmark -s``; half an
hour on 2 CPUs. For each workload of the sample app: its profile; ``tune`` with its default budget; every
configuration of a grid once; then, on fresh starts in turns, the grid's best few (the best of many single runs looks
better than it is), the configuration that tune chose, what ``recommend APP`` and ``recommend`` without measuring give,
the (2 × cores) + 1 rule, and (2 × cores) + 1 workers × 16 threads. Each is shown as a share of the best of the fresh
runs, with its memory, and its p99 at 70 % of its own throughput. Of every run of the grid, and of every p99, the
model's prediction is written down before; how far off these were is the last table.

``TUNE_WORKLOADS=mixed,cpu`` measures some workloads, ``TUNE_RESULTS=FILE`` says where the raw rows go, one JSON object
a line, as they come (else into the directory for temporary files); ``python -m tests.benchmarks.test_tune FILE`` makes
the table of such a file again.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.app_input import AppInput
from advisor.cli.tune_input import make_question
from advisor.facts import Fact
from advisor.host.detect import detect
from advisor.host.host import Host
from advisor.load.spec import ClosedLoop, LoadRequest, OpenLoop
from advisor.measure.bench.demand import demand_of
from advisor.measure.bench.execute import execute
from advisor.measure.bench.pinning import own_cpus, plan_pinning
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.measure.profile.profile import profile_app
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec, own_environment
from advisor.measure.statistics.percentiles import percentiles
from advisor.measure.tune.ledger import Ledger
from advisor.measure.tune.option import Option
from advisor.measure.tune.plan import option_of
from advisor.measure.tune.runs import Phase
from advisor.measure.tune.space import Limits
from advisor.measure.tune.tune import tune
from advisor.model.predict import predict
from advisor.model.prediction import Prediction
from advisor.model.shape import Shape, limited, sync
from advisor.sizing.by_model.choose import choose
from advisor.sizing.by_model.load import assumed_new_connections, load_for
from advisor.sizing.constraints import Constraints
from advisor.sizing.demand import rule_workers
from advisor.sizing.memory import budget
from advisor.sizing.recommend import recommend
from advisor.units import MIB
from advisor.workload.assume import assume
from advisor.workload.cost import AppCost
from advisor.workload.profile import kind_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(7200)]

WORKLOADS = {
    "mixed": "/mixed?ms=3&seconds=0.012",
    "exponential": "/mixed?ms=2&seconds=0.02&spread=exponential",
    "bimodal": "/mixed?ms=2&seconds=0.02&spread=bimodal",
    "cpu": "/cpu?ms=5",
    "empty": "/",
    "wait": "/io?seconds=0.2",
}
GRID: tuple[Shape, ...] = (
    *(sync(workers) for workers in (1, 2, 3, 5, 8, 12, 16)),
    *(limited(workers, threads) for workers in (1, 2, 3, 5, 8) for threads in (2, 4, 8, 16, 32)),
)
CLIENTS = 64
BUDGET_SECONDS = 60.0
PROFILE_SECONDS = 20.0
GRID_PLAN = TrialPlan(loop=ClosedLoop(clients=CLIENTS), seconds=2.0, warm_up_seconds=0.5, lengthen=False)
FRESH_PLAN = replace(GRID_PLAN, seconds=3.0, warm_up_seconds=0.7)
# The grid's best few, measured again; more of them would rarely hold a better one.
GRID_FINALISTS = 3
FRESH_ROUNDS = 2
LOAD = 0.7
# Besides what is advised, these are measured at 70 % of their throughput, for the model's p99.
SPREAD = (sync(5), sync(8), limited(1, 8), limited(2, 8), limited(2, 16), limited(5, 4))
LATENCY_SECONDS, FEWEST_SAMPLES, MOST_LATENCY_SECONDS = 4.0, 1000, 10.0
TUNE, APP, UNMEASURED, RULE, FIXED, BEST = (
    "tune", "recommend APP", "recommend, unmeasured", "(2n + 1) sync", "(2n + 1) × 16 limited", "best of the grid"
)  # fmt: skip
ROLES = (TUNE, APP, UNMEASURED, RULE, FIXED, BEST)

Row = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """One workload on this host; every row goes to ``keep``."""

    workload: str
    path: str
    host: Host
    keep: Callable[[Row], None]

    @property
    def server(self) -> ServerSpec:
        return ServerSpec(app=SAMPLE_APP, environment=own_environment())

    @property
    def cpus(self) -> float:
        assert self.host.cpus.value is not None
        return self.host.cpus.value

    def predicted(self, shape: Shape, cost: AppCost, rate: float | None = None) -> Prediction:
        demand = demand_of(
            cost.request,
            cpus=self.cpus,
            clients=CLIENTS,
            kept_alive=False,
            pinning=plan_pinning(own_cpus(), 1),
            rate_per_second=rate,
        )
        return predict(cost, shape, demand)

    def run(self, option: Option, plan: TrialPlan) -> Trial:
        candidate = Candidate(name=option.name, server=replace(self.server, arguments=option.arguments()))
        return execute(candidate, replace(plan, requests=(LoadRequest(path=self.path),)))

    def row(self, kind: str, **values: Any) -> None:
        self.keep({"kind": kind, "workload": self.workload, **values})


@pytest.mark.parametrize("workload", WORKLOADS)
def test_tune_against_the_grid(workload: str) -> None:
    if workload not in os.environ.get("TUNE_WORKLOADS", ",".join(WORKLOADS)).split(","):
        pytest.skip("not among TUNE_WORKLOADS")
    bench = Bench(workload=workload, path=WORKLOADS[workload], host=detect(), keep=_keep)
    began = time.monotonic()
    cost = _profile(bench)
    chosen = {
        TUNE: _tuned(bench, cost),
        APP: _recommended(bench, cost),
        UNMEASURED: _unmeasured(bench, cost),
        RULE: Option(shape=sync(rule_workers(bench.cpus))),
        FIXED: Option(shape=limited(rule_workers(bench.cpus), 16)),
    }
    for role, option in chosen.items():
        bench.row("choice", role=role, name=option.name)
    best = _grid(bench, cost)
    _fresh(bench, {option.name: option for option in [*chosen.values(), *best]})
    spread = [Option(shape=shape) for shape in SPREAD]
    _latencies(bench, {option.name: option for option in [*chosen.values(), *spread]}, cost)
    bench.row("time", seconds=time.monotonic() - began)
    rows = _rows(_file())
    print(f"\n{table(rows)}\n\n{errors_table(rows)}\n\n{_file()} has the raw rows")
    shares = _shares(rows, workload)
    assert shares[TUNE] > 0.5, "not even half of the best: something is broken"


def _profile(bench: Bench) -> AppCost:
    found = profile_app(
        bench.server, (LoadRequest(path=bench.path),), wsgi=True, seconds=PROFILE_SECONDS, progress=lambda _: None
    )
    return found.cost


def _tuned(bench: Bench, cost: AppCost) -> Option:
    app = AppInput(
        target=SAMPLE_APP,
        server=bench.server,
        is_asgi=False,
        is_sample=True,
        framework="flask",
        requests=(LoadRequest(path=bench.path),),
        words=(),
    )
    memory = budget(bench.host, Constraints()).value
    limits = Limits(
        cpus=bench.cpus,
        clients=CLIENTS,
        memory_bytes=memory,
        db_connections=None,
        max_workers=None,
        max_threads=Constraints().max_threads,
    )
    question = make_question(
        app,
        bench.host,
        cost,
        limits,
        present=None,
        limit=None,
        loops=(),
        timeout_seconds=GRID_PLAN.timeout_seconds,
        budget_seconds=BUDGET_SECONDS,
    )
    ledger = Ledger(execute, budget_seconds=BUDGET_SECONDS, memory_bytes=memory)
    result = tune(question, ledger, announce=lambda _: None)
    assert result.decision is not None
    searched = sum(run.phase is Phase.SEARCH for run in result.runs)
    bench.row("tune", search_runs=searched, runs=len(result.runs), space=len(result.forecasts))
    winner = result.decision.winner.option
    if winner is not None:
        return winner
    settings = next(run.settings for run in result.runs if run.settings is not None)
    return option_of(settings)


def _recommended(bench: Bench, cost: AppCost) -> Option:
    clients = Fact(value=CLIENTS, source="the clients of this benchmark")
    workload = assume(kind_of(cost.request.wait_ratio), concurrency=clients)
    load = load_for(cost, bench.cpus, workload, assumed_new_connections())
    return Option(shape=choose(cost, bench.host, Constraints(), load).chosen.shape)


def _unmeasured(bench: Bench, cost: AppCost) -> Option:
    """What is recommended to one who knows what kind of app it is, and nothing else."""
    plan = recommend(bench.host, assume(kind_of(cost.request.wait_ratio)), Constraints())
    return Option(shape=sync(plan.workers) if plan.threads == 1 else limited(plan.workers, plan.threads))


def _grid(bench: Bench, cost: AppCost) -> list[Option]:
    """The best few of one run each."""
    found = []
    for shape in GRID:
        option = Option(shape=shape)
        beforehand = bench.predicted(shape, cost)
        trial = bench.run(option, GRID_PLAN)
        found.append((trial.throughput_per_second, option))
        bench.row(
            "grid",
            name=option.name,
            rps=trial.throughput_per_second,
            predicted_rps=beforehand.throughput.per_second,
            predicted_low=beforehand.throughput.low,
            predicted_high=beforehand.throughput.high,
            pss_bytes=None if trial.use is None else trial.use.peak_pss_bytes.value,
            predicted_bytes=beforehand.memory_bytes,
        )
    found.sort(key=lambda one: -one[0])
    for _, option in found[:GRID_FINALISTS]:
        bench.row("choice", role=BEST, name=option.name)
    return [option for _, option in found[:GRID_FINALISTS]]


def _fresh(bench: Bench, options: Mapping[str, Option]) -> None:
    """All in turns; each round begins with another."""
    ordered = list(options.values())
    for number in range(FRESH_ROUNDS):
        shift = number * len(ordered) // FRESH_ROUNDS
        for option in [*ordered[shift:], *ordered[:shift]]:
            trial = bench.run(option, FRESH_PLAN)
            pss = None if trial.use is None else trial.use.peak_pss_bytes.value
            bench.row("fresh", name=option.name, round=number, rps=trial.throughput_per_second, pss_bytes=pss)


def _latencies(bench: Bench, options: Mapping[str, Option], cost: AppCost) -> None:
    rows = [row for row in _rows(_file()) if row["workload"] == bench.workload]
    for name, option in options.items():
        rate = LOAD * _throughput(rows, bench.workload, name)
        beforehand = None if option.shape is None else bench.predicted(option.shape, cost, rate).latency
        seconds = min(max(LATENCY_SECONDS, 1.1 * FEWEST_SAMPLES / rate), MOST_LATENCY_SECONDS)
        trial = bench.run(option, replace(FRESH_PLAN, loop=OpenLoop(rate_per_second=rate), seconds=seconds))
        times = trial.samples.response_times(timeout_seconds=trial.plan.timeout_seconds)
        (p99,) = percentiles(times, (99.0,))
        bench.row(
            "latency",
            name=name,
            rate=rate,
            p99_seconds=p99.latency_seconds,
            samples=len(times),
            predicted_p99_seconds=None if beforehand is None else beforehand.p99_seconds,
        )


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown: a table a workload, then the geometric means."""
    rows = list(rows)
    lines = []
    done = [name for name in WORKLOADS if any(row["kind"] == "time" and row["workload"] == name for row in rows)]
    means: dict[str, list[float]] = {role: [] for role in ROLES}
    for workload in done:
        mine = [row for row in rows if row["workload"] == workload]
        effort = next(row for row in mine if row["kind"] == "tune")
        runs = f"{effort['search_runs']} runs of the search and {effort['runs'] - effort['search_runs']} to confirm"
        lines += [
            f"**{workload}**: {runs}, of {effort['space']} configurations; the grid took {len(GRID)} runs",
            "",
            "| advice | configuration | share of the best | requests/s | memory | p99 at 70 % of its throughput |",
            "|---|---|---:|---:|---:|---:|",
        ]
        shares = _shares(rows, workload)
        for role in ROLES:
            name = _name(mine, role)
            means[role].append(shares[role])
            lines.append(
                f"| {role} | {name} | {shares[role] * 100:.1f} % | {_throughput(mine, workload, name):,.0f} | "
                f"{_memory(mine, name)} | {_p99(mine, name)} |"
            )
        lines.append("")
    if done:
        lines += ["| advice | geometric mean | least |", "|---|---:|---:|"]
        for role, found in means.items():
            lines.append(f"| {role} | {statistics.geometric_mean(found) * 100:.1f} % | {min(found) * 100:.1f} % |")
    return "\n".join(lines)


def errors_table(rows: Iterable[Row]) -> str:
    """How far the model's predictions were from the runs of the grid, and from the p99s, as Markdown."""
    rows = list(rows)
    columns = ("workload", "configurations", "throughput: median error", "90th percentile", "in the band")
    columns += ("memory: median error", "p99 at 70 %: median error", "of")
    lines = [f"| {' | '.join(columns)} |", "|---" + "|---:" * (len(columns) - 1) + "|"]
    done = [name for name in WORKLOADS if any(row["kind"] == "time" and row["workload"] == name for row in rows)]
    for title, names in [*((name, {name}) for name in done), ("**all**", set(done))]:
        grid = [row for row in rows if row["kind"] == "grid" and row["workload"] in names]
        errors = sorted(abs(row["predicted_rps"] / row["rps"] - 1) for row in grid)
        inside = sum(row["predicted_low"] <= row["rps"] <= row["predicted_high"] for row in grid)
        memory = [abs(row["predicted_bytes"] / row["pss_bytes"] - 1) for row in grid if row["pss_bytes"]]
        waits = [row for row in rows if row["kind"] == "latency" and row["workload"] in names and row["p99_seconds"]]
        late = [abs((row["predicted_p99_seconds"] or 0.0) / row["p99_seconds"] - 1) for row in waits]
        lines.append(
            f"| {title} | {len(grid)} | {statistics.median(errors):.1%} | {errors[round(0.9 * (len(errors) - 1))]:.1%} "
            f"| {inside / len(grid):.0%} | {statistics.median(memory):.1%} | {statistics.median(late):.1%} "
            f"| {len(late)} |"
        )
    return "\n".join(lines)


def _shares(rows: Iterable[Row], workload: str) -> dict[str, float]:
    """Of each advice, its throughput on fresh runs as a share of the grid's best on fresh runs."""
    mine = [row for row in rows if row["workload"] == workload]
    best = _throughput(mine, workload, _name(mine, BEST))
    return {role: _throughput(mine, workload, _name(mine, role)) / best for role in ROLES}


def _name(rows: list[Row], role: str) -> str:
    """The configuration of a role; of the grid's best few, the best on fresh runs."""
    names = [row["name"] for row in rows if row["kind"] == "choice" and row["role"] == role]
    return max(names, key=lambda name: _throughput(rows, rows[0]["workload"], name))


def _throughput(rows: Iterable[Row], workload: str, name: str) -> float:
    values = [
        row["rps"] for row in rows if row["kind"] == "fresh" and row["workload"] == workload and row["name"] == name
    ] or [row["rps"] for row in rows if row["kind"] == "grid" and row["workload"] == workload and row["name"] == name]
    return statistics.geometric_mean(values)


def _memory(rows: Iterable[Row], name: str) -> str:
    known = [row["pss_bytes"] for row in rows if row["kind"] == "fresh" and row["name"] == name and row["pss_bytes"]]
    return f"{max(known) / MIB:.0f} MiB" if known else "unknown"


def _p99(rows: Iterable[Row], name: str) -> str:
    found = [row["p99_seconds"] for row in rows if row["kind"] == "latency" and row["name"] == name]
    return "not measured" if not found else "too few" if found[0] is None else f"{found[0] * 1000:.0f} ms"


def _file() -> Path:
    named = os.environ.get("TUNE_RESULTS")
    return Path(named) if named else Path(tempfile.gettempdir()) / f"tune-benchmark-{os.getpid()}.jsonl"


def _keep(row: Row) -> None:
    with _file().open("a") as file:
        file.write(json.dumps(row) + "\n")


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    print(table(_rows(Path(sys.argv[1]))))
    print("\n" + errors_table(_rows(Path(sys.argv[1]))))
