"""The options that say which server is measured, shared by the measuring commands, and the server that they mean."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.measure.server_spec import ServerSpec

GunicornArguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="GUNICORN-ARGS", help="Gunicorn's own arguments, after two dashes: -- -w 3 -k gevent"),
]
Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration to start.", metavar="FILE")]
App = Annotated[
    str | None,
    typer.Option(
        "--app", help="The app to serve; else the configuration's, else the sample app.", metavar="MODULE:VAR"
    ),
]
Chdir = Annotated[Path | None, typer.Option("--chdir", help="Where Gunicorn is started.", metavar="DIR")]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Measure a server that already runs, instead of starting one.", metavar="URL"),
]


def _typed(ctx: typer.Context, parameter: typer.CallbackParam, value: str | None) -> str | None:
    """Refuse what comes from a file: whoever runs gcadvise says so, not whoever wrote the directory's settings."""
    source = ctx.get_parameter_source(parameter.name or "")
    if source is not None and source.name == "DEFAULT_MAP":
        raise BadInput(
            "--i-am-allowed-to-load is set in gcadvise.toml or pyproject.toml",
            why="a file that came with a directory cannot know what you may do",
            hint="take it out of the file, and type it",
        )
    return value


AllowedHost = Annotated[
    str | None,
    typer.Option(
        "--i-am-allowed-to-load",
        help="Needed for a --url on another machine: its host.",
        metavar="HOST",
        callback=_typed,
    ),
]

# Gunicorn's own arguments that make it more than the sample app on its defaults.
_NAMES_AN_APP = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*(\(.*\))?")
# Gunicorn takes ``application`` of a module where no variable is named, and calls a factory.
_APP = re.compile(r"[^\W\d][\w.]*(:[^\W\d]\w*(\(.*\))?)?")
# What Gunicorn reads unasked in the directory where it starts (config.py, get_default_config_file).
_USUAL_CONFIG = "gunicorn.conf.py"
# The settings by which a configuration names an app, and a variable that holds flags.
_NAMES_IN_A_CONFIG = re.compile(r"\b(wsgi_app|paste)\b")
_FLAGS_VARIABLE = "GUNICORN_CMD_ARGS"


def server_spec(
    arguments: list[str], config: Path | None, app: str | None, chdir: Path | None, python: str | None
) -> ServerSpec:
    """The server that the user means: their own as they would start it, or Gunicorn's defaults on the sample app.

    Raises BadInput when the app, the configuration, the directory or the Python cannot be used.
    """
    from advisor.measure.server_spec import ServerSpec

    if app is not None and _APP.fullmatch(app) is None:
        raise BadInput(
            f"{app!r} is not an app", why="an app is a module and a variable in it", hint="write it as shop:app"
        )
    if config is not None:
        _check_config(config)
    if config is None and app is None and chdir is None and not arguments:
        return ServerSpec(python=served_python(python, users_own=False))
    users_own = config is not None or app is not None or any(map(_names_own, arguments))
    return ServerSpec(
        python=served_python(python, users_own=users_own),
        app=app,
        config=config,
        arguments=tuple(arguments),
        chdir=chdir or Path.cwd(),
        environment=dict(os.environ),
    )


def _check_config(config: Path) -> None:
    try:
        is_file = config.is_file()
    except OSError as error:  # in a directory that may not be looked into
        why = error.strerror or str(error)
        raise BadInput(f"{config} cannot be read", why=why, hint="check the path and who may read it") from error
    if not is_file:
        raise BadInput(f"{config} is not a file", why="--config names a configuration", hint="check the path")


def served_python(given: str | None, *, users_own: bool) -> str:
    """The Python that serves: the one given; else, for the user's own app, that of VIRTUAL_ENV; else our own."""
    if given is None and not users_own:
        return sys.executable
    from advisor.facts import Origin
    from advisor.host.interpreter import find_python
    from advisor.host.overrides import given_python
    from advisor.host.system import System

    python, _ = find_python(System(), None if given is None else given_python(given, Origin.FLAG))
    return sys.executable if python.value is None else python.value.path


def serves_sample_app(spec: ServerSpec) -> bool:
    """Whether nothing names another app, so far as can be told before the server runs."""
    if spec.app is not None or any(map(_names_an_app, spec.arguments)):
        return False
    flags = spec.environment.get(_FLAGS_VARIABLE, "").split()
    if any(map(_names_own, flags)):
        return False
    files = [spec.directory / _USUAL_CONFIG if spec.config is None else spec.config]
    files += [spec.directory / name for name in _configs_in(spec.arguments)]
    return not any(_NAMES_IN_A_CONFIG.search(_text(file)) for file in files)


def _configs_in(arguments: tuple[str, ...]) -> list[str]:
    """The configurations that Gunicorn's own arguments name."""
    found: list[str] = []
    for index, argument in enumerate(arguments):
        if argument in ("-c", "--config"):
            found += arguments[index + 1 : index + 2]
        elif argument.startswith("--config="):
            found.append(argument.partition("=")[2])
        elif argument.startswith("-c") and not argument.startswith("--"):
            found.append(argument[2:])
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # Gunicorn will say so itself, when it is meant to exist
        return ""


def _names_an_app(argument: str) -> bool:
    return argument.startswith("--paste") or _NAMES_AN_APP.fullmatch(argument) is not None


def _names_own(argument: str) -> bool:
    """Whether an argument of Gunicorn's names the user's app or configuration."""
    return argument.startswith(("-c", "--config")) or _names_an_app(argument)
