"""Predicts response times at an arrival rate: the measured service times plus waits for slots, GIL and cores."""

from __future__ import annotations

from advisor.model.prediction import Demand, Latency
from advisor.model.queueing import Wait, one_after_another, percentile_99, waiting_probability
from advisor.model.request_parts import RequestParts
from advisor.model.shape import Shape, WorkerClass
from advisor.model.throughput import CostAtRate, cost_at
from advisor.workload.cost import RequestCost

# A thread that wants the GIL asks for it after 5 ms (sys.getswitchinterval). Handlers that compute for less have it
# until they are done, first come first served; longer ones share it in turns.
GIL_TURN_SECONDS = 0.005
# So long the kernel lets a process compute while others want its core (Linux: base_slice_ns, about 3 ms).
CORE_TURN_SECONDS = 0.003

# Mean wait of those who wait, as a share of that with exponential service: one half for equal service times first
# come first served (Pollaczek and Khinchine). In turns (processor sharing) it is all of it.
IN_ORDER = 0.5

# With gthread's default worker_connections the busiest of W workers takes (1 + this × (W − 1) ÷ W) ÷ W of the
# connections: 4 × 2 threads at 70 % load had a p99 that needs 0.30 of them on one worker instead of 0.25.
UNEVEN_SHARE = 0.3

# Queues of a finite shape do not grow without end at the rate that it just reaches.
_MOST_UTILISATION = 0.995


def latency_at(
    request: RequestCost, parts: RequestParts, shape: Shape, demand: Demand, *, rate: float, reached: float
) -> Latency | None:
    """Response times at ``rate`` of a shape that reaches ``reached``; None when that is less.

    Requests come at random times (Poisson). What they wait for slots and for CPU is taken as independent of each
    other and of the service time.
    """
    if rate >= reached:
        return None
    most = min(rate / reached, _MOST_UTILISATION)
    cost = cost_at(parts, shape, demand, rate=rate)
    cores = _for_cores(cost, parts, shape, demand, rate=rate, most=most)
    gil = _for_gil(cost, cores, shape, rate=rate, most=most)
    slots = _for_slot(request, parts, (cores, gil), shape, rate=rate, most=most)
    wait = one_after_another((cores, gil, slots))
    # It is not in the service time, which was measured at a sync worker.
    extra = parts.handover_seconds
    services = tuple(seconds + extra for seconds in request.quantiles_seconds)
    return Latency(
        mean_seconds=request.service_seconds + extra + wait.mean_seconds,
        p99_seconds=percentile_99(services, wait),
        utilisation=rate / reached,
    )


def _for_cores(
    cost: CostAtRate, parts: RequestParts, shape: Shape, demand: Demand, *, rate: float, most: float
) -> Wait:
    """More processes than cores: the kernel shares these in turns, among as many as there are workers at most."""
    cpus = max(demand.cpus, 1.0)
    surplus = shape.workers / cpus - 1
    if surplus <= 0:
        return Wait(probability=0.0, seconds=0.0)
    utilisation = min(rate * (cost.cpu_seconds + parts.generator_seconds) / demand.cpus, most)
    wait = _shared(cost.cpu_seconds, CORE_TURN_SECONDS, servers=cpus, utilisation=utilisation)
    return Wait(probability=wait.probability, seconds=min(wait.seconds, cost.cpu_seconds * surplus))


def _for_gil(cost: CostAtRate, cores: Wait, shape: Shape, *, rate: float, most: float) -> Wait:
    """Threads of one worker: each worker has a queue of its own, and the cores' other users slow its service."""
    if shape.threads == 1:
        return Wait(probability=0.0, seconds=0.0)
    held = cost.gil_seconds + cores.mean_seconds
    utilisation = min(rate * held / shape.workers, most)
    wait = _shared(held, GIL_TURN_SECONDS, servers=1, utilisation=utilisation)
    return Wait(probability=wait.probability, seconds=min(wait.seconds, held * (shape.threads - 1)))


def _shared(seconds: float, turn_seconds: float, *, servers: float, utilisation: float) -> Wait:
    """The wait of equal requests for ``servers`` that each has for a turn, and again until it is done.

    Within one turn that is first come first served. In many turns the mean wait doubles; but in few of them the
    longest waits stay as they were, as the last of those who came together is done no later.
    """
    waiting = waiting_probability(servers, utilisation)
    unhurried = seconds / (servers * (1 - utilisation))
    if seconds <= turn_seconds:
        return Wait(probability=waiting, seconds=IN_ORDER * unhurried)
    among_those_who_wait = IN_ORDER * unhurried * (2 - turn_seconds / seconds)
    return Wait(probability=min(1.0, waiting * unhurried / among_those_who_wait), seconds=among_those_who_wait)


def _for_slot(
    request: RequestCost, parts: RequestParts, inside: tuple[Wait, ...], shape: Shape, *, rate: float, most: float
) -> Wait:
    """One queue for all slots, or one for those of each worker where workers take more than they serve."""
    held = parts.service_seconds + parts.handover_seconds + sum(wait.mean_seconds for wait in inside)
    servers, arrivals = shape.slots, rate
    if shape.worker_class is WorkerClass.GTHREAD and not shape.takes_only_what_it_serves:
        servers = shape.threads
        arrivals = rate / shape.workers * (1 + UNEVEN_SHARE * (shape.workers - 1) / shape.workers)
    utilisation = min(arrivals * held / servers, _MOST_UTILISATION if arrivals != rate else most)
    # Allen and Cunneen: the wait grows with the variation of the service time; arrivals at random have one of 1.
    spread = (request.variation * parts.service_seconds) ** 2 + sum(wait.mean_seconds**2 for wait in inside)
    factor = (1 + spread / held**2) / 2
    return Wait(
        probability=waiting_probability(servers, utilisation),
        seconds=factor * held / (servers * (1 - utilisation)),
    )
