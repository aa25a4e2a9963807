"""Reads what was measured of an app from a file of the format ``gcadvise.profile/1``, whoever wrote it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.facts import Fact, Origin
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput

SCHEMA = "gcadvise.profile/1"
# Below it four fifths of a request or more are computing: a second request on the same CPU gains a quarter at most,
# less than threads that take turns at the interpreter's lock cost under load.
CPU_BOUND_BELOW = 0.25
# Above it a CPU computes for less than a tenth of a request: what it does between waits no longer bounds the slots.
IO_BOUND_ABOVE = 10.0
# Means of several requests, rounded: the figures need not agree to the last digit, but must speak of the same app.
_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One app as it was measured."""

    app: str
    """``module:variable`` of what was measured."""
    response_time_seconds: Fact[float]
    wait_ratio: Fact[float]
    worker_memory_bytes: Fact[int]


def kind_of(wait_ratio: float) -> Kind:
    """The kind of workload that a measured wait ratio tells."""
    if wait_ratio < CPU_BOUND_BELOW:
        return Kind.CPU_BOUND
    return Kind.IO_BOUND if wait_ratio > IO_BOUND_ABOVE else Kind.MIXED


def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises BadInput when it cannot be read, or when something is missing or contradictory."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise _bad(path, "it is not UTF-8") from error
    return parse_profile(text, path)


def parse_profile(text: str, path: Path) -> Profile:
    """The same of a text; ``path`` is where it is from. Keys that are not known are let pass."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"it is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise _bad(path, f'its "schema" is {json.dumps(found)}, not "{SCHEMA}"')
    app = document.get("app")
    if not isinstance(app, str) or not app:
        raise _bad(path, '"app" is missing or no text: module:variable of what was measured')
    wall = _number(document, "request", "wall_ms", path, least=0.0)
    cpu = _number(document, "request", "cpu_ms", path, least=0.0)
    ratio = _number(document, "request", "wait_ratio", path)
    memory = _number(document, "worker", "memory_bytes", path, least=0.0)
    computed = max(0.0, wall / cpu - 1)  # computing in several threads takes more CPU time than time
    if not math.isclose(1 + ratio, 1 + computed, rel_tol=_TOLERANCE):
        raise _bad(
            path,
            f"request.wait_ratio is {ratio:g}, but wall_ms {wall:g} and cpu_ms {cpu:g} make it {computed:.3g}",
        )
    source = f"measured, {path.name}"
    return Profile(
        app=app,
        response_time_seconds=Fact(value=wall / 1000, source=source, origin=Origin.FILE),
        wait_ratio=Fact(value=ratio, source=source, origin=Origin.FILE),
        worker_memory_bytes=Fact(value=math.ceil(memory), source=source, origin=Origin.FILE),
    )


def _number(document: Mapping[str, object], group: str, name: str, path: Path, *, least: float | None = None) -> float:
    """A finite number, 0 or more; above ``least`` where that is given."""
    table = document.get(group)
    found = table.get(name) if isinstance(table, dict) else None
    where = f'"{name}" in "{group}"'
    if found is None:
        raise _bad(path, f"{where} is missing")
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise _bad(path, f"{where} is no number")
    try:
        value = float(found)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value) or value < 0 or (least is not None and value <= least):
        raise _bad(path, f"{where} is {value:g}, which makes no sense")
    return value


def _bad(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path} is no profile that can be used",
        why=why,
        hint="the format is in docs/recommend.md, under A measured app",
    )
