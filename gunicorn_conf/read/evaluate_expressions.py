"""Expressions: a syntax node in, a value out."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from gunicorn_conf.read.evaluate_attributes import attribute, symbol_of
from gunicorn_conf.read.evaluate_builtins import CONSTANTS, CPU_COUNTS, FUNCTIONS
from gunicorn_conf.read.evaluate_calls import call
from gunicorn_conf.read.evaluate_choices import boolean, choice, compare
from gunicorn_conf.read.evaluate_comprehensions import comprehension
from gunicorn_conf.read.evaluate_environment import item
from gunicorn_conf.read.evaluate_functions import defaults_of
from gunicorn_conf.read.evaluate_limits import Refused
from gunicorn_conf.read.evaluate_operators import BINARY, UNARY, check_format, items_of, plain
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_scope import Binding
from gunicorn_conf.read.evaluate_values import (
    Raised,
    Symbol,
    UserFunction,
    truth,
)
from gunicorn_conf.value import Known, Literal, PerHost, Unknown, Value


def _constant(run: Run, node: ast.Constant) -> Value:
    try:
        return Known(value=run.budget.keep(node.value))
    except Refused as refused:
        return run.unknown(str(refused))


def _name(run: Run, node: ast.Name) -> Value:
    binding = run.lookup(node.id)
    if binding is None:
        return _unbound(run, node.id)
    if binding.variables:
        if not run.shadowed.isdisjoint(binding.variables):
            return run.unknown(f"the variable {sorted(binding.variables & run.shadowed)[0]} is not given")
        run.variables |= binding.variables
    if isinstance(binding.value, Unknown):
        run.doubts += 1
    return run.settled(binding.value)


def _unbound(run: Run, name: str) -> Value:
    """A name that nothing seen binds: a builtin, one of a star import, or a mistake."""
    for module in run.module.stars:
        path = f"{module}.{name}"
        if path in FUNCTIONS or path in CPU_COUNTS or path in CONSTANTS or path in ("os.environ", "os.getenv"):
            return symbol_of(path)
    if name == "__name__":
        return Known(value="__config__")
    if name in ("__file__", "__path__", "__cached__"):
        return run.unknown("it depends on the folder that the file lies in")
    if name in ("__doc__", "__package__", "__spec__", "__loader__", "__builtins__"):
        return run.unknown(f"{name} is not evaluated")
    if hasattr(builtins, name):
        return Known(value=Symbol(f"builtins.{name}"))
    if run.incomplete or run.module.stars or run.undecided:
        return run.unknown(f"{name} is not bound in what was read")
    return run.fail(Raised(NameError, f"name {name!r} is not defined"))


def _attribute(run: Run, node: ast.Attribute) -> Value:
    receiver = run.evaluate(node.value)
    return attribute(run, node, receiver)


def _tuple(run: Run, node: ast.Tuple) -> Value:
    return _sequence(run, node, lambda *items: tuple(items))


def _list(run: Run, node: ast.List) -> Value:
    return _sequence(run, node, lambda *items: list(items))


def _set(run: Run, node: ast.Set) -> Value:
    if len(node.elts) == 1 and isinstance(node.elts[0], ast.Set):
        return run.unknown("a template's placeholder stands there")
    return _sequence(run, node, lambda *items: set(items))


def _sequence(run: Run, node: ast.Tuple | ast.List | ast.Set, make: Callable[..., Literal]) -> Value:
    operands: list[Value] = []
    starred: list[bool] = []
    for each in node.elts:
        starred.append(isinstance(each, ast.Starred))
        operands.append(run.evaluate(each.value if isinstance(each, ast.Starred) else each))

    def build(*values: Literal) -> Literal:
        items: list[Literal] = []
        for value, star in zip(values, starred, strict=True):
            if star:
                items.extend(items_of(value))
            else:
                items.append(value)
        return make(*items)

    return run.apply(node, build, *operands)


def _dict(run: Run, node: ast.Dict) -> Value:
    operands: list[Value] = []
    for key, value in zip(node.keys, node.values, strict=True):
        operands.append(Known(value=None) if key is None else run.evaluate(key))
        operands.append(run.evaluate(value))

    def build(*values: Literal) -> Literal:
        result: dict[Literal, Literal] = {}
        for key, name, value in zip(node.keys, values[::2], values[1::2], strict=True):
            if key is None:
                plain(value)
                result.update(value)  # type: ignore[call-overload]
            else:
                result[name] = value
        return result

    return run.apply(node, build, *operands)


def _binary(run: Run, node: ast.BinOp) -> Value:
    # A chain of operators is a deep tree on its left: taken down in a loop, so that a long text in parts is no trouble.
    chain: list[ast.BinOp] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        chain.append(left)
        left = left.left
    value = run.evaluate(left)
    for one in reversed(chain):
        run.budget.spend()
        value = run.apply(one, BINARY[type(one.op)], value, run.evaluate(one.right))
    return value


def _unary(run: Run, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        decided = truth(run.evaluate(node.operand))
        if isinstance(decided, bool):
            return Known(value=not decided)
        if isinstance(decided, PerHost):
            return run.apply(node, lambda value: not value, decided)
        return run.unknown("a condition cannot be decided")
    return run.apply(node, UNARY[type(node.op)], run.evaluate(node.operand))


def _joined_text(run: Run, node: ast.JoinedStr) -> Value:
    # Positions within f-strings are only right from Python 3.12 on, so that all of it is named by the whole.
    return run.apply(node, lambda *parts: "".join(map(str, parts)), *(run.evaluate(part) for part in node.values))


# ``!s``, ``!r`` and ``!a`` as the syntax tree has them.
_CONVERSIONS: dict[int, Callable[[Literal], str]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}


def _formatted_value(run: Run, node: ast.FormattedValue) -> Value:
    value = run.evaluate(node.value)
    spec = run.evaluate(node.format_spec) if node.format_spec is not None else Known(value="")

    def build(value: Literal, spec: Literal) -> str:
        plain(value)
        check_format(spec)
        converted = _CONVERSIONS[node.conversion](value) if node.conversion in _CONVERSIONS else value
        return format(converted, str(spec))

    return run.apply(node, build, value, spec)


def _subscript(run: Run, node: ast.Subscript) -> Value:
    receiver = run.evaluate(node.value)
    key = run.evaluate(node.slice)
    if isinstance(receiver, Known) and isinstance(receiver.value, Symbol):
        return item(run, receiver.value, key)

    def get(container: Literal, key: Literal) -> Literal:
        plain(container)
        return container[key]  # type: ignore[index]  # raises what Python raises

    return run.apply(node, get, receiver, key)


def _slice(run: Run, node: ast.Slice) -> Value:
    parts = [
        run.evaluate(part) if part is not None else Known(value=None) for part in (node.lower, node.upper, node.step)
    ]
    return run.apply(node, lambda *bounds: slice(*bounds), *parts)


def _lambda(run: Run, node: ast.Lambda) -> Value:
    return Known(value=UserFunction(node, run.module, tuple(run.scopes[1:]), defaults_of(run, node.args), False))


def _walrus(run: Run, node: ast.NamedExpr) -> Value:
    value = run.evaluate(node.value)
    run.bind(
        node.target.id,
        Binding(
            value=value,
            name_node=node.target,
            value_node=node.value,
            source=run.module.source,
            variables=frozenset(run.variables),
            conditional=run.undecided > 0,
        ),
    )
    return value


EXPRESSIONS: dict[type[ast.expr], Callable[[Run, Any], Value]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: boolean,
    ast.Call: call,
    ast.Compare: compare,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: comprehension,
    ast.FormattedValue: _formatted_value,
    ast.GeneratorExp: comprehension,
    ast.IfExp: choice,
    ast.JoinedStr: _joined_text,
    ast.Lambda: _lambda,
    ast.List: _list,
    ast.ListComp: comprehension,
    ast.Name: _name,
    ast.NamedExpr: _walrus,
    ast.Set: _set,
    ast.SetComp: comprehension,
    ast.Slice: _slice,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _unary,
}
