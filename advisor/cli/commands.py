"""The commands: their names, their lines in the overview, and their modules, imported only when they are needed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typer._click.core import Command  # a type alone; Typer has no public name for it

# Command -> its line in the overview. The module is advisor.cli.<command>; it holds a function of the same name.
COMMANDS = {
    "inspect": "Show what this host or container really gives: CPUs, memory, platform.",
    "recommend": "Say how Gunicorn should be configured here, and why; write the file; prove it.",
    "profile": "Measure what one request of an app costs (CPU, waiting) and what one worker weighs.",
    "concurrency": "Show how many requests a configuration really serves at once.",
    "bench": "Measure throughput and latency of one configuration, and whether to believe the figures.",
    "compare": "Show which of several configurations serves more, by how much, and how sure that is.",
    "tune": "Find the best configuration of an app by measuring, in as few runs as it takes.",
    "validate": "Find what is wrong with a configuration of Gunicorn, and mend it.",
    "apply": "Change an existing gunicorn.conf.py, one reviewed group of settings at a time.",
    "startup": "Write what a platform needs to start Gunicorn: App Service, Docker, systemd, and others.",
    "rule": "Explain a rule of validate, a setting of Gunicorn, or a platform.",
}


def load(name: str) -> Command:
    """The command, with its module imported."""
    module = importlib.import_module(f"advisor.cli.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(
        name=name,
        cls=getattr(module, "COMMAND", None),
        help=getattr(module, name).__doc__,
        context_settings=getattr(module, "CONTEXT", None),
    )(getattr(module, name))
    return typer.main.get_command(app)


def flags(command: str) -> dict[str, str]:
    """The long flags of a command, without their dashes, and the parameter that each sets."""
    found = {}
    for parameter in load(command).params:
        for flag in parameter.opts:
            if flag.startswith("--") and parameter.name:
                found[flag.removeprefix("--")] = parameter.name
    return found


def repeatable(command: str) -> frozenset[str]:
    """The long flags of a command, without their dashes, that may be given more than once."""
    return frozenset(
        flag.removeprefix("--")
        for parameter in load(command).params
        for flag in parameter.opts
        if flag.startswith("--") and getattr(parameter, "multiple", False)
    )


def summary(name: str) -> Command:
    """The command's name and line alone, for the overview."""
    app = typer.Typer(add_completion=False)
    app.command(name=name, help=COMMANDS[name])(lambda: None)
    return typer.main.get_command(app)
