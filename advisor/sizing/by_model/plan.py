"""Host, workload and what was measured of the app in; a complete plan out, of the same kind as without measuring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.facts import Fact, Origin
from advisor.host.host import Host
from advisor.model.predict import predict as predict_by_model
from advisor.model.shape import DEFAULT_KEEPALIVE, Shape, limited, sync
from advisor.sizing.by_model.adjust import adjusted
from advisor.sizing.by_model.choice import Choice, Load
from advisor.sizing.by_model.choose import Predict, choose, kept_alive_seconds
from advisor.sizing.by_model.limits import limits
from advisor.sizing.by_model.load import load_for
from advisor.sizing.by_model.settings import choice_settings, rate
from advisor.sizing.by_model.space import default_connections
from advisor.sizing.by_model.warn import warnings
from advisor.sizing.constraints import Constraints
from advisor.sizing.demand import Demand as Slots
from advisor.sizing.limits import Size
from advisor.sizing.memory import budget
from advisor.sizing.plan import Capacity, Measured, Plan
from advisor.sizing.recommend import recommend as recommend_unmeasured
from advisor.sizing.recommend import release_of
from advisor.sizing.server_settings import bind_setting, server_settings
from advisor.sizing.split import LimitName, Split
from advisor.sizing.worker_settings import CURED_SINCE
from advisor.workload.assume import assume
from advisor.workload.cost import AppCost
from advisor.workload.profile import kind_of
from advisor.workload.workload import Workload
from gunicorn_conf.errors import GcadviseError
from gunicorn_conf.platforms import platform
from gunicorn_conf.release import NEWEST_KNOWN, Release

# The answer for clients that keep connections is named when it serves so much more than the one that is given.
_WORTH_NAMING = 1.1


def recommend_measured(
    host: Host,
    workload: Workload,
    constraints: Constraints,
    cost: AppCost,
    *,
    measured: Measured,
    kept_alive: Fact[bool],
    predict: Predict = predict_by_model,
) -> Plan:
    """Plan Gunicorn's configuration from what the app costs.

    ``cost`` is as it was measured; the figures of the workload that ``measured`` names as stated replace it.
    ``kept_alive`` says whether clients use a connection for several requests. Raises BadInput when something that is
    needed is unknown or unsupported, DoesNotFit when no configuration keeps to the limits.
    """
    cost, workload, replaced = adjusted(cost, workload, measured.stated)
    workload = replace(workload, kind=kind_of(cost.request.wait_ratio))
    release = release_of(host)
    place = platform(host.platform.value or "bare")
    thread_safe = workload.thread_safe.value is not False
    unmeasured = _unmeasured(host, workload, constraints, release)

    def chosen_for(load: Load) -> Choice:
        return choose(cost, host, constraints, load, thread_safe=thread_safe, unmeasured=unmeasured, predict=predict)

    load = load_for(cost, host.cpus.value or 0.0, workload, kept_alive)
    choice = chosen_for(load)
    shape = choice.chosen.shape
    rows = limits(choice, host, constraints, thread_safe=thread_safe)
    size = Size(  # what the other settings and warnings look at: workers and threads
        split=Split(workers=shape.workers, threads=shape.threads),
        demand=Slots(slots=shape.slots, arithmetic=load.reason, asked=load.asked),
        limits=rows,
        binding=LimitName.DEMAND,
    )
    amount = Capacity(
        concurrent_requests=shape.slots,
        delivered=shape.takes_only_what_it_serves or shape.workers == 1,
        requests_per_second=choice.chosen.throughput.per_second,
        memory_bytes=choice.chosen.memory_bytes,
        memory_budget_bytes=budget(host, constraints).value,
        database_connections=shape.slots,
    )
    settings = (
        bind_setting(place),
        *choice_settings(choice, place, release, thread_safe=thread_safe, max_threads=constraints.max_threads),
        *server_settings(host, workload, constraints, size, place, release),
    )
    kept = None
    if kept_alive.origin is Origin.ASSUMED and release >= CURED_SINCE and _may_matter(cost):
        kept = chosen_for(replace(load, demand=replace(load.demand, kept_alive=True)))
    said = warnings(choice, host, size, amount, place, release, thread_safe=workload.thread_safe)
    return Plan(
        host=host,
        workload=workload,
        settings=settings,
        limits=rows,
        capacity=amount,
        assumptions=tuple(_assumptions(host, workload, choice, kept_alive, kept)),
        warnings=(*replaced, *said),
        choice=choice,
        measured=measured,
    )


def _may_matter(cost: AppCost) -> bool:
    """Whether a connection that is used again saves so much that the answer could be worth naming."""
    request = cost.request
    saved = request.kept_alive_saves_seconds
    return saved > 0 and request.cpu_seconds + request.handover_seconds > _WORTH_NAMING * (
        request.cpu_seconds + request.handover_seconds - saved
    )


def _unmeasured(host: Host, workload: Workload, constraints: Constraints, release: Release) -> Shape | None:
    """What would be recommended for the same kind of app with nothing measured; None where that has no answer."""
    assumed = assume(
        workload.kind,
        thread_safe=workload.thread_safe,
        concurrency=workload.concurrency if workload.concurrency.known else None,
    )
    try:
        plan = recommend_unmeasured(host, assumed, constraints)
    except GcadviseError:
        return None
    if plan.threads == 1:
        return sync(plan.workers)
    if release >= CURED_SINCE:
        return limited(plan.workers, plan.threads)
    return default_connections(plan.workers, plan.threads, kept_alive_seconds(host) or DEFAULT_KEEPALIVE)


def _assumptions(
    host: Host, workload: Workload, choice: Choice, kept_alive: Fact[bool], kept: Choice | None
) -> Iterator[str]:
    if not choice.load.asked:
        yield choice.load.reason
    if kept_alive.origin is Origin.ASSUMED:
        yield kept_alive.source
    if kept is not None:
        yield from _if_kept(choice, kept)
    if workload.thread_safe.origin is Origin.ASSUMED and choice.chosen.shape.threads > 1:
        yield workload.thread_safe.source
    if host.gunicorn.value is None:
        yield f"Gunicorn {NEWEST_KNOWN} is taken to be in use ({host.gunicorn.source}); give --gunicorn-version."
    if host.platform.value is None:
        yield f"The platform is taken to be a bare machine ({host.platform.source}); give --platform."


def _if_kept(choice: Choice, kept: Choice) -> Iterator[str]:
    """What another answer clients that keep connections would have, where it differs by much."""
    there, here = kept.chosen, choice.chosen
    if there.shape != here.shape and there.throughput.per_second > _WORTH_NAMING * here.throughput.per_second:
        yield (
            f"With clients that keep connections {there.shape.shown} would be recommended, with {rate(there)} "
            f"requests/s predicted."
        )
