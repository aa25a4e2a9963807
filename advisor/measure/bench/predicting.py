"""Predicts a trial before its load is sent, from a profile of the app; says why where that cannot be done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from advisor.facts import Fact, Origin
from advisor.load.spec import ClosedLoop, Connections
from advisor.measure.bench.demand import demand_of
from advisor.measure.bench.pinning import Pinning
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.server_events import ServerSettings
from advisor.model.predict import predict
from advisor.model.prediction import Prediction
from advisor.model.shape import Shape, WorkerClass
from advisor.units import show_cpus
from advisor.workload.profile import Profile

# Given the settings of a server that has started (None for one that gcadvise did not start), the load that it will
# get, and the CPUs of both: what the model predicts, or why it does not.
Predict = Callable[[ServerSettings | None, TrialPlan, Pinning], Fact[Prediction]]

# In an open loop the number of clients is no limit: as many as a listener holds connections (config.py, Backlog).
_OPEN_LOOP_CLIENTS = 2048
# Gunicorn looks for this variable where the app's name has none (util.py, import_app).
_DEFAULT_VARIABLE = "application"
# Weights are typed as 0.3 and 30, and add up to shares that differ in their last digits.
_SAME_SHARE = 1e-6


def predictor(profile: Profile, *, cpus: Fact[float]) -> Predict:
    """What predicts trials of the app of ``profile``, on this CPU budget."""

    def predicted(settings: ServerSettings | None, plan: TrialPlan, pinning: Pinning) -> Fact[Prediction]:
        why_not = _why_not(profile, cpus, settings, plan)
        if why_not or profile.cost is None or settings is None or cpus.value is None:
            return Fact.unknown(why_not)
        demand = demand_of(
            profile.cost.request,
            cpus=cpus.value,
            clients=plan.loop.clients if isinstance(plan.loop, ClosedLoop) else _OPEN_LOOP_CLIENTS,
            kept_alive=plan.connections is Connections.KEPT_ALIVE,
            pinning=pinning,
            rate_per_second=None if isinstance(plan.loop, ClosedLoop) else plan.loop.rate_per_second,
        )
        generator = demand.generator_cpu_seconds
        taken = f"of which the load generator takes {generator * 1e6:.0f} µs a request"
        return Fact(
            value=predict(profile.cost, shape_of(settings), demand),
            source=f"{profile.wait_ratio.source}; {show_cpus(demand.cpus)}, "
            + (taken if generator else "and the load generator has its own"),
            origin=Origin.ASSUMED,
        )

    return predicted


def shape_of(settings: ServerSettings) -> Shape:
    """The settings in effect as the model sees them. Raises ValueError for a class that is not modelled."""
    return Shape(
        worker_class=WorkerClass(settings.worker_class),
        workers=settings.workers,
        threads=settings.threads,
        worker_connections=settings.worker_connections,
        keepalive=settings.keepalive,
    )


def _why_not(profile: Profile, cpus: Fact[float], settings: ServerSettings | None, plan: TrialPlan) -> str:
    """Why nothing is predicted, to be read behind "because"; empty where something is."""
    if profile.is_asgi:
        return "the model knows nothing of ASGI apps"
    if profile.cost is None:
        return "the profile does not have the cost of a request and of a worker that gcadvise profile writes"
    if not profile.endpoints:
        return "the profile does not say what was requested"
    profiled = _shares((one.method, one.path, one.weight) for one in profile.endpoints)
    measured = _shares((one.method, one.path, one.weight) for one in plan.requests)
    if not _same(profiled, measured):
        return f"the profile is of {_shown(profiled)}, and {_shown(measured)} is measured"
    if cpus.value is None:
        return f"the CPU budget is not known: {cpus.source}"
    if settings is None:
        return "a server that already runs does not tell its configuration"
    if _full_name(settings.app) != _full_name(profile.app):
        return f"the profile is of {profile.app}, and {settings.app} is measured"
    if settings.worker_class not in (known.value for known in WorkerClass):
        return f"the model knows nothing of {settings.worker_class} workers"
    return ""


def _shares(requests: Iterable[tuple[str, str, float]]) -> Mapping[tuple[str, str], float]:
    """The share of each kind of request, alike ones together."""
    weights: dict[tuple[str, str], float] = {}
    for method, path, weight in requests:
        weights[method, path] = weights.get((method, path), 0.0) + weight
    total = math.fsum(weights.values())
    return {kind: weight / total for kind, weight in weights.items()}


def _same(one: Mapping[tuple[str, str], float], other: Mapping[tuple[str, str], float]) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(share, other[kind], abs_tol=_SAME_SHARE) for kind, share in one.items()
    )


def _shown(shares: Mapping[tuple[str, str], float]) -> str:
    if len(shares) == 1:
        return "".join(f"{method} {path}" for method, path in shares)
    return ", ".join(f"{method} {path} ({share * 100:.3g} %)" for (method, path), share in shares.items())


def _full_name(app: str) -> str:
    return app if ":" in app else f"{app}:{_DEFAULT_VARIABLE}"
