"""The options that a plan is made from, for commands that need a plan and show something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import options
from advisor.cli.next_steps import quoted
from advisor.cli.workload_input import at_least_one, choose_kind, read_workload, share, source_text
from advisor.facts import Fact
from advisor.host.detect import detect
from advisor.sizing.constraints import DEFAULT_MAX_THREADS, Constraints
from advisor.sizing.plan import Measured, Plan
from advisor.sizing.recommend import recommend
from advisor.workload.workload import Kind
from gunicorn_conf.release import Release

if TYPE_CHECKING:
    from advisor.cli.recommend_app import MeasuredApp
    from advisor.workload.profile import Profile
    from advisor.workload.workload import Workload

IoBound = Annotated[bool, typer.Option("--io-bound", help="Requests mostly wait: database, network, disk.")]
CpuBound = Annotated[bool, typer.Option("--cpu-bound", help="Requests mostly compute.")]
Mixed = Annotated[bool, typer.Option("--mixed", help="Something of both.")]
WaitRatio = Annotated[
    float | None,
    typer.Option("--wait-ratio", envvar="GCADVISE_WAIT_RATIO", help="Waiting ÷ computing of one request."),
]
ResponseTime = Annotated[
    str | None,
    typer.Option(
        "--response-time", envvar="GCADVISE_RESPONSE_TIME", help="Usual time of one request: 200ms.", metavar="TIME"
    ),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", envvar="GCADVISE_RATE", help="Requests/s to hold; needs --response-time, unless measured."),
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", envvar="GCADVISE_CONCURRENCY", help="Requests in flight to hold.")
]
WorkerMemory = Annotated[
    str | None,
    typer.Option(
        "--worker-memory",
        envvar="GCADVISE_WORKER_MEMORY",
        help="What a worker with the app needs; else 100MiB assumed.",
        metavar="SIZE",
    ),
]
MemoryShare = Annotated[
    float,
    typer.Option("--memory-share", envvar="GCADVISE_MEMORY_SHARE", help="This app's share of the memory, up to 1."),
]
MaxDbConnections = Annotated[
    int | None,
    typer.Option("--max-db-connections", envvar="GCADVISE_MAX_DB_CONNECTIONS", help="No more slots than this."),
]
MaxThreads = Annotated[
    int,
    typer.Option("--max-threads", envvar="GCADVISE_MAX_THREADS", help="No more threads than this in one worker."),
]
ThreadSafe = Annotated[
    bool | None,
    typer.Option("--thread-safe/--no-thread-safe", envvar="GCADVISE_THREAD_SAFE", help="May threads share the app?"),
]
MaxRequests = Annotated[
    int | None,
    typer.Option(
        "--max-requests", envvar="GCADVISE_MAX_REQUESTS", help="Restart a worker after about so many requests."
    ),
]
ProfileFile = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        envvar="GCADVISE_PROFILE",
        help="What was measured of the app: a JSON file, gcadvise.profile/1.",
        metavar="FILE",
    ),
]
ClientsKeepAlive = Annotated[
    bool | None,
    typer.Option(
        "--clients-keep-alive/--no-clients-keep-alive",
        envvar="GCADVISE_CLIENTS_KEEP_ALIVE",
        help="Do clients, or the proxy, keep connections? For a measured app; else new ones are assumed.",
    ),
]
Preload = Annotated[bool, typer.Option("--preload", help="Load the app once, before the workers fork.")]
GunicornVersion = Annotated[
    str | None,
    typer.Option(
        "--gunicorn-version",
        envvar="GCADVISE_GUNICORN_VERSION",
        help="The release of Gunicorn that will run.",
        metavar="X.Y.Z",
    ),
]

# Stands for the response time of an app that is measured only when the other options are known to be right.
_TO_BE_MEASURED = "1s"


def make_plan(
    ctx: typer.Context,
    *,
    kinds: dict[Kind, bool],
    wait_ratio: float | None,
    response_time: str | None,
    rate: float | None,
    concurrency: int | None,
    worker_memory: str | None,
    memory_share: float,
    max_db_connections: int | None,
    max_threads: int,
    thread_safe: bool | None,
    max_requests: int | None,
    preload: bool,
    cpus: str | None,
    memory: str | None,
    platform: str | None,
    sku: str | None,
    python: str | None,
    gunicorn_version: str | None,
    profile: Profile | None = None,
    measure: Callable[[], MeasuredApp] | None = None,
    clients_keep_alive: bool | None = None,
    declared: Fact[str] | None = None,
) -> Plan:
    """The plan that the options describe, for this machine where they say nothing.

    What was measured, the ``profile``, counts where an option says nothing; where it holds all that a prediction needs,
    the model decides. ``measure`` measures the app, once all that can be wrong with the options has been said.
    ``declared`` is the release of Gunicorn that the app's own files name; it holds unless another is given.

    Raises BadInput when a value makes no sense, DoesNotFit when the memory does not hold one worker.
    """
    host = detect(
        overrides=options.host_overrides(ctx, cpus=cpus, memory=memory, platform=platform, sku=sku, python=python)
    )
    if gunicorn_version is not None:
        where = options.origin(ctx, "gunicorn_version")
        release = str(Release.parse(gunicorn_version))
        host = replace(host, gunicorn=Fact(value=release, source=source_text(where, "gunicorn-version"), origin=where))
    elif declared is not None:
        host = replace(host, gunicorn=declared)
    constraints = make_constraints(
        memory_share=memory_share,
        max_db_connections=max_db_connections,
        max_threads=max_threads,
        max_requests=max_requests,
        preload=preload,
    )

    def workload_of(kind: Kind, response_time: str | None) -> Workload:
        return read_workload(
            ctx,
            kind,
            wait_ratio=wait_ratio,
            response_time=response_time,
            rate=rate,
            concurrency=concurrency,
            worker_memory=worker_memory,
            thread_safe=thread_safe,
            profile=profile,
        )

    measured_by: tuple[str, ...] = ()
    if measure is not None:
        workload_of(Kind.MIXED, response_time or _TO_BE_MEASURED)  # it raises for what makes no sense
        found = measure()
        profile, measured_by = found.profile, found.arguments
    workload = workload_of(_kind(ctx, kinds, wait_ratio, profile), response_time)
    if profile is None or (profile.cost is None and not profile.is_asgi):
        return recommend(host, workload, constraints)
    measured = Measured(
        app=profile.app,
        arguments=measured_by or ("--profile", quoted(str(ctx.params.get("profile")))),
        from_file=not measured_by,
        stated=_stated(workload, profile),
        is_asgi=profile.is_asgi,
    )
    if profile.cost is None or profile.is_asgi:
        return replace(recommend(host, workload, constraints), measured=measured)
    from advisor.sizing.by_model.load import assumed_new_connections
    from advisor.sizing.by_model.plan import recommend_measured

    kept_alive = assumed_new_connections()
    if clients_keep_alive is not None:
        where = options.origin(ctx, "clients_keep_alive")
        kept_alive = Fact(value=clients_keep_alive, source=source_text(where, "clients-keep-alive"), origin=where)
    return recommend_measured(host, workload, constraints, profile.cost, measured=measured, kept_alive=kept_alive)


def _stated(workload: Workload, profile: Profile) -> frozenset[str]:
    """The names of the figures that options gave in place of the measured ones."""
    pairs = {
        "wait_ratio": (workload.wait_ratio, profile.wait_ratio),
        "response_time_seconds": (workload.response_time_seconds, profile.response_time_seconds),
        "worker_memory_bytes": (workload.worker_memory_bytes, profile.worker_memory_bytes),
    }
    return frozenset(name for name, (used, found) in pairs.items() if used is not found)


def _kind(ctx: typer.Context, kinds: dict[Kind, bool], wait_ratio: float | None, profile: Profile | None) -> Kind:
    if profile is not None and (profile.cost is not None or not any(kinds.values())):
        from advisor.workload.profile import kind_of

        return kind_of((profile.wait_ratio.value or 0.0) if wait_ratio is None else wait_ratio)
    return choose_kind(
        {kind: options.origin(ctx, kind.value.replace("-", "_")) if given else None for kind, given in kinds.items()}
    )


def given_profile(path: Path | None) -> Profile | None:
    """What was measured, if a file says it. Raises BadInput when it is not one."""
    if path is None:
        return None
    from advisor.workload.profile import read_profile

    return read_profile(path)


def make_constraints(
    *,
    memory_share: float,
    max_db_connections: int | None,
    max_threads: int,
    max_requests: int | None,
    preload: bool,
) -> Constraints:
    """What was asked for beyond the workload. Raises BadInput when a value makes no sense."""
    return Constraints(
        memory_share=share("--memory-share", memory_share),
        max_db_connections=at_least_one("--max-db-connections", max_db_connections),
        max_threads=at_least_one("--max-threads", max_threads) or DEFAULT_MAX_THREADS,
        max_requests=at_least_one("--max-requests", max_requests),
        preload=preload,
    )
