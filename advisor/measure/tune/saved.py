"""Reads the file in which a tuning keeps its runs, so that an interrupted one can go on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from advisor.measure.server_events import ServerSettings
from advisor.measure.tune.runs import Failure, FailureKind, Latencies, Phase, Run
from advisor.workload.cost import QUANTILES, AppCost, MemoryCost, RequestCost
from gunicorn_conf.errors import BadInput

SCHEMA = "gcadvise.tune/1"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """An earlier tuning: what it was of, what the app costs, and its runs."""

    identity: Mapping[str, object]
    cost: AppCost
    runs: tuple[Run, ...]
    budget_seconds: float
    threads_fail: str | None = None
    """How the app was seen to fail with threads; None where it was not."""


def read_saved(path: Path) -> Saved:
    """The tuning in a file. Raises BadInput when it cannot be read or is none."""
    try:
        document = json.loads(path.read_bytes().decode())
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "it is not JSON") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _bad(path, f'its "schema" is not "{SCHEMA}"')
    try:
        return Saved(
            identity=_Table(document).table("identity").values,
            cost=_cost(_Table(document).table("cost")),
            runs=tuple(_run(run) for run in _Table(document).tables("runs")),
            budget_seconds=_Table(document).table("budget").number("seconds"),
            threads_fail=None if document.get("threads_fail") is None else _Table(document).text("threads_fail"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(path, f"something in it is missing or of another kind: {error}") from error


def check_same(saved: Saved, identity: Mapping[str, object], path: Path) -> None:
    """Raise BadInput when the runs of the file are not of this app, host and options."""
    # The other side went through JSON, where a tuple is a list.
    mine = json.loads(json.dumps(dict(identity)))
    for name in sorted({*mine, *saved.identity}):
        here, there = mine.get(name), saved.identity.get(name)
        if here != there:
            raise BadInput(
                f"{path} cannot be resumed",
                why=f"its {name.replace('_', ' ')} was {_shown(there)}, and is {_shown(here)} now",
                hint="give the same app and options on the same machine, or begin anew without --resume",
            )


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)


class _Table:
    """A JSON object whose values are asked for by their type; anything else is a TypeError or a KeyError."""

    def __init__(self, values: object) -> None:
        if not isinstance(values, dict):
            raise TypeError(f"{values!r:.40} is no object")
        self.values: dict[str, object] = values

    def table(self, name: str) -> _Table:
        return _Table(self.values[name])

    def tables(self, name: str) -> list[_Table]:
        found = self.values[name]
        if not isinstance(found, list):
            raise TypeError(f"{name} is no list")
        return [_Table(item) for item in found]

    def numbers(self, name: str) -> tuple[float, ...]:
        found = self.values[name]
        if not isinstance(found, list):
            raise TypeError(f"{name} is no list")
        return tuple(_finite(name, item) for item in found)

    def text(self, name: str) -> str:
        return self._of(name, str)

    def number(self, name: str) -> float:
        return _finite(name, self.values[name])

    def whole(self, name: str) -> int:
        return self._of(name, int)

    def number_or_none(self, name: str) -> float | None:
        return None if self.values[name] is None else self.number(name)

    def whole_or_none(self, name: str) -> int | None:
        return None if self.values[name] is None else self.whole(name)

    def table_or_none(self, name: str) -> _Table | None:
        return None if self.values[name] is None else self.table(name)

    def _of(self, name: str, kind: type[T]) -> T:
        found = self.values[name]
        if not isinstance(found, kind) or isinstance(found, bool):
            raise TypeError(f"{name} is {found!r:.40}")
        return found


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{name} is {value!r:.40}")
    return float(value)


def _cost(table: _Table) -> AppCost:
    request, memory = table.table("request"), table.table("memory")
    quantiles = request.numbers("quantiles_seconds")
    if len(quantiles) != QUANTILES or min(*quantiles, request.number("cpu_seconds")) <= 0:
        raise ValueError("what a request costs is no cost")
    return AppCost(
        request=RequestCost(
            service_seconds=request.number("service_seconds"),
            cpu_seconds=request.number("cpu_seconds"),
            gil_seconds=request.number("gil_seconds"),
            handover_seconds=request.number("handover_seconds"),
            kept_alive_saves_seconds=request.number("kept_alive_saves_seconds"),
            variation=request.number("variation"),
            quantiles_seconds=quantiles,
            response_bytes=request.whole("response_bytes"),
        ),
        memory=MemoryCost(
            arbiter_bytes=memory.whole("arbiter_bytes"),
            worker_bytes=memory.whole("worker_bytes"),
            thread_bytes=memory.whole("thread_bytes"),
            growth_bytes_per_1000_requests=memory.whole("growth_bytes_per_1000_requests"),
        ),
    )


def _run(table: _Table) -> Run:
    latency, settings, failure = (table.table_or_none(name) for name in ("latency_ms", "settings", "failure"))
    cpu_ms = table.number_or_none("cpu_ms_per_request")
    return Run(
        phase=Phase(table.text("phase")),
        name=table.text("name"),
        number=table.whole("number"),
        predicted_per_second=table.number_or_none("predicted_rps"),
        rate_per_second=table.number_or_none("offered_rps"),
        throughput_per_second=table.number("throughput_rps"),
        latencies=None if latency is None else _latencies(latency),
        late_share=table.number_or_none("late_share"),
        error_share=table.number("error_share"),
        memory_bytes=table.whole_or_none("pss_bytes"),
        cpu_seconds_per_request=None if cpu_ms is None else cpu_ms / 1000,
        settings=None if settings is None else _settings(settings),
        failure=None if failure is None else Failure(FailureKind(failure.text("kind")), failure.text("text")),
        began=table.text("began"),
        elapsed_seconds=table.number("elapsed_seconds"),
    )


def _latencies(table: _Table) -> Latencies:
    p50, p95, p99 = (table.number_or_none(name) for name in ("p50", "p95", "p99"))
    return Latencies(
        p50_seconds=None if p50 is None else p50 / 1000,
        p95_seconds=None if p95 is None else p95 / 1000,
        p99_seconds=None if p99 is None else p99 / 1000,
        samples=table.whole("samples"),
    )


def _settings(table: _Table) -> ServerSettings:
    config = table.values["config_file"]
    return ServerSettings(
        gunicorn=table.text("gunicorn"),
        python=table.text("python"),
        app=table.text("app"),
        config_file=config if isinstance(config, str) else None,
        workers=table.whole("workers"),
        threads=table.whole("threads"),
        worker_class=table.text("worker_class"),
        worker_connections=table.whole("worker_connections"),
        keepalive=table.whole("keepalive"),
        timeout=table.whole("timeout"),
    )


def _bad(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path} is no tuning that can be resumed", why=why, hint="name a file that gcadvise tune --save has written"
    )
