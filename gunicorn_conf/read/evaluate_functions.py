"""Calls of functions that the file itself defines: their bodies are evaluated, within bounds."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gunicorn_conf.read.evaluate_limits import MAX_CALLS
from gunicorn_conf.read.evaluate_run import Flow, Run
from gunicorn_conf.read.evaluate_scope import Binding, Scope
from gunicorn_conf.read.evaluate_values import Raised, UserFunction, one_of
from gunicorn_conf.value import Known, PerHost, Unknown, Value


def call_user_function(
    run: Run, node: ast.Call, function: UserFunction, positional: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    """What a function of the file gives for these arguments."""

    name = "a lambda" if isinstance(function.node, ast.Lambda) else f"{function.node.name}()"
    if function.decorated or isinstance(function.node, ast.AsyncFunctionDef) or _is_generator(function.node):
        return run.unknown(f"{name} is decorated, asynchronous or a generator")
    if run.calls >= MAX_CALLS:
        return run.unknown(f"{name} calls functions more than {MAX_CALLS} deep")
    parameters = _bound(run, function, positional, named)
    if parameters is None:
        return run.fail(Raised(TypeError, f"{name} does not take these arguments"))
    before = run.module, run.scopes, run.pending
    run.module, run.pending = function.module, []
    run.scopes = [function.module.names, *function.enclosing, parameters]
    run.calls += 1
    try:
        if isinstance(function.node, ast.Lambda):
            result: Value = run.evaluate(function.node.body)
            return result
        flow = run.execute(function.node.body)
        result = run.returned if flow is Flow.RETURN else Known(value=None)
        if flow is Flow.UNSURE:
            return run.unknown(f"what {name} returns depends on conditions")
        result = _together(run.pending, result)
    finally:
        run.calls -= 1
        run.module, run.scopes, run.pending = before
    if isinstance(result, PerHost):
        return replace(result, expression=run.module.source.segment(node))
    return result


def _together(pending: Sequence[tuple[Value, bool]], last: Value) -> Value:
    """What a function may return.

    Where one branch holds as long as a variable is not set, what others compute of the variable is left out.
    """
    values = [*(value for value, _ in pending), last]
    if any(assumed for _, assumed in pending):
        values = [one for one in values if not isinstance(one, Unknown)] or values
    return one_of(values)


def _bound(run: Run, function: UserFunction, positional: Sequence[Value], named: Mapping[str, Value]) -> Scope | None:
    """The parameters with their values; None where the arguments do not fit."""
    arguments = function.node.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    values: dict[str, Value] = dict(zip(names, positional, strict=False))
    extra = list(positional[len(names) :])
    others: dict[str, Value] = {}
    for name, value in named.items():
        if name in values:
            return None
        if name in names or any(one.arg == name for one in arguments.kwonlyargs):
            values[name] = value
        else:
            others[name] = value
    if (extra and arguments.vararg is None) or (others and arguments.kwarg is None):
        return None
    for name, value in function.defaults.items():
        values.setdefault(name, value)
    if any(name not in values for name in (*names, *(one.arg for one in arguments.kwonlyargs))):
        return None
    if arguments.vararg is not None:
        values[arguments.vararg.arg] = _tuple_of(run, extra)
    if arguments.kwarg is not None:
        unknown = next((one for one in others.values() if not isinstance(one, Known)), None)
        known = {name: one.value for name, one in others.items() if isinstance(one, Known)}
        values[arguments.kwarg.arg] = Known(value=known) if unknown is None else run.unknown("an argument is not known")
    scope = Scope()
    for name, value in values.items():
        scope[name] = Binding(value=value, variables=frozenset(run.variables))
    return scope


def _tuple_of(run: Run, values: Sequence[Value]) -> Value:
    if all(isinstance(one, Known) for one in values):
        return Known(value=tuple(one.value for one in values if isinstance(one, Known)))
    return run.unknown("an argument is not known")


def _is_generator(node: ast.AST) -> bool:
    """Whether a function yields; functions within it do not count."""
    pending = list(ast.iter_child_nodes(node))
    while pending:
        one = pending.pop()
        if isinstance(one, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(one))
    return False


def defaults_of(run: Run, arguments: ast.arguments) -> dict[str, Value]:
    """What parameters are when they are not given."""
    positional = [*arguments.posonlyargs, *arguments.args]
    found: dict[str, Value] = {}
    if arguments.defaults:
        for parameter, default in zip(positional[-len(arguments.defaults) :], arguments.defaults, strict=True):
            found[parameter.arg] = run.evaluate(default)
    for parameter, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            found[parameter.arg] = run.evaluate(keyword_default)
    return found
