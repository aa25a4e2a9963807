"""Turns what was typed for ``validate`` into circumstances and a selection; says what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace

import typer

from advisor.cli import options
from advisor.cli.workload_input import at_least_one
from advisor.facts import Fact
from advisor.host.overrides import Overrides
from advisor.units import parse_bytes
from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.assemble.circumstances import ReadConf
from gunicorn_conf.config import Assigned
from gunicorn_conf.errors import BadInput
from gunicorn_conf.release import Release
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.rules.subject import ConfFile, Deployment
from gunicorn_conf.select import Selection, make_selection, split


def pairs(flag: str, items: Sequence[str] | None) -> dict[str, str]:
    """``NAME=VALUE`` items as a mapping. Raises BadInput for one without ``=`` or without a name."""
    found: dict[str, str] = {}
    for item in items or ():
        name, equals, value = item.partition("=")
        if not equals or not name.strip():
            raise BadInput(
                f"{flag} {item!r} makes no sense", why="it is not of the form NAME=VALUE", hint=f"write {flag} X=1"
            )
        found[name.strip()] = value
    return found


def selection(
    *,
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    severity: Sequence[str] | None,
    per_file_ignores: Sequence[str] | None,
) -> Selection:
    """The rules that the options select. Raises BadInput when one names no rule."""
    return make_selection(
        RULES,
        select=_items(select),
        ignore=_items(ignore),
        severity=pairs("--severity", severity),
        per_file_ignores=pairs("--per-file-ignores", per_file_ignores),
    )


def _items(given: Sequence[str] | None) -> list[str]:
    return [item for text in given or () for item in split(text)]


def circumstances(
    ctx: typer.Context,
    *,
    environment: Mapping[str, str],
    execute: bool,
    gunicorn_version: str | None,
    python: str | None,
    platform: str | None,
    cpus: str | None,
    memory: str | None,
    cpu_bound: bool,
    worker_memory: str | None,
    max_db_connections: int | None,
) -> Circumstances:
    """What was given of where it will run. Raises BadInput when a value cannot be used."""
    host = options.host_overrides(ctx, cpus=cpus, memory=memory, platform=platform, sku=None, python=python)
    release, source = (None, "") if gunicorn_version is None else (Release.parse(gunicorn_version), "given")
    if release is None and host.python is not None:
        release, source = _installed(host.python)
    fallback, fallback_source = (None, "") if release is not None else _installed_in_environment()
    return Circumstances(
        release=release,
        release_source=source,
        fallback_release=fallback,
        fallback_source=fallback_source,
        environment=environment,
        read_conf=_executor(host.python) if execute else None,
        deployment=_deployment(
            host,
            cpu_bound=cpu_bound,
            worker_memory=worker_memory,
            max_db_connections=at_least_one("--max-db-connections", max_db_connections),
        ),
    )


def _executor(given: Fact[str] | None) -> ReadConf:
    """What reads configuration files by running them with the interpreter that was given, or the usual one."""
    from advisor.host.interpreter import find_python
    from advisor.host.system import System
    from gunicorn_conf.read.execute import execute

    found, _ = find_python(System(), given)
    python = sys.executable if found.value is None else found.value.path
    typer.echo(f"Configuration files are executed, with {python}.", err=True)

    def read_conf(
        path: str, text: str, *, environment: Mapping[str, str], neighbour: Callable[[str], str | None]
    ) -> tuple[ConfFile, tuple[Assigned, ...]]:
        del neighbour  # the child imports the file's neighbours itself
        directory = os.path.dirname(os.path.abspath(path))  # noqa: PTH100,PTH120
        return execute(path, text, python=python, environment=environment, directory=directory)

    return read_conf


def _installed(python: Fact[str]) -> tuple[Release | None, str]:
    """The release of Gunicorn that an interpreter has, and its source as shown text."""
    from advisor.host.interpreter import find_python
    from advisor.host.system import System

    _, gunicorn = find_python(System(), python)
    if gunicorn.value is None:
        typer.echo(f"{gunicorn.source}, so that its release is taken from elsewhere.", err=True)
        return None, ""
    return Release.parse(gunicorn.value), gunicorn.source


def _installed_in_environment() -> tuple[Release | None, str]:
    """The release of the virtual environment that is active, unless that is gcadvise's own: it says nothing then."""
    environment = os.environ.get("VIRTUAL_ENV")
    if not environment or os.path.realpath(environment) == os.path.realpath(sys.prefix):
        return None, ""
    from advisor.host.interpreter import find_python
    from advisor.host.system import System

    _, gunicorn = find_python(System(), None)
    return (None, "") if gunicorn.value is None else (Release.parse(gunicorn.value), gunicorn.source)


def _deployment(
    host: Overrides, *, cpu_bound: bool, worker_memory: str | None, max_db_connections: int | None
) -> Deployment:
    given = Deployment(
        platform=host.platform.value if host.platform else None,
        cpus=host.cpus.value if host.cpus else None,
        memory_bytes=host.memory_bytes.value if host.memory_bytes else None,
        cpu_bound=cpu_bound or None,
        worker_memory_bytes=None if worker_memory is None else parse_bytes(worker_memory),
        max_db_connections=max_db_connections,
    )
    sources = {field.name: "given" for field in fields(given) if field.name != "sources" and getattr(given, field.name)}
    return replace(given, sources=sources)
