"""Tells from the app's source whether it is WSGI, ASGI or a factory; parses it, imports nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gunicorn_conf.read.start import Files
from gunicorn_conf.rules.subject import Command

# What makes an app, by the last parts of its name as it is imported.
_MAKERS: Mapping[str, str] = {
    "fastapi.FastAPI": "asgi", "fastapi.applications.FastAPI": "asgi", "starlette.applications.Starlette": "asgi",
    "quart.Quart": "asgi", "litestar.Litestar": "asgi", "sanic.Sanic": "asgi", "blacksheep.Application": "asgi",
    "blacksheep.server.Application": "asgi", "falcon.asgi.App": "asgi", "robyn.Robyn": "asgi",
    "django.core.asgi.get_asgi_application": "asgi", "channels.routing.ProtocolTypeRouter": "asgi",
    "channels.routing.get_default_application": "asgi", "asgiref.wsgi.WsgiToAsgi": "asgi", "socketio.ASGIApp": "asgi",
    "engineio.ASGIApp": "asgi", "a2wsgi.WSGIMiddleware": "asgi", "connexion.AsyncApp": "asgi",
    "flask.Flask": "wsgi", "flask_openapi3.OpenAPI": "wsgi", "apiflask.APIFlask": "wsgi", "bottle.Bottle": "wsgi",
    "bottle.default_app": "wsgi", "falcon.App": "wsgi", "falcon.API": "wsgi", "pyramid.config.Configurator": "wsgi",
    "django.core.wsgi.get_wsgi_application": "wsgi", "webapp2.WSGIApplication": "wsgi", "web.application": "wsgi",
    "a2wsgi.ASGIMiddleware": "wsgi", "werkzeug.middleware.dispatcher.DispatcherMiddleware": "wsgi",
    "werkzeug.middleware.proxy_fix.ProxyFix": "wsgi", "whitenoise.WhiteNoise": "wsgi", "socketio.WSGIApp": "wsgi",
    "paste.deploy.loadapp": "wsgi", "sample_app.create_app": "wsgi",
}  # fmt: skip
_LARGEST_CHARACTERS = 512 * 1024
_DEEPEST = 3
# gunicorn/util.py, import_app: the variable of "module" alone.
_DEFAULT_VARIABLE = "application"


def app_kind(target: object, files: Files, command: Command | None) -> str | None:
    """``wsgi``, ``asgi`` or ``factory`` for ``module:variable``; None where the source does not tell."""
    if not isinstance(target, str) or not target:
        return None
    module, _, variable = target.partition(":")
    beside = command.place.path if command is not None else ""
    directory = command.directory if command is not None else None
    return _kind(module, variable or _DEFAULT_VARIABLE, files, beside, directory, 0)


def _kind(module: str, variable: str, files: Files, beside: str, directory: str | None, depth: int) -> str | None:
    found = find_module(module, files, beside, directory)
    if found is None or depth > _DEEPEST:
        return None
    path, tree = found
    called = variable.endswith(")")
    name = variable.partition("(")[0]
    names = bound_names(tree)
    function = names.functions.get(name)
    if function is not None:
        return _of_returned(function, names) if called else _of_function(function)
    value = names.values.get(name)
    if value is not None and not called:
        return _of_value(value, names)
    imported = names.imports.get(name)
    source = None if imported is None else imported_from(imported, module, path)
    if source is not None:
        inner, attribute = source
        return _kind(inner, attribute + ("()" if called else ""), files, beside, directory, depth + 1)
    return None


def imported_from(imported: str, module: str, path: str) -> tuple[str, str] | None:
    """The module and the name in it of what ``module``, the file at ``path``, imports; None for a whole module."""
    dots = len(imported) - len(imported.lstrip("."))
    if "." not in imported[dots:]:
        return None
    inner, _, attribute = imported[dots:].rpartition(".")
    if dots:
        package = module.split(".")
        if not path.endswith("__init__.py"):
            package = package[:-1]
        inner = ".".join([*package[: len(package) - dots + 1], inner])
    return inner, attribute


def find_module(module: str, files: Files, beside: str, directory: str | None) -> tuple[str, ast.Module] | None:
    """The file of a module that is at hand, and what it holds; None where it is not, or cannot be parsed."""
    path = module.replace(".", "/")
    for candidate in (f"{path}.py", f"{path}/__init__.py"):
        file = files.find(candidate, beside=beside, directory=directory)
        # A file of the same name in another package is another module.
        if file is None or not f"/{file.path}".endswith(f"/{candidate}") or len(file.text) > _LARGEST_CHARACTERS:
            continue
        tree = files.parsed(file)
        if tree is not None:
            return file.path, tree
    return None


@dataclass(slots=True)
class BoundNames:
    """What a module binds at its top level; an import as ``module.name``, with the dots of a relative one."""

    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)


def bound_names(tree: ast.Module) -> BoundNames:
    """The names of a module, the last binding of each."""
    names = BoundNames()
    for node in _statements(tree.body):
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    names.imports[bound] = alias.name if alias.asname else bound
            case ast.ImportFrom():
                for alias in node.names:
                    names.imports[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names.functions[node.name] = node
            case ast.Assign():
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        names.values[target.id] = node.value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names.values[name] = value
            case _:
                pass
    return names


def _statements(body: Sequence[ast.stmt], depth: int = 0) -> Iterator[ast.stmt]:
    """The statements of a module, those within ``if``, ``try`` and ``with`` too."""
    for node in body:
        yield node
        if depth < _DEEPEST and isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(node.body, depth + 1)
            if isinstance(node, ast.If | ast.Try):
                yield from _statements(node.orelse, depth + 1)


def _of_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """A function as the app itself: by its parameters."""
    arguments = function.args
    count = len(arguments.posonlyargs) + len(arguments.args)
    needed = count - len(arguments.defaults)
    if function.decorator_list:
        return None
    if isinstance(function, ast.AsyncFunctionDef):
        return "asgi" if needed == 3 else None
    if arguments.vararg is not None:
        return None
    if count == 2 and needed == 2:
        return "wsgi"
    return "factory" if needed == 0 and not any(one is None for one in arguments.kw_defaults) else None


def _of_returned(function: ast.FunctionDef | ast.AsyncFunctionDef, names: BoundNames) -> str | None:
    """A factory that is called: by what it returns."""
    inner = BoundNames(imports=dict(names.imports), functions=names.functions, values=dict(names.values))
    returned: list[ast.expr] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    inner.values.setdefault(target.id, node.value)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner.imports[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
        elif isinstance(node, ast.Return) and node.value is not None:
            returned.append(node.value)
    kinds = {_of_value(value, inner) for value in returned}
    return kinds.pop() if len(kinds) == 1 else None


def _of_value(value: ast.expr, names: BoundNames, depth: int = 0) -> str | None:
    if depth > _DEEPEST:
        return None
    if isinstance(value, ast.Name):
        known = names.values.get(value.id)
        return _of_value(known, names, depth + 1) if known is not None and known is not value else None
    if isinstance(value, ast.Call):
        dotted = _dotted(value.func, names)
        if dotted in _MAKERS:
            made = _MAKERS[dotted]
            # Configurator(...).make_wsgi_app() is what makes Pyramid's app, the configurator itself is none.
            return made if dotted != "pyramid.config.Configurator" else None
        if isinstance(value.func, ast.Attribute) and value.func.attr == "make_wsgi_app":
            return "wsgi"
        if isinstance(value.func, ast.Name) and value.func.id in names.functions and depth < _DEEPEST:
            return _of_returned(names.functions[value.func.id], names)
    return None


def _dotted(node: ast.expr, names: BoundNames) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.imports.get(node.id, node.id), *reversed(parts)])
