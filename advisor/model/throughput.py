"""Predicts the throughput at saturation: ceilings, and how far below them queueing keeps a shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.model.balance import balance
from advisor.model.cores import slowdown
from advisor.model.prediction import Ceiling, Demand, Throughput
from advisor.model.queueing import falling_root, orderly_throughput, queueing_throughput
from advisor.model.request_parts import RequestParts
from advisor.model.shape import Shape

# Part of the hand-over from gthread's main thread is work of the kernel for sockets, done without the GIL: an empty
# handler on 1 × 4 threads uses 1.07 CPUs (measured, sample app).
HANDOVER_HOLDS_GIL = 0.9

# The hand-over of a fast handler, measured at one saturated worker, is mostly waking and spinning for the GIL. With
# other workers on the same cores it overlaps with their work: an empty handler took 0.28 ms of CPU on 2 × 4 threads,
# 0.41 ms on 1 × 4, and 0.19 ms on a sync worker (measured, sample app).
HANDOVER_OVERLAPS = 0.6
# With kept-alive connections the rest goes too, as nothing is accepted: 0.19 ms on 3 × 4 and 5 × 16 threads.
KEPT_HANDOVER_OVERLAPS = 1.0

# More workers than cores: each request costs a switch between processes, and each slice its caches. 5.5 ms of pure
# CPU became 5.65 ms, 0.185 ms became 0.21 ms with 5 to 16 workers on 2 cores (measured, sample app).
SWITCH_SECONDS = 0.00003
CROWDED_SHARE = 0.03

# Requests of equal length arrive in turn and hardly meet at the GIL; those that vary do. The share of queueing in the
# throughput is v ÷ (v + this) with v the variation of the service time: 0 for equal ones, half for exponential ones.
EVEN_VARIATION = 1.0

# With as many workers as cores each has one, and no other work is there when its threads pass the GIL on, or when the
# kernel or a load generator comes in between; requests of equal length leave no such gaps. With waits that vary, 2 × 16
# and 2 × 32 threads on 2 cores served 0.89 to 0.94 of what 3 × 16 did, with equal ones 0.85 to 1.04 (measured, sample
# app).
LONE_WORKER_LOSS = 0.09

# Of a load generator's time for a large answer the part in which other clients' answers keep it busy.
_GENERATOR_QUEUES = 0.6

# A calibration of a few seconds is off by so much, and so are ceilings and prediction with it.
CALIBRATION_ERROR = 0.08

# Each round takes the costs of the rate found before; the third changes the rate by less than a thousandth.
_MOST_ROUNDS = 8
_CLOSE_ENOUGH = 1e-4

# Of the least ceiling, where the search begins.
_FIRST_GUESS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAtRate:
    """What one request costs at some rate.

    ``cpu_seconds`` are with the hand-over, ``wait_seconds`` without any queue.
    """

    cpu_seconds: float
    gil_seconds: float
    wait_seconds: float
    generator_busy: float


def ceilings(parts: RequestParts, shape: Shape, demand: Demand) -> dict[Ceiling, float]:
    """What each resource allows at most, in requests per second."""
    service = parts.service_seconds + parts.handover_seconds * HANDOVER_HOLDS_GIL
    cpu = parts.cpu_seconds + parts.handover_seconds * _cpu_of_handover(parts, shape)
    gil = parts.cpu_seconds * parts.gil_share + parts.handover_seconds * HANDOVER_HOLDS_GIL
    asked = demand.clients / service
    if parts.generator_seconds > 0:
        asked = min(asked, 1 / parts.generator_seconds)
    return {
        Ceiling.CLIENTS: asked,
        Ceiling.SLOTS: shape.slots / service,
        Ceiling.GIL: shape.workers / gil if gil > 0 else math.inf,
        Ceiling.CORES: demand.cpus / (cpu + parts.generator_seconds) if cpu > 0 else math.inf,
    }


def saturate(parts: RequestParts, shape: Shape, demand: Demand, variation: float) -> Throughput:
    """The throughput of ``demand.clients`` that ask again as soon as they are answered.

    A fixed point: a rate makes cores and GIL so and so busy, and these allow a rate. Each process is a machine
    repairman: so many requests that wait, one GIL that serves them, slowed by the other processes.
    """
    bounds = ceilings(parts, shape, demand)
    least = min(bounds.values())
    balanced = balance(shape, demand)
    customers = min(shape.threads * balanced.slots_busy, demand.clients / shape.workers)
    even = EVEN_VARIATION / (variation + EVEN_VARIATION)
    usable = 1 - LONE_WORKER_LOSS * _lone(shape, demand) * min(variation, 1.0)
    rate = _FIRST_GUESS * least
    for _ in range(_MOST_ROUNDS):
        cost = cost_at(parts, shape, demand, rate=rate)
        settled = _settle(
            cost, shape, demand, customers=customers, workers_busy=balanced.workers_busy, even=even, usable=usable
        )
        change = abs(settled.rate / rate - 1)
        rate = min(settled.rate, least)
        if change < _CLOSE_ENOUGH:
            break
    return Throughput(
        per_second=rate,
        low=min(rate, settled.queueing) * (1 - CALIBRATION_ERROR),
        high=max(rate, min(settled.orderly, least)) * (1 + CALIBRATION_ERROR),
        binding=min(bounds, key=lambda ceiling: bounds[ceiling]),
        ceilings=bounds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """A rate that the cores allow: between ``queueing``, with times at random, and ``orderly``, with equal ones."""

    rate: float
    queueing: float
    orderly: float


def _settle(
    cost: CostAtRate,
    shape: Shape,
    demand: Demand,
    *,
    customers: float,
    workers_busy: float,
    even: float,
    usable: float,
) -> _Settled:
    """The rate at which processes want a core exactly as often as their slowing each other makes them."""
    workers = shape.workers
    cpu = cost.cpu_seconds + demand.generator_cpu_seconds
    cores = usable * demand.cpus / cpu if cpu > 0 else math.inf
    gil_share = min(cost.gil_seconds / cost.cpu_seconds, 1.0) if cost.cpu_seconds > 0 else 1.0

    def settled(wanting: float) -> tuple[_Settled, float]:
        slow = slowdown(workers, wanting, cost.generator_busy, demand.cpus)
        service = cost.gil_seconds + (slow - 1) * cost.cpu_seconds * gil_share
        delay = cost.wait_seconds + (slow - 1) * cost.cpu_seconds * (1 - gil_share)
        busiest = workers_busy / service if service > 0 else math.inf
        orderly = workers * min(orderly_throughput(customers, service, delay), busiest)
        queueing = workers * min(queueing_throughput(customers, service, delay), busiest)
        rate = min(orderly**even * queueing ** (1 - even), cores)
        found = _Settled(rate=rate, queueing=min(queueing, cores), orderly=min(orderly, cores))
        return found, min(1.0, rate * cost.cpu_seconds * slow / workers)

    wanting = falling_root(lambda wanting: settled(wanting)[1] - wanting, _CLOSE_ENOUGH) if workers > 1 else 0.0
    return settled(wanting)[0]


def _lone(shape: Shape, demand: Demand) -> float:
    """1 where every core has one worker with threads, down to 0 where there is one worker or one core more."""
    if shape.workers == 1 or shape.threads == 1:
        return 0.0
    return max(0.0, 1.0 - abs(shape.workers - demand.cpus))


def cost_at(parts: RequestParts, shape: Shape, demand: Demand, *, rate: float) -> CostAtRate:
    """What a request costs at ``rate`` requests per second."""
    busy = min(rate * (parts.cpu_seconds + parts.handover_seconds) / min(float(shape.workers), demand.cpus), 1.0)
    crowded = min(1.0, max(0.0, shape.workers / max(demand.cpus, 1.0) - 1)) * busy
    own = parts.cpu_seconds * (1 + CROWDED_SHARE * crowded) + SWITCH_SECONDS * crowded
    generator_busy = min(1.0, rate * parts.generator_seconds)
    return CostAtRate(
        cpu_seconds=own + parts.handover_seconds * _cpu_of_handover(parts, shape),
        gil_seconds=own * parts.gil_share + parts.handover_seconds * HANDOVER_HOLDS_GIL,
        wait_seconds=parts.wait_seconds
        + own * (1 - parts.gil_share)
        + parts.blocked_seconds / (1 - _GENERATOR_QUEUES * generator_busy),
        generator_busy=generator_busy,
    )


def _cpu_of_handover(parts: RequestParts, shape: Shape) -> float:
    if shape.workers == 1:
        return 1.0
    return 1.0 - (KEPT_HANDOVER_OVERLAPS if parts.kept_alive else HANDOVER_OVERLAPS)
