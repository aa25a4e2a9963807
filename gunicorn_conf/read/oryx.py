"""Finds the app in a directory by the files and in the order that Oryx, App Service's build system, uses.

Source: microsoft/Oryx d91d836 (2026-08-06), src/startupscriptgenerator/src/python/frameworks.go. Nothing is executed.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Oryx looks for FastAPI from this Python on (pull request 2904, 2026-04-29).
FASTAPI_SINCE = (3, 14)
UVICORN_WORKER = "uvicorn_worker.UvicornWorker"

_FASTAPI_FILES = ("main.py", "app.py", "application.py", "server.py", "asgi.py", "api.py", "index.py", "run.py")
_WSGI_FILES = ("application.py", "app.py", "run.py", "index.py", "server.py", "wsgi.py")
# The name that Oryx gives the virtual environment it makes; others as people make them.
_ENVIRONMENTS = frozenset({"antenv", "venv", ".venv", "env", "__oryx_packages__"})
_OBJECTS = ("app", "application", "api")
_LARGEST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OryxStart:
    """What Oryx starts when there is no startup command."""

    detector: str | None
    """``Django``, ``FastAPI``, ``Flask`` (any WSGI app); None: it finds nothing and starts a page of its own."""
    arguments: str
    """The end of its ``gunicorn`` command."""
    file: str | None
    """Where it found the app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundApp:
    """An app in a directory."""

    target: str
    framework: str | None
    is_asgi: bool
    file: str


def oryx_start(directory: Path, python: tuple[int, int] | None) -> OryxStart:
    """What Oryx starts from a directory on this Python; an unknown Python counts as an old one, without FastAPI.

    Raises OSError when the directory cannot be read.
    """
    package = _django(directory)
    if package is not None:
        return OryxStart(detector="Django", arguments=f"{package}.wsgi", file=f"{package}/wsgi.py")
    if python is not None and python >= FASTAPI_SINCE:
        name = _fastapi(directory)
        if name is not None:
            return OryxStart(detector="FastAPI", arguments=f"-k {UVICORN_WORKER} {_stem(name)}:app", file=name)
    name = next((name for name in _WSGI_FILES if (directory / name).is_file()), None)
    if name is not None:
        return OryxStart(detector="Flask", arguments=f"{_stem(name)}:app", file=name)
    return OryxStart(detector=None, arguments="application:app", file=None)


def find_app(directory: Path, python: tuple[int, int] | None) -> FoundApp | None:
    """The app that Oryx starts, by the name and the interface that it really has; FastAPI on an older Python too.

    Raises OSError when the directory cannot be read.
    """
    start = oryx_start(directory, python)
    name = start.file or _fastapi(directory)
    if name is None:
        return None
    if start.detector == "Django":
        return FoundApp(target=start.arguments, framework="django", is_asgi=False, file=name)
    text = read_text(directory / name)
    found = framework(text)
    variable = _variable(text)
    return FoundApp(
        target=f"{_stem(name)}:{variable}", framework=found, is_asgi=found in ("fastapi", "starlette"), file=name
    )


def framework(text: str) -> str | None:
    """The framework that a module imports: ``flask``, ``django``, ``fastapi``, ``starlette`` or None."""
    imported = set(_imported(text))
    for name in ("flask", "django", "fastapi", "starlette"):  # who has Flask beside FastAPI is Flask, as for Oryx
        if name in imported:
            return name
    return None


def read_text(path: Path) -> str:
    """The beginning of a module; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(_LARGEST_BYTES).decode(errors="replace")
    except OSError:
        return ""


def _django(directory: Path) -> str | None:
    """The first direct subdirectory, by name, that holds ``wsgi.py``."""
    for entry in sorted(directory.iterdir(), key=lambda one: one.name):
        if entry.name not in _ENVIRONMENTS and entry.is_dir() and (entry / "wsgi.py").is_file():
            return entry.name
    return None


def _fastapi(directory: Path) -> str | None:
    for name in _FASTAPI_FILES:
        text = read_text(directory / name) if (directory / name).is_file() else ""
        # As Oryx does: by the text alone.
        if ("from fastapi" in text or "import fastapi" in text) and "from flask" not in text:
            return name
    return None


def _stem(name: str) -> str:
    return name.removesuffix(".py")


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(text: str) -> Iterator[str]:
    tree = _tree(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _variable(text: str) -> str:
    """The app's name: ``app``, which alone Oryx tries, unless only another usual one is bound."""
    tree = _tree(text)
    bound: set[str] = set()
    for node in tree.body if tree is not None else ():
        match node:
            case ast.Assign(targets=targets):
                bound.update(target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                bound.add(name)
            case ast.ImportFrom(names=names):
                bound.update(alias.asname or alias.name for alias in names)
            case _:
                pass
    return next((name for name in _OBJECTS if name in bound), "app")
