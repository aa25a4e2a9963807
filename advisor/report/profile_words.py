"""Says in words what profiling an app gave; pure."""

from __future__ import annotations

import math

from advisor.measure.profile.result import AppProfile, EndpointProfile, ThreadsProfile
from advisor.units import show_bytes, show_number
from advisor.workload.profile import kind_of

# Requests whose costs are this far apart are of different kinds: a rule for one of them is wrong for the other.
DIFFERS_BY = 3.0
# Below it several threads gain less than the run-to-run spread of a short measurement.
_GAINS_FROM = 1.1
# An exponential service time has 1; half of it is more than scheduling and caches make.
_VARIES_FROM = 0.5
# Times are measured to a few per cent: more digits would only look exact.
_SIGNIFICANT = 3


def sentences(profile: AppProfile) -> list[str]:
    """What the app is, in words; the first one is the verdict."""
    request, memory = profile.cost.request, profile.cost.memory
    verdict = (
        f"{profile.app} spends {time_text(request.cpu_seconds)} computing and {time_text(request.wait_seconds)} "
        f"waiting per request: {kind_text(request.wait_ratio)}, wait ratio {ratio_text(request.wait_ratio)}; a worker "
        f"weighs {show_bytes(memory.worker_bytes)} of its own."
    )
    said = [verdict]
    if profile.threads.value is not None:
        said.append(_threads_sentence(profile.threads.value))
    if request.variation >= _VARIES_FROM:
        said.append(
            f"Service times vary much: their standard deviation is {show_number(round(request.variation, 2))} times "
            "their mean."
        )
    differing = _differing(profile)
    if differing:
        said.append(differing)
    return said


def time_text(seconds: float) -> str:
    """A measured time with three digits at most: ``0.212 ms``, ``12.4 ms``, ``1.25 s``."""
    value, unit = (seconds * 1000, "ms") if seconds < 1 else (seconds, "s")
    if value <= 0:
        return "0 ms"
    digits = min(max(_SIGNIFICANT - 1 - math.floor(math.log10(value)), 0), _SIGNIFICANT)
    text = f"{value:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text} {unit}"


def ratio_text(ratio: float) -> str:
    """A wait ratio: ``0.05``, ``4.0``, ``24``."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"


def request_text(endpoint: EndpointProfile) -> str:
    """How a request is called: its path, with its method where that is not GET."""
    method = endpoint.request.method
    return endpoint.request.path if method == "GET" else f"{method} {endpoint.request.path}"


def kind_text(wait_ratio: float) -> str:
    """The kind of workload, as it is written in a sentence."""
    return {"io-bound": "I/O-bound", "cpu-bound": "CPU-bound", "mixed": "mixed"}[kind_of(wait_ratio).value]


def _threads_sentence(threads: ThreadsProfile) -> str:
    many = f"{threads.threads} threads in one worker"
    if threads.gain < _GAINS_FROM:
        why = "" if threads.releases_gil else ", since they take turns at the GIL"
        return f"Threads do not help: {many} serve {times_text(threads.gain)} as many requests as one{why}."
    why = "while one waits, another computes"
    if threads.releases_gil:
        why = f"the process used {threads.cpus_used:.2f} CPUs, so it computes without the GIL in part"
    return f"Threads help: {many} serve {times_text(threads.gain)} as many requests as one; {why}."


def times_text(gain: float) -> str:
    """A gain: ``0.93 times``, ``3.9 times``."""
    return f"{gain:.2f} times" if gain < 2 else f"{gain:.1f} times"


def _differing(profile: AppProfile) -> str:
    """The dearest and the cheapest kind of request, where they are far apart."""
    endpoints = [endpoint for endpoint in profile.endpoints if endpoint.samples and endpoint.service_seconds > 0]
    if len(endpoints) < 2:
        return ""
    for name, cost in (("takes", _service), ("computes", _cpu)):
        dear, cheap = max(endpoints, key=cost), min(endpoints, key=cost)
        if cost(cheap) > 0 and cost(dear) >= DIFFERS_BY * cost(cheap):
            return (
                f"The requests differ much: {request_text(dear)} {name} {time_text(cost(dear))} "
                f"({kind_text(dear.wait_ratio)}), {request_text(cheap)} {time_text(cost(cheap))} "
                f"({kind_text(cheap.wait_ratio)}). The figures are of their mix, by weight."
            )
    return ""


def _service(endpoint: EndpointProfile) -> float:
    return endpoint.service_seconds


def _cpu(endpoint: EndpointProfile) -> float:
    return endpoint.cpu_seconds
