"""Attributes: of modules, classes of the file, and methods that are not called yet."""

from __future__ import annotations

import ast

from gunicorn_conf.read.evaluate_builtins import CONSTANTS
from gunicorn_conf.read.evaluate_imports import neighbouring
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_values import (
    BoundMethod,
    Symbol,
    UserClass,
)
from gunicorn_conf.value import Known, Unknown, Value


def symbol_of(path: str) -> Value:
    """Something imported: a constant as its value, all else by its name."""
    return Known(value=CONSTANTS[path]) if path in CONSTANTS else Known(value=Symbol(path))


def attribute(run: Run, node: ast.Attribute, receiver: Value) -> Value:
    """An attribute of a value: of a module, a class of the file, or a method that is not called yet."""
    if isinstance(receiver, Unknown):
        return receiver
    if isinstance(receiver, Known) and isinstance(receiver.value, Symbol):
        return _attribute_of_symbol(run, receiver.value, node.attr)
    if isinstance(receiver, Known) and isinstance(receiver.value, UserClass):
        found = receiver.value.members.get(node.attr)
        return found.value if found else run.unknown(f"{receiver.value.name}.{node.attr} is not seen")
    return Known(value=BoundMethod(receiver, node.value, node.attr))


def _attribute_of_symbol(run: Run, symbol: Symbol, name: str) -> Value:
    module = neighbouring(run, symbol.path)
    if module is not None:
        if name in module.names:
            return module.names[name].value
        return run.unknown(f"{symbol.path} has no {name} that is seen")
    return symbol_of(f"{symbol.path}.{name}")
