"""Reads what was measured of an app from a file of the format ``gcadvise.profile/1``, whoever wrote it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from advisor.facts import Fact, Origin
from advisor.workload.cost import AppCost
from advisor.workload.profile_cost import cost_of
from advisor.workload.profile_file import ProfileFile, unusable
from advisor.workload.workload import Kind

# Below it four fifths of a request or more are computing: a second request on the same CPU gains a quarter at most,
# less than threads that take turns at the interpreter's lock cost under load.
CPU_BOUND_BELOW = 0.25
# Above it a CPU computes for less than a tenth of a request: what it does between waits no longer bounds the slots.
IO_BOUND_ABOVE = 10.0
# Means of several requests, rounded: the figures need not agree to the last digit, but must speak of the same app.
_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One kind of request that was measured, with its share beside the weights of the others."""

    method: str
    path: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One app as it was measured."""

    app: str
    """``module:variable`` of what was measured."""
    response_time_seconds: Fact[float]
    wait_ratio: Fact[float]
    worker_memory_bytes: Fact[int]
    is_asgi: bool = False
    """Whether it is an ASGI app: threads have no effect on it, and one worker holds many requests."""
    cost: AppCost | None = None
    """All that a prediction needs. None where the file has the figures above alone, and for an ASGI app, of whose
    workers the model knows nothing."""
    endpoints: tuple[Endpoint, ...] = ()
    """What was requested; empty where the file does not say."""
    threads_fail: str | None = None
    """How requests failed once a worker had several threads; None where that was not seen."""


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
        raise unusable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise unusable(path, "it is not UTF-8") from error
    return parse_profile(text, path)


def parse_profile(text: str, path: Path) -> Profile:
    """The same of a text; ``path`` is where it is from. Keys that are not known are let pass."""
    file = ProfileFile(text, path)
    app = file.get("app")
    if not isinstance(app, str) or not app:
        raise file.bad('"app" is missing or no text: module:variable of what was measured')
    wall = file.number("request", "wall_ms", least=0.0)
    cpu = file.number("request", "cpu_ms", least=0.0)
    ratio = file.number("request", "wait_ratio")
    memory = file.number("worker", "memory_bytes", least=0.0)
    computed = max(0.0, wall / cpu - 1)  # computing in several threads takes more CPU time than time
    if not math.isclose(1 + ratio, 1 + computed, rel_tol=_TOLERANCE):
        raise file.bad(
            f"request.wait_ratio is {ratio:g}, but wall_ms {wall:g} and cpu_ms {cpu:g} make it {computed:.3g}"
        )
    is_asgi = file.get("interface") == "asgi"
    source = f"measured, {path.name}"
    return Profile(
        app=app,
        response_time_seconds=Fact(value=wall / 1000, source=source, origin=Origin.FILE),
        wait_ratio=Fact(value=ratio, source=source, origin=Origin.FILE),
        worker_memory_bytes=Fact(value=math.ceil(memory), source=source, origin=Origin.FILE),
        is_asgi=is_asgi,
        cost=None if is_asgi else cost_of(file),
        endpoints=_endpoints(file),
        threads_fail=_text_or_none(file, "threads_fail"),
    )


def _text_or_none(file: ProfileFile, name: str) -> str | None:
    found = file.get(name)
    if found is not None and not isinstance(found, str):
        raise file.bad(f'"{name}" is no text')
    return found


def _endpoints(file: ProfileFile) -> tuple[Endpoint, ...]:
    found = file.get("endpoints")
    if found is None:
        return ()
    match found:
        case list() if all(map(_is_endpoint, found)):
            return tuple(Endpoint(method=one["method"], path=one["path"], weight=float(one["weight"])) for one in found)
        case _:
            raise file.bad('"endpoints" is no list of requests, each with "method", "path" and a "weight" above 0')


def _is_endpoint(found: object) -> bool:
    match found:
        case {"method": str(), "path": str(), "weight": bool()}:
            return False
        case {"method": str(), "path": str(), "weight": int() | float() as weight}:
            return 0 < weight < math.inf
        case _:
            return False
