"""The options that describe the host, shared by the commands, and where the value of an option came from."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.facts import Origin
from advisor.host.overrides import (
    Overrides,
    given_cpus,
    given_memory,
    given_plan_size,
    given_platform,
    given_python,
)

# Text, not numbers: what is wrong with a value is then said in gcadvise's own three lines, the same for all of them.
Cpus = Annotated[
    str | None, typer.Option("--cpus", envvar="GCADVISE_CPUS", metavar="NUMBER", help="CPUs to size for: 0.5, 4, 500m.")
]
Memory = Annotated[
    str | None,
    typer.Option("--memory", envvar="GCADVISE_MEMORY", metavar="SIZE", help="Memory to size for: 512MiB, 1.75GiB, 2G."),
]
PlatformName = Annotated[
    str | None,
    typer.Option(
        "--platform",
        envvar="GCADVISE_PLATFORM",
        metavar="NAME",
        help="Where it will run: app-service, docker, bare, ...",
    ),
]
Sku = Annotated[
    str | None,
    typer.Option("--sku", envvar="GCADVISE_SKU", metavar="SIZE", help="App Service plan size to size for: B1, P1v3."),
]
PythonPath = Annotated[
    str | None,
    typer.Option(
        "--python",
        envvar="GCADVISE_PYTHON",
        metavar="PATH",
        help="The Python, or its environment, that will run Gunicorn; else VIRTUAL_ENV, else gcadvise's own.",
    ),
]

_ORIGINS = {"COMMANDLINE": Origin.FLAG, "ENVIRONMENT": Origin.VARIABLE, "DEFAULT_MAP": Origin.FILE}


def origin(ctx: typer.Context, name: str) -> Origin:
    """Where the value of the parameter came from: flag, variable, file, or assumed when it is the default."""
    source = ctx.get_parameter_source(name)
    return _ORIGINS.get(source.name if source else "", Origin.ASSUMED)


def host_overrides(
    ctx: typer.Context,
    *,
    cpus: str | None,
    memory: str | None,
    platform: str | None,
    sku: str | None,
    python: str | None,
) -> Overrides:
    """What was given of the host, each value with its origin.

    Raises BadInput when a value cannot be used.
    """
    return Overrides(
        cpus=None if cpus is None else given_cpus(cpus, origin(ctx, "cpus")),
        memory_bytes=None if memory is None else given_memory(memory, origin(ctx, "memory")),
        platform=None if platform is None else given_platform(platform, origin(ctx, "platform")),
        plan_size=None if sku is None else given_plan_size(sku, origin(ctx, "sku")),
        python=None if python is None else given_python(python, origin(ctx, "python")),
    )
