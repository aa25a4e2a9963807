"""The options that say which app is measured, shared by the commands that measure one, and the app that they mean."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.progress import progress
from advisor.units import count
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.load.spec import LoadRequest
    from advisor.measure.server_spec import ServerSpec
    from gunicorn_conf.assemble.find_apps import FoundApp

App = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        help="module:variable or module:factory(); else the app that is found in the directory, else the sample app.",
        show_default=False,
    ),
]
Chdir = Annotated[Path | None, typer.Option("--chdir", help="The directory of the app; else this one.", metavar="DIR")]

# Gunicorn takes ``application`` of a module where no variable is named, and calls a factory.
_APP = re.compile(r"[^\W\d][\w.]*(:[^\W\d]\w*(\(.*\))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInput:
    """The app that is to be measured, and how it is started."""

    target: str
    """``module:variable``."""
    server: ServerSpec
    """Its Python, directory and environment, without what configures Gunicorn; it has no arguments yet."""
    is_asgi: bool
    is_sample: bool
    """Whether it is gcadvise's own, since no app was named and none found."""
    framework: str | None
    requests: tuple[LoadRequest, ...]
    words: tuple[str, ...]
    """What names it, for another command that measures an app: the app itself and the flags that were given."""


def read_app(
    app: str | None,
    *,
    chdir: Path | None,
    python: str | None,
    paths: Sequence[str] | None = None,
    requests: Sequence[str] | None = None,
    headers: Sequence[str] | None = None,
    body_file: Path | None = None,
) -> AppInput:
    """The app that was named, or is found in the directory, or the sample app; says on standard error which.

    An app whose source does not tell whether it is WSGI or ASGI is imported once, in its own Python. Raises BadInput
    when it is not one app, or the directory, the Python or a request cannot be used.
    """
    from advisor.cli.load_options import OTHER_APPS_PATH, SAMPLE_APP_PATH
    from advisor.measure.server_spec import SAMPLE_APP

    directory = Path.cwd() if chdir is None else chdir.absolute()
    found = _given(app, directory) if app is not None else _found(directory, chdir)
    default = SAMPLE_APP_PATH if found is None else OTHER_APPS_PATH
    asked = _requests(paths, requests, headers, body_file, default)
    if found is not None and found.directory != directory:  # a command there goes elsewhere first
        chdir = found.directory
    flags = {"--chdir": chdir, "--python": python, "--path": paths, "--request": requests, "--header": headers}
    given = [word for flag, value in {**flags, "--body-file": body_file}.items() for word in _typed(flag, value)]
    target = SAMPLE_APP if found is None else found.target
    server = _server(target, None if found is None else found.directory, python)
    if found is None:
        progress(f"No app is named, and none was found in {directory}: this measures gcadvise's sample app.")
        is_asgi = False
    else:
        interface = _interface(found, server)
        is_asgi = interface == "asgi"
        progress(_described(found, interface))
    return AppInput(
        target=target,
        server=server,
        is_asgi=is_asgi,
        is_sample=found is None,
        framework="flask" if found is None else found.framework,
        requests=asked,
        words=tuple(given if found is None else (target, *given)),
    )


def _typed(flag: str, value: Sequence[str] | str | Path | None) -> list[str]:
    """The flag with its values, as they were typed."""
    if value is None:
        return []
    values = [str(value)] if isinstance(value, (str, Path)) else value
    return [word for each in values for word in (flag, each)]


def _given(app: str, directory: Path) -> FoundApp:
    """The app that was named, with what its source tells."""
    from gunicorn_conf.assemble.find_apps import FoundApp, target_kind

    if _APP.fullmatch(app) is None:
        raise BadInput(
            f"{app!r} is not an app",
            why="an app is a module and a variable in it, or a function that makes it",
            hint="write it as shop:app or 'shop:create_app()'",
        )
    try:
        kind = target_kind(app, directory)
    except OSError as error:
        raise _unreadable(directory, error) from error
    target = app
    if kind == "factory":
        target, kind = f"{app}()", target_kind(f"{app}()", directory)
        progress(f"{app} is a function that makes the app; {target} is measured.")
    return FoundApp(target=target, kind=kind, framework=None, where="", directory=directory)


def _found(directory: Path, chdir: Path | None) -> FoundApp | None:
    """The one app of the directory; asks on a terminal which of several; None where there is none and none is meant."""
    from gunicorn_conf.assemble.find_apps import find_apps

    try:
        apps = find_apps(directory)
    except OSError as error:
        raise _unreadable(directory, error) from error
    if len(apps) == 1:
        return apps[0]
    if not apps:
        if chdir is None:
            return None
        raise BadInput(
            f"no app was found in {chdir}",
            why="no file there names one, and no module holds one under a usual name",
            hint="name it, as in shop:app",
        )
    if sys.stdin.isatty() and sys.stderr.isatty():
        return _ask(apps)
    listed = ", ".join(f"{each.target} ({each.where})" for each in apps)
    raise BadInput(
        f"{count(len(apps), 'app')} were found in {directory}, and nothing says which",
        why=listed,
        hint=f"name one, as in {apps[0].target}",
    )


def _ask(apps: Sequence[FoundApp]) -> FoundApp:
    typer.echo("Which app?", err=True)
    for number, each in enumerate(apps, 1):
        typer.echo(f"  {number}  {each.target}, {each.where}", err=True)
    while True:
        chosen = typer.prompt(f"1 to {len(apps)}", err=True).strip()
        if chosen.isascii() and chosen.isdecimal() and 1 <= int(chosen) <= len(apps):
            return apps[int(chosen) - 1]


def _unreadable(directory: Path, error: OSError) -> BadInput:
    return BadInput(
        f"{directory} cannot be read", why=error.strerror or str(error), hint="give the app's directory with --chdir"
    )


def _requests(
    paths: Sequence[str] | None,
    requests: Sequence[str] | None,
    headers: Sequence[str] | None,
    body_file: Path | None,
    default_path: str,
) -> tuple[LoadRequest, ...]:
    """What is requested, checked before anything is started."""
    from advisor.cli import load_options

    return load_options.trial_plan(
        paths=paths,
        requests=requests,
        headers=headers,
        body_file=body_file,
        clients=1,
        rate=None,
        arrivals=load_options.ArrivalsName.poisson,
        keep_alive=False,
        seconds=load_options.DEFAULT_SECONDS,
        warm_up=0.0,
        timeout=1.0,
        generators=1,
        seed=0,
        default_path=default_path,
    ).requests


def _server(target: str, directory: Path | None, python: str | None) -> ServerSpec:
    from advisor.cli.server_options import served_python
    from advisor.measure.server_spec import ServerSpec, own_environment

    return ServerSpec(
        python=served_python(python, users_own=directory is not None),
        app=target,
        chdir=directory,
        environment=own_environment(),
    )


def _interface(found: FoundApp, server: ServerSpec) -> str | None:
    """``wsgi`` or ``asgi``: what the source tells, else what the app shows once it is imported; None where it fails."""
    if found.kind is not None:
        return found.kind
    from advisor.measure.profile.ask_app import ask_interface

    progress(f"{found.target}: its source does not tell whether it is WSGI or ASGI; importing it once")
    answer = ask_interface(server.python, found.target, found.directory, server.environment)
    # Of an app that cannot be imported Gunicorn itself will say why, with its log.
    return None if answer.asgi is None else "asgi" if answer.asgi else "wsgi"


_NAMES: Mapping[str | None, str] = {
    "flask": "Flask",
    "django": "Django",
    "fastapi": "FastAPI",
    "starlette": "Starlette",
}


def _described(found: FoundApp, interface: str | None) -> str:
    """One line: which app, what it is, and where it was found."""
    kinds = [_NAMES[found.framework]] if found.framework in _NAMES else []
    kinds.append("taken to be WSGI" if interface is None else interface.upper())
    where = f", {found.where}" if found.where else ""
    return f"App {found.target}: {', '.join(kinds)}{where}"
