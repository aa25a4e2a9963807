"""What a loop, an unpacking or a starred argument goes through."""

from __future__ import annotations

import ast

from gunicorn_conf.read.evaluate_environment import names_of_environment
from gunicorn_conf.read.evaluate_operators import items_of
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_values import (
    Symbol,
)
from gunicorn_conf.value import Known, Unknown, Value


def iterated(run: Run, node: ast.expr, value: Value) -> list[Value] | Unknown:
    """What a loop goes through, or why that cannot be told."""
    if isinstance(value, Known) and isinstance(value.value, Symbol):
        names = names_of_environment(run, value.value)
        return names if names is not None else run.unknown(f"it goes through {value.value.name}")
    if not isinstance(value, Known):
        return value if isinstance(value, Unknown) else run.unknown("how often a loop runs is not known")

    items = run.apply(node, items_of, value)
    if isinstance(items, Known) and isinstance(items.value, list):
        return [Known(value=one) for one in items.value]
    return items if isinstance(items, Unknown) else run.unknown("how often a loop runs is not known")
