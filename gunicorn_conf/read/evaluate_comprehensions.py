"""Comprehensions, and what a loop goes through."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gunicorn_conf.read.evaluate_items import iterated
from gunicorn_conf.read.evaluate_operators import Items
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_scope import Scope
from gunicorn_conf.read.evaluate_targets import assign
from gunicorn_conf.read.evaluate_values import (
    truth,
)
from gunicorn_conf.value import Unknown, Value


def comprehension(run: Run, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
    """A list, set or dict comprehension, or a generator as the list of what it gives."""
    collected: list[tuple[Value, ...]] = []
    run.scopes.append(Scope())
    try:
        failure = _collect(run, node, list(node.generators), collected)
    finally:
        run.scopes.pop()
    if failure is not None:
        return failure
    flat = [value for values in collected for value in values]
    if isinstance(node, ast.DictComp):
        return run.apply(node, lambda *values: dict(zip(values[::2], values[1::2], strict=True)), *flat)
    kind = {ast.SetComp: set, ast.ListComp: list}.get(type(node), Items)
    return run.apply(node, lambda *values: kind(values), *flat)


def _collect(
    run: Run,
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    generators: Sequence[ast.comprehension],
    collected: list[tuple[Value, ...]],
) -> Unknown | None:
    """Go through the generators of a comprehension; returns why it cannot be told, if so."""
    if not generators:
        collected.append(
            (run.evaluate(node.key), run.evaluate(node.value))
            if isinstance(node, ast.DictComp)
            else (run.evaluate(node.elt),)
        )
        return None
    first, *rest = generators
    items = iterated(run, first.iter, run.evaluate(first.iter))
    if isinstance(items, Unknown):
        return items
    for one in items:
        run.budget.spend()
        assign(run, first.target, one, statement=None, value_node=None)
        decisions = []
        for condition in first.ifs:
            decisions.append(truth(run.evaluate(condition)))
            if decisions[-1] is not True:
                break
        if any(not isinstance(decision, bool) for decision in decisions):
            return run.unknown("a condition of a comprehension cannot be decided")
        if all(decisions):
            failure = _collect(run, node, rest, collected)
            if failure is not None:
                return failure
    return None
