"""Host, workload and constraints in; a complete plan out. The same input gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.facts import Fact, Origin
from advisor.host.host import Host
from advisor.sizing.capacity import capacity
from advisor.sizing.constraints import Constraints
from advisor.sizing.limits import size
from advisor.sizing.plan import Plan
from advisor.sizing.server_settings import bind_setting, server_settings
from advisor.sizing.warn import warnings
from advisor.sizing.worker_settings import worker_settings
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.errors import BadInput
from gunicorn_conf.platforms import platform
from gunicorn_conf.release import NEWEST_KNOWN, OLDEST_SUPPORTED, Release


def recommend(host: Host, workload: Workload, constraints: Constraints) -> Plan:
    """Plan Gunicorn's configuration.

    Raises BadInput when something that is needed is unknown or unsupported, DoesNotFit when the memory does not
    hold one worker.
    """
    release = release_of(host)
    place = platform(host.platform.value or "bare")
    found = size(host, workload, constraints)
    settings = (
        bind_setting(place),
        *worker_settings(workload, constraints, found, place, release),
        *server_settings(host, workload, constraints, found, place, release),
    )
    amount = capacity(host, workload, constraints, found, release)
    return Plan(
        host=host,
        workload=workload,
        settings=settings,
        limits=found.limits,
        capacity=amount,
        assumptions=tuple(_assumptions(host, workload)),
        warnings=tuple(warnings(host, workload, found, amount, place, release)),
    )


def release_of(host: Host) -> Release:
    """The release of Gunicorn that the plan is for: the newest one where it is not known.

    Raises BadInput for one that is not supported.
    """
    if host.gunicorn.value is None:
        return NEWEST_KNOWN
    release = Release.parse(host.gunicorn.value)
    if release < OLDEST_SUPPORTED:
        raise BadInput(
            f"Gunicorn {release} is not supported",
            why=f"gcadvise knows Gunicorn {OLDEST_SUPPORTED} to {NEWEST_KNOWN}",
            hint="upgrade Gunicorn, or name the release that will run with --gunicorn-version",
        )
    return release


def _assumptions(host: Host, workload: Workload) -> Iterator[str]:
    facts: list[Fact[float] | Fact[int] | Fact[bool]] = [workload.wait_ratio, workload.worker_memory_bytes]
    if workload.kind is not Kind.CPU_BOUND:  # it gets one thread a worker, thread-safe or not
        facts.append(workload.thread_safe)
    yield from (fact.source for fact in facts if fact.origin is Origin.ASSUMED)
    if host.gunicorn.value is None:
        yield f"Gunicorn {NEWEST_KNOWN} is taken to be in use ({host.gunicorn.source}); give --gunicorn-version."
    if host.platform.value is None:
        yield f"The platform is taken to be a bare machine ({host.platform.source}); give --platform."
