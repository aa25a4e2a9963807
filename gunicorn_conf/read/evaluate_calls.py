"""Calls: of functions that are evaluated, of the file's own, and of all others, which are not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from gunicorn_conf.read.evaluate_environment import (
    GLOBALS,
    LOCALS,
)
from gunicorn_conf.read.evaluate_functions import call_user_function
from gunicorn_conf.read.evaluate_items import iterated
from gunicorn_conf.read.evaluate_limits import Refused
from gunicorn_conf.read.evaluate_methods import METHODS, MUTATORS
from gunicorn_conf.read.evaluate_operators import Items, plain
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_symbols import Called, call_symbol, distrust
from gunicorn_conf.read.evaluate_targets import change
from gunicorn_conf.read.evaluate_values import BoundMethod, Symbol, UserClass, UserFunction
from gunicorn_conf.value import Known, Literal, Unknown, Value

Methods = Mapping[type, Mapping[str, Callable[..., Literal]]]
# Methods that go through what an iterator gives.
_GO_THROUGH = frozenset({"join", "extend", "update", "union", "difference", "intersection"})
# Methods that keep what they are given as it is, functions and classes included.
_TAKE_ANYTHING = frozenset({"append", "insert", "setdefault"})


def call(run: Run, node: ast.Call) -> Value:
    """What a call gives."""
    callee = run.evaluate(node.func)
    arguments = _arguments(run, node)
    if isinstance(arguments, Unknown):
        return arguments
    positional, named = arguments
    target = callee.value if isinstance(callee, Known) else None
    match target:
        case Symbol():
            return call_symbol(run, target, Called(node, positional, named))
        case UserFunction():
            return call_user_function(run, node, target, positional, named)
        case UserClass():
            return run.unknown(f"it is an object of {target.name}")
        case BoundMethod():
            return _call_method(run, node, target, positional, named)
        case _:
            distrust(run, [*positional, *named.values()], "it was given to something unknown")
            if isinstance(callee, Unknown):
                return run.unknown(callee.why)
            return run.unknown(f"{ast.unparse(node.func)[:60]}() is not evaluated")


def _arguments(run: Run, node: ast.Call) -> tuple[list[Value], dict[str, Value]] | Unknown:
    positional: list[Value] = []
    named: dict[str, Value] = {}
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            items = iterated(run, argument.value, run.evaluate(argument.value))
            if isinstance(items, Unknown):
                return items
            positional.extend(items)
        else:
            positional.append(run.evaluate(argument))
    for keyword in node.keywords:
        value = run.evaluate(keyword.value)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif isinstance(value, Known) and isinstance(value.value, dict):
            named.update({str(name): Known(value=one) for name, one in value.value.items()})
        elif isinstance(value, Known) and value.value in (GLOBALS, LOCALS):
            scope = run.scopes[0] if value.value == GLOBALS else run.names
            named.update({name: run.settled(one.value) for name, one in scope.items()})
        else:
            return value if isinstance(value, Unknown) else run.unknown("its arguments are computed")
    return positional, named


def _call_method(
    run: Run, node: ast.Call, method: BoundMethod, positional: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    operands = [*positional, *named.values()]
    keywords = tuple(named)

    def run_method(table: Methods, value: Literal, rest: Sequence[Literal]) -> Literal:
        if method.name in _GO_THROUGH:
            rest = [list(one) if isinstance(one, Items) else one for one in rest]
        plain(value)
        function = table.get(type(value), {}).get(method.name)
        if function is None and not hasattr(value, method.name):
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {method.name!r}")
        if function is None:
            raise Refused(f".{method.name}() is not evaluated")
        if method.name not in _TAKE_ANYTHING:
            plain(*rest)
        return function(value, *rest[: len(positional)], **dict(zip(keywords, rest[len(positional) :], strict=True)))

    def read(value: Literal, *rest: Literal) -> Literal:
        return run_method(METHODS, value, rest)

    def mutate(value: Literal, *rest: Literal) -> Literal:
        return run_method(MUTATORS, value, rest)

    receiver = run.settled(method.receiver)
    sample = receiver.value if isinstance(receiver, Known) else None
    changes = any(method.name in names for names in MUTATORS.values())
    if changes and (method.name in MUTATORS.get(type(sample), {}) or not isinstance(receiver, Known)):
        return change(run, method.node, receiver, mutate, operands)
    return run.apply(node, read, receiver, *operands)
