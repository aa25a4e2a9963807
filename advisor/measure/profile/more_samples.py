"""Takes more service times where those of one client are too few for how much they vary.

Several sync workers get as many clients, so that each serves one request at a time as before, and the CPUs stay idle
for half of the time. What a worker waited for a CPU all the same is taken off.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from advisor.load.run import run_load
from advisor.load.spec import ClosedLoop, LoadSpec
from advisor.measure.profile.load_run import Budget
from advisor.measure.profile.mix import quantiles, queued_part, variation
from advisor.measure.profile.result import EndpointProfile
from advisor.measure.profile.run_queue import queued_between, read_queued
from advisor.measure.server import RunningServer

# The standard error of the mean that is aimed for, as a share of it: a throughput that is predicted from it is off by
# as much.
CLOSE_ENOUGH = 0.03
# Of the CPUs; with more, requests would meet each other there.
_BUSY_SHARE = 0.5
# Each loads the app.
MOST_WORKERS = 8
# So that five workers of a tenth of two CPUs each are not four.
_SLACK = 1e-9
# At most, of a profile of the usual length.
_SECONDS = 4.0


def workers_for_more(endpoints: Sequence[EndpointProfile], cpus: float) -> int:
    """How many workers are to serve at the same time; 0 where the times are known well enough, or there is no room."""
    if all(_error(endpoint) <= CLOSE_ENOUGH for endpoint in endpoints):
        return 0
    computing = max(_computing_share(endpoint) for endpoint in endpoints)
    workers = min(MOST_WORKERS, int(_BUSY_SHARE * cpus / computing + _SLACK)) if computing > 0 else MOST_WORKERS
    return workers if workers > 1 else 0


def take_more(
    server: RunningServer, endpoints: Sequence[EndpointProfile], budget: Budget, *, timeout_seconds: float
) -> tuple[EndpointProfile, ...]:
    """The endpoints with more samples, those that vary most for longest. Raises KeyboardInterrupt at Ctrl-C."""
    clients = len(server.worker_pids)
    wanted = [_more_seconds(endpoint, clients) for endpoint in endpoints]
    allowed = min(sum(wanted), budget.part(_SECONDS))
    return tuple(
        _with_more(server, endpoint, budget, clients, allowed * seconds / sum(wanted), timeout_seconds)
        if seconds > 0
        else endpoint
        for endpoint, seconds in zip(endpoints, wanted, strict=True)
    )


def _with_more(
    server: RunningServer,
    endpoint: EndpointProfile,
    budget: Budget,
    clients: int,
    seconds: float,
    timeout_seconds: float,
) -> EndpointProfile:
    before = [read_queued(worker) for worker in server.worker_pids]
    began = time.monotonic()
    result = run_load(
        LoadSpec(
            url=server.url,
            loop=ClosedLoop(clients=clients),
            seconds=seconds,
            requests=(endpoint.request,),
            timeout_seconds=timeout_seconds,
            most_requests=budget.most_requests,
        )
    )
    budget.spent_seconds += time.monotonic() - began
    if result.interrupted:
        raise KeyboardInterrupt
    after = [read_queued(worker) for worker in server.worker_pids]
    whole = [sample for sample in result.samples if sample.status]
    if not whole or len(before) != len(after):
        return endpoint
    parts = [queued_between(first, last) for first, last in zip(before, after, strict=True)]
    known = [part for part in parts if part is not None]
    queued = math.fsum(known) / len(whole) if len(known) == len(parts) else None
    seen = [sample.service_seconds for sample in whole]
    failed = Counter(sample.kind for sample in result.samples if not sample.status)
    return replace(
        together(endpoint, seen, queued_seconds=queued),
        statuses=dict((Counter(endpoint.statuses) + Counter(sample.status for sample in whole)).most_common()),
        failures=dict(Counter(endpoint.failures) + failed),
    )


def together(endpoint: EndpointProfile, seen: Sequence[float], *, queued_seconds: float | None) -> EndpointProfile:
    """The endpoint with further service times, ``seen`` by clients, of which so much was waiting for a CPU."""
    mean = statistics.fmean(seen)
    queued = 0.0 if queued_seconds is None else queued_part(queued_seconds, mean, endpoint.cpu_seconds)
    share = 1 - queued / mean if mean > 0 else 1.0
    times = [seconds * share for seconds in seen]
    old, new = endpoint.samples, len(times)
    service = (old * endpoint.service_seconds + new * mean * share) / (old + new)
    squares = (
        old * endpoint.service_seconds**2 * (1 + endpoint.variation**2)
        + new * (mean * share) ** 2 * (1 + variation(times) ** 2)
    ) / (old + new)
    count = len(endpoint.quantiles_seconds)
    return replace(
        endpoint,
        samples=old + new,
        service_seconds=service,
        queued_seconds=None
        if endpoint.queued_seconds is None or queued_seconds is None
        else (old * endpoint.queued_seconds + new * queued) / (old + new),
        variation=math.sqrt(max(squares - service**2, 0.0)) / service if service > 0 else 0.0,
        quantiles_seconds=quantiles([*endpoint.quantiles_seconds, *times], [*[old / count] * count, *[1.0] * new]),
    )


def _error(endpoint: EndpointProfile) -> float:
    """The standard error of the mean, as a share of it."""
    return endpoint.variation / math.sqrt(endpoint.samples)


def _computing_share(endpoint: EndpointProfile) -> float:
    return endpoint.cpu_seconds / endpoint.seen_seconds if endpoint.seen_seconds > 0 else 1.0


def _more_seconds(endpoint: EndpointProfile, clients: int) -> float:
    """How long so many clients take for as many samples as are missing; 0 where none is."""
    missing = (endpoint.variation / CLOSE_ENOUGH) ** 2 - endpoint.samples
    return max(missing, 0.0) * endpoint.seen_seconds / clients
