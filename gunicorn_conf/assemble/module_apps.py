"""Finds the apps that a module holds, and where a module's app really comes from; parses it, imports nothing."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gunicorn_conf.assemble.app import BoundNames, app_kind, bound_names, find_module, imported_from
from gunicorn_conf.read.start import Files

# The names that frameworks' own tutorials give an app, and a function that makes one.
USUAL_NAMES = ("app", "application", "api")
_FACTORIES = ("create_app", "make_app", "create_application", "make_application", "get_app", "get_application")
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleApp:
    """An app in a module."""

    target: str
    """``module:variable``, or ``module:factory()``."""
    kind: str | None
    """``wsgi`` or ``asgi``; None where the source does not tell."""
    origin: tuple[str, str]
    """The module and the name in it where it is made: two modules with the same one hold the same app."""


def module_apps(module: str, files: Files) -> tuple[ModuleApp, ...]:
    """The apps of a module that is at hand, the likeliest first.

    Of the usual names the first counts, and a function that makes an app where there is no app. Under another name
    only what is certainly an app counts.
    """
    found = find_module(module, files, "", None)
    if found is None:
        return ()
    names = bound_names(found[1])
    bound = {**names.imports, **names.values, **names.functions}
    usual = [_app(module, name, files) for name in USUAL_NAMES if name in bound]
    known = [one for one in usual if one.kind is not None]
    if known or usual:
        return (*known, *usual)[:1]
    others = [_app(module, name, files) for name in names.values if not name.startswith("_")]
    certain = [one for one in others if one.kind is not None]
    if certain:
        return tuple({one.origin: one for one in reversed(certain)}.values())[::-1]
    factories = [name for name in _FACTORIES if app_kind(f"{module}:{name}", files, None) == "factory"]
    return tuple(_app(module, f"{name}()", files) for name in factories[:1])


def kind_of_target(target: str, files: Files) -> str | None:
    """``wsgi``, ``asgi`` or ``factory`` for ``module:variable``, also where another module's factory makes it."""
    kind = app_kind(target, files, None)
    if kind is not None:
        return kind
    module, _, variable = target.partition(":")
    inner, name = origin(module, variable.partition("(")[0] or "application", files)
    made = app_kind(f"{inner}:{name}()", files, None)
    return made if made in ("wsgi", "asgi") else None


def origin(module: str, name: str, files: Files) -> tuple[str, str]:
    """The module and the name where an app is made, as far as the modules at hand show it."""
    for _ in range(_DEEPEST):
        found = find_module(module, files, "", None)
        step = None if found is None else _one_step(module, found[0], bound_names(found[1]), name)
        if step is None or find_module(step[0], files, "", None) is None:
            break
        module, name = step
    return module, name


def _one_step(module: str, path: str, names: BoundNames, name: str) -> tuple[str, str] | None:
    """Where a name's value comes from: an import, another name, or a function that is called."""
    value = names.values.get(name)
    if isinstance(value, ast.Call):
        value = value.func
    if isinstance(value, ast.Name) and value.id != name:
        if value.id in names.imports:
            return imported_from(names.imports[value.id], module, path)
        if value.id in names.functions or value.id in names.values:
            return module, value.id
    if name in names.imports and name not in names.values:
        return imported_from(names.imports[name], module, path)
    return None


def _app(module: str, variable: str, files: Files) -> ModuleApp:
    target = f"{module}:{variable}"
    kind = kind_of_target(target, files)
    return ModuleApp(
        target=target,
        kind=kind if kind in ("wsgi", "asgi") else None,
        origin=origin(module, variable.removesuffix("()"), files),
    )
