"""Questions to the syntax tree of a configuration file: where a name is bound and whether it is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.subject import ConfFile
from gunicorn_conf.value import Literal

# What opens a scope of its own, in which an assignment does not bind a name of the file.
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bindings(conf: ConfFile, name: str) -> list[Place]:
    """Every place at which the file binds the name: by assignment, loop, ``with``, or ``def`` without decorators."""
    if conf.tree is None:
        return []
    found = _bindings(SourceText(conf.path, conf.text), conf.tree, name)
    return sorted(found, key=lambda place: (place.line or 0, place.column or 0))


def place_bound_to(conf: ConfFile, name: str, value: Literal) -> Place | None:
    """The value's place in the first assignment that binds the name to this literal; None where there is none."""
    if conf.tree is None:
        return None
    assignments = (node for node in _own_nodes(conf.tree) if isinstance(node, ast.Assign))
    for node in assignments:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if name in names and isinstance(node.value, ast.Constant) and node.value.value == value:
            return SourceText(conf.path, conf.text).place(node.value)
    return None


def is_read(conf: ConfFile, name: str) -> bool:
    """Whether the file reads the name anywhere: uses the value, calls the function, or hands it on."""
    if conf.tree is None:
        return False
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(conf.tree)
    )


def _bindings(source: SourceText, tree: ast.Module, name: str) -> Iterator[Place]:
    for node in _own_nodes(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            yield source.place(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            yield source.place_of_word(name, node.lineno, node.col_offset)


def _own_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is executed in the file's own scope, what opens another scope included but not entered."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, (*_SCOPES, *_COMPREHENSIONS)):
            left.extend(ast.iter_child_nodes(node))
