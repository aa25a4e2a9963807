"""Says how evenly connections are spread over the workers, and how much of a shape idles because they are not."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.model.prediction import Demand
from advisor.model.queueing import closed_utilisation
from advisor.model.request_parts import keeps_connections
from advisor.model.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What share of a worker's slots, and of the workers, is in use when all clients have something to ask."""

    slots_busy: float
    workers_busy: float


# Clients that keep their connections all come at once, and the first worker to wake takes many. Between the worst case,
# all clients at one worker, and the best one the share of slots in use was (worst case) ^ (this ÷ threads): half of
# 3 × 4 and 5 × 4 slots, nine tenths of 2 × 16, nearly all of 3 × 32 (measured, a handler that waits 0.2 s, 64 clients,
# 2 virtual CPUs). It is a lottery: the next start of the same server gives another figure.
STICKY_THREADS = 2.0

EVEN = Balance(slots_busy=1.0, workers_busy=1.0)


def balance(shape: Shape, demand: Demand) -> Balance:
    """The balance of a closed loop.

    Workers that take only what they serve share one queue, the listen backlog, and are all busy. A gthread worker
    with more ``worker_connections`` than threads takes a connection although its threads are busy and another
    worker's are not (``ThreadWorker.run`` in Gunicorn 27.0.1, workers/gthread.py): new connections then move among
    the workers as in a closed network of queues. Kept-alive clients stay where they once were.
    """
    if shape.workers == 1 or shape.takes_only_what_it_serves:
        return EVEN
    each = demand.clients / shape.workers
    workers_busy = closed_utilisation(each, 1)
    if not keeps_connections(shape, demand):
        return Balance(slots_busy=closed_utilisation(each, shape.threads), workers_busy=workers_busy)
    most_served = min(shape.slots, demand.clients)
    all_on_one = min(shape.threads, demand.clients) / most_served
    return Balance(slots_busy=all_on_one ** min(1.0, STICKY_THREADS / shape.threads), workers_busy=workers_busy)
