"""The entry point: finds the command, loads only its module, and turns errors into three lines and an exit code.

Exit codes: 0 done and fine; 1 ran, and the answer is no; 2 could not run; 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from gunicorn_conf.errors import GcadviseError

if TYPE_CHECKING:
    from click import Command, Context

# Command -> its line in the overview. The module is advisor.cli.<command>; it holds a function of the same name.
COMMANDS = {
    "inspect": "Show what this host or container really gives: CPUs, memory, platform.",
    "recommend": "Say how Gunicorn should be configured here, and why; write the file; prove it.",
    "concurrency": "Show how many requests a configuration really serves at once.",
}


class _LazyGroup(TyperGroup):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _load(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        for name in COMMANDS:  # the names alone, for "did you mean"
            self.commands.setdefault(name, _summary(name))
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Context, formatter: Any) -> None:
        self.commands = {name: _summary(name) for name in COMMANDS}
        super().format_help(ctx, formatter)


def _load(name: str) -> Command:
    module = importlib.import_module(f"advisor.cli.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name=name, help=getattr(module, name).__doc__, context_settings=getattr(module, "CONTEXT", None))(
        getattr(module, name)
    )
    return typer.main.get_command(app)


def flags(command: str) -> dict[str, str]:
    """The long flags of a command, without their dashes, and the parameter that each sets."""
    found = {}
    for parameter in _load(command).params:
        for flag in parameter.opts:
            if flag.startswith("--") and parameter.name:
                found[flag.removeprefix("--")] = parameter.name
    return found


def _summary(name: str) -> Command:
    app = typer.Typer(add_completion=False)
    app.command(name=name, help=COMMANDS[name])(lambda: None)
    return typer.main.get_command(app)


app = typer.Typer(
    name="gcadvise",
    cls=_LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    help="Says how Gunicorn should be configured on this machine and why, and proves it by measuring.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from advisor import __version__

        typer.echo(f"gcadvise {__version__}")
        raise typer.Exit


@app.callback()
def _gcadvise(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show Python's traceback with an error.")
    ] = False,
) -> None:
    from advisor.cli.settings_file import defaults_from_files

    ctx.default_map = defaults_from_files()


def main() -> None:
    """Run the command line; the process ends here."""
    show_traceback = "--traceback" in sys.argv[1:]
    try:
        typer.main.get_command(app)(prog_name="gcadvise")
    except GcadviseError as error:
        if show_traceback:
            raise
        _show_error(error)
        sys.exit(2)
    except Exception as error:
        if show_traceback:
            raise
        _show_error(
            GcadviseError(
                f"something unexpected went wrong: {type(error).__name__}: {error}",
                why="this is a defect in gcadvise",
                hint="run it again with gcadvise --traceback ... and report what it prints",
            )
        )
        sys.exit(2)


def _show_error(error: GcadviseError) -> None:
    typer.echo(f"Error: {error}", err=True)
    if error.why:
        typer.echo(f"  Why: {error.why}", err=True)
    if error.hint:
        typer.echo(f"  Fix: {error.hint}", err=True)
    log = getattr(error, "log", "")
    if log:
        typer.echo("  Gunicorn's log:", err=True)
        for line in log.rstrip().splitlines():
            typer.echo(f"    {line}", err=True)


if __name__ == "__main__":
    main()
