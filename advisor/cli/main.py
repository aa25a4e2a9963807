"""The entry point: finds the command, loads only its module, and turns errors into three lines and an exit code.

Exit codes: 0 done and fine; 1 ran, and the answer is no; 2 could not run; 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from advisor.cli.commands import COMMANDS, load, summary
from advisor.cli.settings_file import defaults_from_files
from advisor.cli.streams import make_safe
from gunicorn_conf.errors import GcadviseError

if TYPE_CHECKING:
    from typer._click.core import Command, Context  # types alone; Typer has no public names for them

COULD_NOT_RUN = 2
INTERRUPTED = 130


class _LazyGroup(TyperGroup):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        for name in COMMANDS:  # the names alone, for "did you mean"
            self.commands.setdefault(name, summary(name))
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Context, formatter: Any) -> None:
        self.commands = {name: summary(name) for name in COMMANDS}
        super().format_help(ctx, formatter)


app = typer.Typer(
    name="gcadvise",
    cls=_LazyGroup,
    add_completion=False,
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
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    traceback: Annotated[  # noqa: ARG001
        bool, typer.Option("--traceback", help="Show Python's traceback with an error; may stand anywhere.")
    ] = False,
) -> None:
    ctx.default_map = defaults_from_files(ctx.invoked_subcommand or "")


def main() -> None:
    """Run the command line; the process ends here."""
    make_safe()
    arguments, show_traceback = _without_traceback_flag(sys.argv[1:])
    try:
        code = typer.main.get_command(app)(arguments or ["--help"], prog_name="gcadvise", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        _show_error(GcadviseError("interrupted"))
        sys.exit(INTERRUPTED)
    except Exception as error:
        if show_traceback:
            import traceback

            traceback.print_exc()
        else:
            _show_error(_explained(error))
        sys.exit(COULD_NOT_RUN)
    if code == INTERRUPTED:  # Typer makes an exit code of Ctrl-C within a command
        _show_error(GcadviseError("interrupted"))
    sys.exit(code or (0 if arguments else COULD_NOT_RUN))


def _without_traceback_flag(arguments: list[str]) -> tuple[list[str], bool]:
    """The flag counts before and behind the name of the command; behind ``--`` it is Gunicorn's business."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own = [argument for argument in arguments[:end] if argument != "--traceback"]
    return own + arguments[end:], len(own) < end


def _explained(error: Exception) -> GcadviseError:
    if isinstance(error, GcadviseError):
        return error
    if hasattr(error, "format_message"):  # Typer's errors of usage; their class has moved from release to release
        return _usage_error(error, str(error.format_message()))
    return GcadviseError(
        f"something unexpected went wrong: {type(error).__name__}: {error}",
        why="this is a defect in gcadvise",
        hint="run it again with --traceback and report what it prints",
    )


def _usage_error(error: Exception, what: str) -> GcadviseError:
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    command = "gcadvise" if context is None else context.command_path
    why = ""
    if context is not None and parameter is not None:
        source = context.get_parameter_source(parameter.name)
        if source is not None and source.name == "DEFAULT_MAP":
            why = "the value comes from gcadvise.toml or pyproject.toml"
    return GcadviseError(what.rstrip("."), why=why, hint=f"{command} --help shows what can be given")


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
