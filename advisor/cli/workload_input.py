"""Turns what was typed about the workload into a Workload, every value with where it came from; says what is wrong."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import typer

from advisor.cli.options import origin
from advisor.facts import Fact, Origin
from advisor.units import parse_bytes, parse_seconds
from advisor.workload.assume import assume
from advisor.workload.workload import Kind, Workload
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.workload.profile import Profile

T = TypeVar("T")


def choose_kind(chosen: Mapping[Kind, Origin | None]) -> Kind:
    """The one kind that was chosen, with where it was; asks on a terminal when none was.

    A flag wins over the settings file. Raises BadInput when there is none or more than one.
    """
    by_flag = [kind for kind, where in chosen.items() if where is Origin.FLAG]
    kinds = by_flag or [kind for kind, where in chosen.items() if where is not None]
    if len(kinds) == 1:
        return kinds[0]
    flags = ", ".join(f"--{kind.value}" for kind in Kind)
    if kinds:
        raise BadInput(
            "more than one kind of workload was given",
            why=" and ".join(f"--{kind.value}" for kind in kinds) + " exclude each other",
            hint=f"give one of {flags}",
        )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput(
            "the kind of workload is missing",
            why="whether requests wait or compute decides between workers and threads",
            hint=f"give one of {flags}",
        )
    return _ask()


def _ask() -> Kind:
    typer.echo("What do requests mostly do?", err=True)
    explained = {
        Kind.IO_BOUND: "wait for a database, the network or a disk",
        Kind.CPU_BOUND: "compute",
        Kind.MIXED: "something of both",
    }
    kinds = list(Kind)
    for number, kind in enumerate(kinds, 1):
        typer.echo(f"  {number}  {kind.value:<10} {explained[kind]}", err=True)
    while True:
        answer = typer.prompt("1, 2 or 3", err=True).strip().lower()
        if answer in {"1", "2", "3"}:
            return kinds[int(answer) - 1]
        if answer in {kind.value for kind in kinds}:
            return Kind(answer)


def read_workload(
    ctx: typer.Context,
    kind: Kind,
    *,
    wait_ratio: float | None,
    response_time: str | None,
    rate: float | None,
    concurrency: int | None,
    worker_memory: str | None,
    thread_safe: bool | None,
    profile: Profile | None = None,
) -> Workload:
    """The workload that the options describe, and the profile where they say nothing.

    Raises BadInput when a value makes no sense, or a rate comes without a response time.
    """
    if wait_ratio is not None and not 0 <= wait_ratio < math.inf:
        raise BadInput(
            f"a wait ratio of {wait_ratio} makes no sense",
            why="it is waiting ÷ computing of one request",
            hint="give 0 or more: 12 ms of waiting and 3 ms of computing are 4",
        )
    if rate is not None and not 0 < rate < math.inf:
        raise BadInput(f"a rate of {rate} requests/s makes no sense", why="it must be above 0", hint="give --rate 50")
    if rate is not None and response_time is None and profile is None:
        raise BadInput(
            "--rate needs --response-time",
            why="requests in flight are rate × response time (Little's law)",
            hint="add the usual time of one request, as in --response-time 200ms",
        )
    return assume(
        kind,
        wait_ratio=_fact(ctx, "wait_ratio", wait_ratio) or (profile.wait_ratio if profile else None),
        worker_memory_bytes=_fact(ctx, "worker_memory", None if worker_memory is None else parse_bytes(worker_memory))
        or (profile.worker_memory_bytes if profile else None),
        thread_safe=_fact(ctx, "thread_safe", thread_safe) or _seen_to_fail(profile),
        response_time_seconds=_fact(
            ctx, "response_time", None if response_time is None else parse_seconds(response_time)
        )
        or (profile.response_time_seconds if profile else None),
        rate_per_second=_fact(ctx, "rate", rate),
        concurrency=_fact(ctx, "concurrency", at_least_one("--concurrency", concurrency)),
    )


def _seen_to_fail(profile: Profile | None) -> Fact[bool] | None:
    """That threads do not work for an app, where a measurement showed it; that they do is not shown by any."""
    if profile is None or profile.threads_fail is None:
        return None
    return Fact(value=False, source=f"measured: {profile.threads_fail}")


def at_least_one(flag: str, value: int | None) -> int | None:
    """The value, unless it is below one. Raises BadInput then."""
    if value is not None and value < 1:
        raise BadInput(f"{flag} {value} makes no sense", why="it must be at least 1", hint=f"give {flag} 1 or more")
    return value


def share(flag: str, value: float) -> float:
    """The value, unless it is no share of a whole. Raises BadInput then."""
    if not 0 < value <= 1:
        raise BadInput(
            f"{flag} {value} makes no sense",
            why="a share is above 0 and at most 1",
            hint=f"half of the memory is {flag} 0.5",
        )
    return value


def source_text(where: Origin, flag: str) -> str:
    """How the value of a flag, named without its dashes, came: ``given with --rate``."""
    if where is Origin.VARIABLE:
        return f"given with GCADVISE_{flag.upper().replace('-', '_')}"
    if where is Origin.FILE:
        return f"given as {flag} in gcadvise.toml or pyproject.toml"
    return f"given with --{flag}"


def _fact(ctx: typer.Context, name: str, value: T | None) -> Fact[T] | None:
    if value is None:
        return None
    where = origin(ctx, name)
    return Fact(value=value, source=source_text(where, name.replace("_", "-")), origin=where)
