"""Finds out which app is to be started, and as what: given, or found in the directory as App Service finds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.facts import Fact, Origin
from gunicorn_conf.assemble.app import app_kind
from gunicorn_conf.assemble.requirements import by_folder, requirements_of
from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.files import SourceFile, kind_of, read
from gunicorn_conf.read.oryx import FASTAPI_SINCE, OryxStart, find_app, framework, oryx_start, read_text
from gunicorn_conf.read.start import Files
from gunicorn_conf.write.startup import App, AppKind

# A directory with more modules than this is no app's own.
_MOST_FILES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What the app's directory says."""

    app: App
    oryx: OryxStart
    gunicorn: Fact[str] | None
    """The release of Gunicorn that its requirements name."""
    notes: tuple[str, ...]


def read_project(directory: Path, given: str | None, *, asgi: bool | None, python: tuple[int, int] | None) -> Project:
    """The app in ``directory``, or the one that was ``given`` as ``module:variable``.

    Raises BadInput when none is given and none is found, or the directory cannot be read.
    """
    try:
        oryx = oryx_start(directory, python)
        found = find_app(directory, python) if given is None else None
        files = _files(directory)
    except OSError as error:
        raise BadInput(
            f"{directory} cannot be read",
            why=error.strerror or str(error),
            hint="give the app's directory with --chdir",
        ) from error
    notes: list[str] = []
    if found is not None:
        since = "" if oryx.file else f" from Python {'.'.join(map(str, FASTAPI_SINCE))} on"
        where = f"found in {found.file}, as App Service finds it{since}"
        app = App(target=found.target, kind=_kind(asgi, found.is_asgi), framework=found.framework, source=where)
    elif given is not None:
        app = _given(given.strip(), directory, files, asgi, notes)
    else:
        raise BadInput(
            f"no app was found in {directory}",
            why="there is no wsgi.py in a direct subdirectory, and no app.py, main.py or another file that App Service "
            "looks for",
            hint="name the app, as in module:variable, or its directory with --chdir",
        )
    return Project(app=app, oryx=oryx, gunicorn=_gunicorn(files), notes=tuple(notes))


def _kind(asgi: bool | None, found: bool) -> AppKind:
    return AppKind.ASGI if (found if asgi is None else asgi) else AppKind.WSGI


def _given(target: str, directory: Path, files: list[SourceFile], asgi: bool | None, notes: list[str]) -> App:
    try:
        target.encode()
    except UnicodeEncodeError as error:
        raise _no_app(target, "it is not valid Unicode") from error
    if not target or "\0" in target:
        raise _no_app(target, "it is empty")
    module = target.partition(":")[0].replace(".", "/")
    text = ""
    if module and not module.startswith("/"):
        text = read_text(directory / f"{module}.py") or read_text(directory / module / "__init__.py")
    seen = app_kind(target, Files(files), None)
    if seen == "factory":
        notes.append(f"{target} looks like a function that makes the app; Gunicorn then needs {target}().")
    known = framework(text)
    is_asgi = seen == "asgi" or (seen is None and known in ("fastapi", "starlette"))
    source = "given; taken to be WSGI, --asgi says otherwise" if seen is None and not known else "given"
    return App(
        target=target, kind=_kind(asgi, is_asgi), framework=known, source="given" if asgi is not None else source
    )


def _no_app(target: str, why: str) -> BadInput:
    return BadInput(f"{target!r} is not an app", why=why, hint="name it as module:variable, as in app:app")


def _files(directory: Path) -> list[SourceFile]:
    """The modules and the requirements at the top of the directory and in its packages, by their relative paths."""
    found: list[SourceFile] = []
    folders = [directory, *sorted(entry for entry in directory.iterdir() if (entry / "__init__.py").is_file())]
    for folder in folders:
        for path in sorted(folder.iterdir()):
            name = path.relative_to(directory).as_posix()
            if len(found) < _MOST_FILES and (path.suffix == ".py" or kind_of(name, "") == "requirements"):
                source = read(path, name)
                found += [source] if source is not None else []
    return found


def _gunicorn(files: list[SourceFile]) -> Fact[str] | None:
    declaring = [file for file in files if kind_of(file.path, file.text) == "requirements"]
    _, release, source = requirements_of(by_folder(declaring), "")
    return None if release is None else Fact(value=str(release), source=source, origin=Origin.DETECTED)
