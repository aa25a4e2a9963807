"""``gcadvise inspect``: what this host or container really gives, each fact with its source."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from advisor.cli import options
from advisor.cli.streams import answer, width
from advisor.host.detect import detect
from advisor.report.inspect import inspect_json, inspect_text


class Format(str, enum.Enum):
    """How the facts are shown."""

    text = "text"
    json = "json"


def inspect(
    ctx: typer.Context,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    platform: options.PlatformName = None,
    sku: options.Sku = None,
    python: options.PythonPath = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Show what this host or container really gives: CPUs, memory, platform; each with its source."""
    overrides = options.host_overrides(ctx, cpus=cpus, memory=memory, platform=platform, sku=sku, python=python)
    host = detect(overrides=overrides)
    if output_format is Format.json:
        from advisor.report.envelope import envelope

        answer(envelope("inspect", inspect_json(host)) + "\n")
    else:
        answer(inspect_text(host, width()) + "\n")
