"""Assignment: what stands left of the ``=`` and what it comes to hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from gunicorn_conf.read.evaluate_environment import ENVIRONMENT, GLOBALS, LOCALS, set_variable
from gunicorn_conf.read.evaluate_items import iterated
from gunicorn_conf.read.evaluate_limits import Refused
from gunicorn_conf.read.evaluate_operators import BINARY, IN_PLACE, items_of
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_scope import Binding
from gunicorn_conf.read.evaluate_values import Raised, Symbol
from gunicorn_conf.value import Known, Literal, Unknown, Value


def assign(
    run: Run,
    target: ast.expr,
    value: Value,
    *,
    statement: ast.stmt | None,
    value_node: ast.expr | None,
    replaceable: bool = False,
) -> None:
    """Bind a target to a value; raises Raised where unpacking certainly fails."""
    match target:
        case ast.Name():
            binding = Binding(
                value=value,
                name_node=target,
                statement=statement,
                value_node=value_node,
                source=run.module.source,
                variables=frozenset(run.variables),
                conditional=run.undecided > 0,
                replaceable=replaceable,
            )
            run.bind(target.id, binding)
        case ast.Tuple() | ast.List():
            _unpack(run, target, value, statement, value_node, replaceable)
        case ast.Starred():
            assign(run, target.value, value, statement=statement, value_node=value_node)
        case ast.Subscript():
            _set_item(run, target, value, statement, value_node)
        case _:
            # An attribute: of a module or an object, neither of which is a setting.
            run.evaluate(target.value) if isinstance(target, ast.Attribute) else None


def _unpack(
    run: Run,
    target: ast.Tuple | ast.List,
    value: Value,
    statement: ast.stmt | None,
    value_node: ast.expr | None,
    replaceable: bool,
) -> None:
    starred = [index for index, one in enumerate(target.elts) if isinstance(one, ast.Starred)]
    nodes: list[ast.expr | None] = [value_node] * len(target.elts)
    apart = False
    if (
        isinstance(value_node, (ast.Tuple, ast.List))
        and not starred
        and len(value_node.elts) == len(target.elts)
        and not any(isinstance(one, ast.Starred) for one in value_node.elts)
    ):
        nodes, apart = list(value_node.elts), replaceable
    values = _parts(run, target, value, starred)
    for one, part, node in zip(target.elts, values, nodes, strict=True):
        assign(run, one, part, statement=statement, value_node=node, replaceable=apart)


def _parts(run: Run, target: ast.Tuple | ast.List, value: Value, starred: list[int]) -> list[Value]:
    count = len(target.elts)
    if not isinstance(value, Known):
        if starred:
            why = value.why if isinstance(value, Unknown) else "it is one part of several possible values"
            return [run.unknown(why)] * count
        return [
            run.apply(target, lambda whole, index=index: _checked(whole, count)[index], value) for index in range(count)
        ]
    items = iterated(run, target, value)
    if isinstance(items, Unknown):
        return [items] * count
    if starred:
        first, after = starred[0], count - starred[0] - 1
        if len(items) < count - 1:
            raise Raised(ValueError, f"not enough values to unpack (expected at least {count - 1}, got {len(items)})")
        middle = items[first : len(items) - after]
        rest: Value = Known(value=[one.value for one in middle if isinstance(one, Known)])
        return [*items[:first], rest, *items[len(items) - after :]]
    if len(items) != count:
        run.fail(Raised(ValueError, f"{len(items)} values for {count} names"))
        return [run.unknown("it is unpacked into another number of names")] * count
    return items


def _checked(whole: Literal, count: int) -> list[Literal]:
    items = items_of(whole)
    if len(items) != count:
        raise ValueError(f"{len(items)} values for {count} names")
    return items


def _set_item(
    run: Run, target: ast.Subscript, value: Value, statement: ast.stmt | None, value_node: ast.expr | None
) -> None:
    container = run.evaluate(target.value)
    key = run.evaluate(target.slice)
    if isinstance(container, Known) and isinstance(container.value, Symbol):
        if container.value == ENVIRONMENT:
            set_variable(run, key, value)
        elif container.value in (GLOBALS, LOCALS):
            bind_by_name(run, key, value, target, statement, value_node)
        return

    def put(container: Literal, key: Literal, value: Literal) -> Literal:
        container[key] = value  # type: ignore[index]  # raises what Python raises
        return container

    change(run, target.value, container, put, (key, value))


def bind_by_name(
    run: Run, name: Value, value: Value, node: ast.expr, statement: ast.stmt | None, value_node: ast.expr | None
) -> None:
    """``globals()[name] = value``."""
    if isinstance(name, Known) and isinstance(name.value, str):
        run.scopes[0][name.value] = Binding(
            value=value,
            name_node=node,
            statement=statement,
            value_node=value_node,
            source=run.module.source,
            variables=frozenset(run.variables),
            conditional=run.undecided > 0,
        )
    else:
        run.incomplete = run.incomplete or f"line {node.lineno} sets names that are computed"


def change(run: Run, node: ast.expr, container: Value, function: object, operands: Iterable[Value]) -> Value:
    """Change a list, dict or set by a function ``(container, *operands) -> result``.

    Where that cannot be done for certain, the container is from now on unknown, or one of several.
    """
    operands = tuple(operands)
    assert callable(function)
    held = container.value if isinstance(container, Known) else None
    if isinstance(container, Known) and all(isinstance(one, Known) for one in operands):
        if not isinstance(held, (list, dict, set)):
            return run.apply(node, lambda value, *rest: function(value, *rest), container, *operands)
        result = run.apply(node, lambda *values: function(*values), container, *operands)
        try:
            run.budget.keep(held)
        except Refused as refused:
            run.spoilt.spoil(held, run.unknown(str(refused)))
        _note(run, node)
        return result
    changed = run.apply(node, lambda value, *rest: _on_copy(function, value, *rest), container, *operands)
    if held is not None:
        run.spoilt.spoil(held, changed)
    else:
        _rebind(run, node, container, changed)
    _note(run, node)
    return run.unknown("it depends on conditions") if not isinstance(changed, Unknown) else changed


def _on_copy(function: object, value: Literal, *rest: Literal) -> Literal:
    import copy

    assert callable(function)
    copied = copy.deepcopy(value)
    function(copied, *rest)
    return copied


def root(node: ast.expr) -> str | None:
    """The name that an expression begins with: ``a`` of ``a["b"].c``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _rebind(run: Run, node: ast.expr, container: Value, changed: Value) -> None:
    """Let every name that holds a value hold the changed one."""
    if not isinstance(node, ast.Name):
        name = root(node)
        binding = run.lookup(name) if name else None
        if binding is None:
            return
        container, changed = binding.value, run.unknown("a part of it depends on conditions")
    for scope in run.scopes:
        for name, binding in list(scope.items()):
            settled = run.settled(binding.value)
            if binding.value is container or settled is container:
                if isinstance(binding.value, Known):
                    run.spoilt.spoil(binding.value.value, changed)
                else:
                    scope[name] = replace(binding, value=changed)


def _note(run: Run, node: ast.expr) -> None:
    """A name's value is no longer what its assignment says, and may follow further variables."""
    name = root(node)
    binding = run.lookup(name) if name else None
    if name and binding is not None:
        scope = next(scope for scope in reversed(run.scopes) if scope.get(name) is binding)
        scope[name] = replace(binding, replaceable=False, variables=binding.variables | run.variables)


def augment(run: Run, node: ast.AugAssign) -> None:
    """``target += value``."""
    current = run.evaluate(node.target)
    operand = run.evaluate(node.value)
    held = current.value if isinstance(current, Known) else None
    if isinstance(held, (list, dict, set)) and type(node.op) in IN_PLACE:
        change(run, node.target, current, IN_PLACE[type(node.op)], (operand,))
        value = run.settled(current)
    else:
        value = run.apply(node.target, BINARY[type(node.op)], current, operand)
    assign(run, node.target, value, statement=node, value_node=node.value)
