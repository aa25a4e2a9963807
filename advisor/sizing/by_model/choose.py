"""Chooses: the cheapest configuration within a few per cent of the best predicted throughput, under the limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from advisor.host.host import Host
from advisor.model.predict import predict as predict_by_model
from advisor.model.prediction import Demand, Prediction
from advisor.model.shape import Shape, WorkerClass, limited, sync
from advisor.sizing.by_model.choice import Alternative, Bound, Choice, Load, Role
from advisor.sizing.by_model.load import knee
from advisor.sizing.by_model.space import default_connections, shapes
from advisor.sizing.constraints import Constraints
from advisor.sizing.demand import rule_workers
from advisor.sizing.memory import budget, show_budget
from advisor.sizing.worker_settings import COMMON_IDLE_SECONDS, CURED_SINCE, KEEPALIVE_MARGIN_SECONDS
from advisor.units import show_bytes
from advisor.workload.cost import AppCost
from gunicorn_conf.errors import BadInput, DoesNotFit
from gunicorn_conf.platforms import platform
from gunicorn_conf.release import NEWEST_KNOWN, Release

# Throughputs that are closer than this are the same: restarts of one configuration differ by as much when measured,
# and the model is off by more. Among them the cheapest is taken.
WITHIN = 0.03

# A saving of memory below this is not worth a row of its own.
_CLEARLY_CHEAPER = 0.9

Predict = Callable[[AppCost, Shape, Demand], Prediction]


def choose(
    cost: AppCost,
    host: Host,
    constraints: Constraints,
    load: Load,
    *,
    thread_safe: bool = True,
    unmeasured: Shape | None = None,
    predict: Predict = predict_by_model,
) -> Choice:
    """The configuration with the least memory, then the fewest threads, within 3 % of the most throughput.

    ``unmeasured`` is what would be recommended without measuring; it is predicted for comparison. Raises BadInput when
    the number of CPUs is unknown, DoesNotFit when no configuration keeps to the limits.
    """
    cpus = host.cpus.value
    if cpus is None:
        raise BadInput("the number of CPUs is unknown", why=host.cpus.source, hint="give it, as in --cpus 2")
    release = NEWEST_KNOWN if host.gunicorn.value is None else Release.parse(host.gunicorn.value)
    keepalive = kept_alive_seconds(host)
    limits = _Limits(
        memory_bytes=budget(host, constraints).value,
        connections=constraints.max_db_connections,
        threads=constraints.max_threads if thread_safe else 1,
    )
    weighed = [
        predict(cost, shape, load.demand)
        for shape in shapes(
            cpus=cpus,
            clients=load.demand.clients,
            knee=knee(cost, cpus),
            release=release,
            max_threads=limits.threads,
            kept_alive=load.demand.kept_alive,
            exact=() if constraints.max_db_connections is None else (constraints.max_db_connections,),
            keepalive=keepalive,
        )
    ]
    allowed = [one for one in weighed if limits.broken(one) == ()]
    if not allowed:
        raise _does_not_fit(cost, host, constraints, limits)
    fastest = max(allowed, key=_by_throughput)
    chosen = cheapest(allowed, fastest, variation=cost.request.variation)

    def beside(shape: Shape | None) -> Prediction | None:
        return None if shape is None else predict(cost, shape, load.demand)

    rule = predict(cost, sync(rule_workers(cpus)), load.demand)
    others = [
        (Role.CHOSEN, chosen),
        (Role.RULE, rule),
        (Role.UNMEASURED, beside(unmeasured)),
        (Role.FASTEST, fastest),
        (Role.CHEAPER, _cheaper(allowed, chosen)),
    ]
    return Choice(
        cost=cost,
        load=load,
        chosen=chosen,
        fastest=fastest,
        rule=rule,
        bound=_bound(weighed, fastest, limits, cost.request.variation),
        one_worker_fewer=_one_worker_fewer(allowed, chosen),
        half_the_threads=beside(_half_the_threads(chosen.shape)),
        other_policy=beside(_other_policy(chosen.shape, release, keepalive)),
        alternatives=tuple(_distinct(others, limits)),
    )


def cheapest(allowed: Sequence[Prediction], fastest: Prediction, *, variation: float) -> Prediction:
    """The least memory, then the fewest threads, of those that are as fast as the fastest.

    The more service times vary (``variation`` is their standard deviation as a share of the mean), the more they are to
    be as fast at the low end of their bands as well: with just as many slots as keep the CPUs busy, requests that come
    unevenly leave some of them idle.
    """
    enough = (1 - WITHIN) * fastest.throughput.per_second
    fast = [one for one in allowed if one.throughput.per_second >= enough]
    weight = min(variation, 1.0)

    def careful(one: Prediction) -> float:
        return math.pow(one.throughput.per_second, 1 - weight) * math.pow(one.throughput.low, weight)

    surely = (1 - WITHIN) * max(careful(one) for one in fast)
    return min(
        (one for one in fast if careful(one) >= surely),
        key=lambda one: (
            one.memory_bytes,
            one.shape.threads,
            not one.shape.takes_only_what_it_serves,  # at the same throughput its queues are the shorter ones
            -one.throughput.per_second,
        ),
    )


def kept_alive_seconds(host: Host) -> int:
    """The keepalive that outlasts whoever is in front, for a configuration that keeps connections."""
    idle = platform(host.platform.value or "bare").idle_timeout_seconds
    return (idle.value if idle else COMMON_IDLE_SECONDS) + KEEPALIVE_MARGIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """What a configuration must keep to; None where a limit does not apply."""

    memory_bytes: int | None
    connections: int | None
    threads: int

    def broken(self, one: Prediction) -> tuple[Bound, ...]:
        """The limits that it breaks."""
        over = {
            Bound.MEMORY: self.memory_bytes is not None and one.memory_bytes > self.memory_bytes,
            Bound.DATABASE: self.connections is not None and one.shape.slots > self.connections,
            Bound.THREADS: one.shape.threads > self.threads,
        }
        return tuple(bound for bound, is_over in over.items() if is_over)


def _by_throughput(one: Prediction) -> tuple[float, int, int]:
    """More throughput; of equal ones the cheaper."""
    return one.throughput.per_second, -one.memory_bytes, -one.shape.threads


def _bound(weighed: Iterable[Prediction], fastest: Prediction, limits: _Limits, variation: float) -> Bound | None:
    """The limit without which the most more throughput is predicted; None when none makes a difference.

    Where only several together do, the first that the fastest of all breaks.
    """
    found = list(weighed)
    enough = fastest.throughput.per_second / (1 - WITHIN)
    best: tuple[float, Bound] | None = None
    for bound in Bound:
        freed = [one for one in found if set(limits.broken(one)) <= {bound}]
        most = max((one.throughput.per_second for one in freed), default=0.0)
        if most > enough and (best is None or most > best[0]):
            best = (most, bound)
    if best is not None:
        return best[1]
    free = cheapest(found, max(found, key=_by_throughput), variation=variation)
    return next(iter(limits.broken(free)), None) if free.throughput.per_second > enough else None


def _one_worker_fewer(allowed: Sequence[Prediction], chosen: Prediction) -> Prediction | None:
    """The fastest with one worker fewer, of the same class and with as many threads or more."""
    fewer = [
        one
        for one in allowed
        if one.shape.workers == chosen.shape.workers - 1
        and one.shape.worker_class is chosen.shape.worker_class
        and one.shape.takes_only_what_it_serves == chosen.shape.takes_only_what_it_serves
    ]
    return max(fewer, key=_by_throughput, default=None)


def _half_the_threads(shape: Shape) -> Shape | None:
    half = shape.threads // 2
    if half < 1 or shape.worker_class is WorkerClass.SYNC:
        return None
    if half == 1:
        return sync(shape.workers)
    if shape.takes_only_what_it_serves:
        return limited(shape.workers, half)
    return default_connections(shape.workers, half, shape.keepalive)


def _other_policy(shape: Shape, release: Release, keepalive: int) -> Shape | None:
    if shape.worker_class is WorkerClass.SYNC or release < CURED_SINCE:
        return None
    if shape.takes_only_what_it_serves:
        return default_connections(shape.workers, shape.threads, keepalive)
    return limited(shape.workers, shape.threads)


def _cheaper(allowed: Sequence[Prediction], chosen: Prediction) -> Prediction | None:
    """The fastest of those that need clearly less memory."""
    most = _CLEARLY_CHEAPER * chosen.memory_bytes
    return max((one for one in allowed if one.memory_bytes <= most), key=_by_throughput, default=None)


def _distinct(others: Iterable[tuple[Role, Prediction | None]], limits: _Limits) -> Iterable[Alternative]:
    seen: set[Shape] = set()
    for role, prediction in others:
        if prediction is None or prediction.shape in seen:
            continue
        seen.add(prediction.shape)
        yield Alternative(role=role, prediction=prediction, fits=limits.broken(prediction) == ())


def _does_not_fit(cost: AppCost, host: Host, constraints: Constraints, limits: _Limits) -> DoesNotFit:
    memory = cost.memory
    return DoesNotFit(
        "not even one worker fits into the memory",
        why=f"arbiter {show_bytes(memory.arbiter_bytes)} + worker {show_bytes(memory.worker_bytes)} = "
        f"{show_bytes(memory.total_bytes(1, 1))} as measured, and {show_budget(host, constraints)} = "
        f"{show_bytes(limits.memory_bytes or 0)}",
        hint="give the host more memory, or make the app smaller",
    )
