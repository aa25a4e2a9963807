"""Finds the apps in a directory: those that its own files start, else those that its modules hold. Executes nothing.

First a gunicorn.conf.py, a Procfile, a Dockerfile and their like that name an app; then the files that platforms look
for, in their order (gunicorn_conf.read.oryx; Elastic Beanstalk takes ``application.py``, Cloud Run's examples
``main.py``); then every other module at the top and in the packages there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gunicorn_conf.assemble.module_apps import ModuleApp, kind_of_target, module_apps, origin
from gunicorn_conf.assemble.subjects import assemble
from gunicorn_conf.read.files import SourceFile, kind_of, read
from gunicorn_conf.read.oryx import framework
from gunicorn_conf.read.start import Files
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import Known

# App Service's own order, then the names that FastAPI projects use besides.
_PLATFORM_MODULES = ("application", "app", "run", "index", "server", "wsgi", "main", "asgi", "api")
# Modules at the top of a project that are never its app.
_NO_APPS = frozenset({"setup", "conftest", "manage", "noxfile", "tasks", "fabfile", "gunicorn_conf"})
_NO_PACKAGES = frozenset({"tests", "test", "docs", "venv", "env", "antenv", "node_modules", "__pycache__"})
# A directory with more modules than this is no app's own.
_MOST_FILES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundApp:
    """An app in a directory."""

    target: str
    kind: str | None
    """``wsgi`` or ``asgi``; None where the source does not tell."""
    framework: str | None
    """Such as ``flask``, where its module imports one."""
    where: str
    """How it was found: ``named in Procfile``, ``found in app.py``."""
    directory: Path
    """Where its module is imported from."""


def find_apps(directory: Path) -> tuple[FoundApp, ...]:
    """The different apps of a directory, in the order in which platforms would take them.

    More than one means that nothing says which. Raises OSError when the directory cannot be read.
    """
    files = own_files(directory)
    return _named(directory, files) or _held(directory, Files(files))


def target_kind(target: str, directory: Path) -> str | None:
    """``wsgi``, ``asgi`` or ``factory`` for an app that was named; None where its source does not tell.

    ``factory`` is a function that makes the app and is not called in the target. Raises OSError when the directory
    cannot be read.
    """
    return kind_of_target(target, Files(own_files(directory)))


def own_files(directory: Path) -> list[SourceFile]:
    """The files of the directory itself that a reader understands, and the modules of its packages."""
    found: list[SourceFile] = []
    entries = sorted(directory.iterdir())
    packages = [entry for entry in entries if _is_package(entry)]
    for path in (*entries, *(module for package in packages for module in _modules(package))):
        name = path.relative_to(directory).as_posix()
        source = read(path, name) if len(found) < _MOST_FILES else None
        if source is not None and (path.suffix == ".py" or kind_of(name, source.text) is not None):
            found.append(source)
    return found


def _is_package(path: Path) -> bool:
    if path.name in _NO_PACKAGES or path.name.startswith("."):
        return False
    try:
        return any((path / name).is_file() for name in ("__init__.py", "wsgi.py", "asgi.py"))
    except OSError:  # a directory that others keep to themselves, such as lost+found at the top of a volume
        return False


def _modules(package: Path) -> list[Path]:
    try:
        return sorted(path for path in package.iterdir() if path.suffix == ".py")
    except OSError:
        return []


def _named(directory: Path, files: list[SourceFile]) -> tuple[FoundApp, ...]:
    """The apps that the directory's files start, so far as their modules are there."""
    found: dict[tuple[Path, str, str], FoundApp] = {}
    for subject in assemble(files):
        target, where = _target(subject)
        if target is None:
            continue
        module, _, variable = target.partition(":")
        for folder in _folders(directory, subject):
            if _has_module(folder, module):
                known = Files(files if folder == directory else own_files(folder))
                kind = kind_of_target(target, known)
                name = variable.partition("(")[0] or "application"
                app = FoundApp(
                    target=f"{target}()" if kind == "factory" else target,
                    kind=kind if kind in ("wsgi", "asgi") else _kind_of_worker(subject),
                    framework=_framework(folder, module),
                    where=f"named in {where}",
                    directory=folder,
                )
                found.setdefault((folder, *origin(module, name, known)), app)
                break
    return tuple(found.values())


def _target(subject: Subject) -> tuple[str | None, str]:
    command = subject.command
    if command is not None and command.app is not None:
        value = command.app.value if isinstance(command.app, Known) else None
        return (value, command.place.path) if isinstance(value, str) and value else (None, "")
    value = subject.config.known("wsgi_app")
    given = subject.config.get("wsgi_app")
    if not isinstance(value, str) or not value or given is None:
        return None, ""
    return value, given.place.path


def _folders(directory: Path, subject: Subject) -> Iterator[Path]:
    """Where the modules may be: here, or where the command goes first."""
    yield directory
    changes = [subject.config.known("chdir"), None if subject.command is None else subject.command.directory]
    for change in changes:
        if isinstance(change, str) and change:
            yield directory / change.lstrip("/")


def _has_module(folder: Path, module: str) -> bool:
    path = folder / module.replace(".", "/")
    return path.with_name(path.name + ".py").is_file() or (path / "__init__.py").is_file()


def _kind_of_worker(subject: Subject) -> str | None:
    """The interface that the worker class takes, where the class says it."""
    worker = subject.config.known("worker_class")
    return "asgi" if isinstance(worker, str) and (worker == "asgi" or "uvicorn" in worker.lower()) else None


def _held(directory: Path, files: Files) -> tuple[FoundApp, ...]:
    """The apps that modules hold: of the first group of modules that hold any."""
    top = [file.path.removesuffix(".py") for file in files.all if file.path.endswith(".py") and "/" not in file.path]
    packages = list(dict.fromkeys(file.path.partition("/")[0] for file in files.all if "/" in file.path))
    usual = [name for name in _PLATFORM_MODULES if name in top]
    projects = [app for package in packages for app in _project(directory, package, files)]
    found = _different([*projects, *_apps_of(usual, files)])
    if not found:
        found = _certain(_apps_of((name for name in top if _may_hold(name)), files))
    if not found:
        inner = [f"{package}.{name}" for package in packages for name in _PLATFORM_MODULES]
        found = _certain(_apps_of((*inner, *packages), files))
    return tuple(_found(app, directory) for app in found)


def _found(app: ModuleApp, directory: Path) -> FoundApp:
    module = app.target.partition(":")[0]
    return FoundApp(
        target=app.target,
        kind=app.kind,
        framework=_framework(directory, module),
        where=f"found in {_file(directory, module)}",
        directory=directory,
    )


def _apps_of(modules: Iterable[str], files: Files) -> list[ModuleApp]:
    return [app for module in modules for app in module_apps(module, files)]


def _may_hold(name: str) -> bool:
    return name.isidentifier() and name not in _NO_APPS and not name.startswith("test_")


def _project(directory: Path, package: str, files: Files) -> tuple[ModuleApp, ...]:
    """The app of a Django project, a folder with ``wsgi.py`` (or ``asgi.py`` alone), as App Service finds it."""
    for name in ("wsgi", "asgi"):
        if (directory / package / f"{name}.py").is_file():
            return module_apps(f"{package}.{name}", files)[:1]
    return ()


def _different(apps: Iterable[ModuleApp]) -> list[ModuleApp]:
    """One of each origin; an app rather than the function that makes it, and no guesses where something is certain."""
    found: dict[tuple[str, str], ModuleApp] = {}
    for app in apps:
        if app.origin not in found or (found[app.origin].target.endswith("()") and not app.target.endswith("()")):
            former = found.get(app.origin)
            found[app.origin] = app if former is None else replace(app, kind=app.kind or former.kind)
    certain = [app for app in found.values() if app.kind is not None]
    return certain or list(found.values())


def _certain(apps: Iterable[ModuleApp]) -> list[ModuleApp]:
    return [app for app in _different(apps) if app.kind is not None]


def _file(directory: Path, module: str) -> str:
    path = module.replace(".", "/")
    return f"{path}.py" if (directory / f"{path}.py").is_file() else f"{path}/__init__.py"


def _framework(directory: Path, module: str) -> str | None:
    source = read(directory / _file(directory, module))
    return None if source is None else framework(source.text)
