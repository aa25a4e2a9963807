"""Loops that can be decided, step by step; of the others, what they may bind or change is no longer known."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gunicorn_conf.read.evaluate_items import iterated
from gunicorn_conf.read.evaluate_run import Flow, Run
from gunicorn_conf.read.evaluate_scope import Binding
from gunicorn_conf.read.evaluate_targets import assign, root
from gunicorn_conf.read.evaluate_values import truth
from gunicorn_conf.value import Known, Unknown


def go_through(run: Run, node: ast.For) -> Flow | None:
    """``for``: its body for each item, where the items are known."""
    items = iterated(run, node.iter, run.evaluate(node.iter))
    if isinstance(items, Unknown):
        spoil_names(run, [node], f"line {node.lineno} is a loop, and {items.why}")
        return None
    for item in items:
        run.budget.spend()
        assign(run, node.target, item, statement=node, value_node=None)
        flow = run.execute(node.body)
        if flow is Flow.BREAK:
            return None
        if flow is Flow.UNSURE:
            spoil_names(run, [node], f"it is set in the loop of line {node.lineno}, which depends on conditions")
            return None
        if flow not in (None, Flow.CONTINUE):
            return flow
    return run.execute(node.orelse)


def repeat(run: Run, node: ast.While) -> Flow | None:
    """``while``: its body as often as the condition holds, where that is decided."""
    while True:
        run.budget.spend()
        decided = truth(run.evaluate(node.test))
        if decided is False:
            return run.execute(node.orelse)
        flow = run.execute(node.body) if decided is True else Flow.UNSURE
        if flow is Flow.BREAK:
            return None
        if flow is Flow.UNSURE:
            spoil_names(run, [node], f"it is set in the loop of line {node.lineno}, which depends on conditions")
            return None
        if flow not in (None, Flow.CONTINUE):
            return flow


def spoil_names(run: Run, statements: Sequence[ast.stmt], why: str) -> None:
    """Nothing more is known of what these statements may bind or change."""
    names: dict[str, ast.expr | ast.stmt | ast.alias] = {}
    for statement in statements:
        for node in ast.walk(statement):
            match node:
                case ast.Name(ctx=ast.Store() | ast.Del()):
                    names[node.id] = node
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    names[node.name] = node
                case ast.Subscript(ctx=ast.Store() | ast.Del()):
                    _note_root(run, names, node)
                case ast.Call(func=ast.Attribute()):
                    _note_root(run, names, node.func)
                case ast.alias() if node.name != "*":
                    names[node.asname or node.name.partition(".")[0]] = node
    unknown = run.unknown(why)
    for name, place in names.items():
        before = run.lookup(name)
        run.bind(
            name,
            Binding(
                value=unknown,
                name_node=place,
                source=run.module.source,
                conditional=True,
                unset=why if before is None or before.unset else None,
            ),
        )


def _note_root(run: Run, names: dict[str, ast.expr | ast.stmt | ast.alias], node: ast.expr) -> None:
    """What a call or an assignment to an item may change: a list or dict that a name holds."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals" | "locals" | "vars")), slice=key):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                names[key.value] = node
            else:
                run.incomplete = run.incomplete or f"line {node.lineno} sets names that are computed"
        case ast.Attribute(value=ast.Call(func=ast.Name(id="globals" | "locals" | "vars"))):
            run.incomplete = run.incomplete or f"line {node.lineno} may set names that are computed"
    name = root(node)
    before = run.lookup(name) if name else None
    if name and before is not None and isinstance(before.value, Known):
        held = before.value.value
        if isinstance(held, (list, dict, set)) and before.name_node is not None:
            run.spoilt.spoil(held, Unknown(why="it is changed in a loop that depends on conditions"))
            if not isinstance(before.name_node, ast.excepthandler):
                names.setdefault(name, before.name_node)
