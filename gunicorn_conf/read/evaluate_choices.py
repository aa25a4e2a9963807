"""Expressions that choose: comparisons, ``and``, ``or``, and ``x if y else z``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from gunicorn_conf.read.evaluate_environment import contains
from gunicorn_conf.read.evaluate_operators import COMPARE, UNARY
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_values import (
    Raised,
    Symbol,
    chosen_by_host,
    one_of,
    truth,
)
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value


def boolean(run: Run, node: ast.BoolOp) -> Value:
    """``and`` and ``or``, of which every operand may be the result that is not decided."""
    stops_at = isinstance(node.op, ast.Or)
    candidates: list[Value] = []
    for operand in node.values:
        if candidates:
            # What is before may have ended it: that this operand fails is no failure yet.
            with run.doubting():
                attempted = _attempt(partial(run.evaluate, operand))
            if attempted is None:
                break
            value = attempted
        else:
            value = run.evaluate(operand)
        decided = truth(value)
        last = operand is node.values[-1]
        if isinstance(decided, PerHost) and not last:
            following = node.values[node.values.index(operand) + 1 :]
            written = ast.copy_location(ast.BoolOp(op=node.op, values=following), node)
            with run.doubting():
                rest = _attempt(partial(boolean, run, written))
            candidates.append(_ended_by(decided, value, rest, stops_at))
            break
        if decided is None and not last:
            candidates.append(_where(value, stops_at))
            continue
        if last or decided is stops_at:
            candidates.append(value)
            break
    return one_of(candidates)


def _ended_by(condition: PerHost, value: Value, rest: Value | None, stops_at: bool) -> Value:
    """A value of the host, or what follows it where that ends neither ``and`` nor ``or``."""
    if rest is None:
        return value
    return chosen_by_host(condition, *((value, rest) if stops_at else (rest, value)))


def _where(value: Value, wanted: bool) -> Value:
    """A value as far as it can be when it counts as true, or as false: ``os.environ["X"] or 4``."""
    if isinstance(value, OneOf):
        fitting = [one for one in value.values if truth(one) in (wanted, None) or isinstance(truth(one), PerHost)]
        return one_of(fitting) if fitting else value
    return value


def compare(run: Run, node: ast.Compare) -> Value:
    """A comparison, or a chain of them."""
    result: Value = Known(value=True)
    left = run.evaluate(node.left)
    for operation, comparator in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(comparator)
        result = _compared(run, node, operation, left, right)
        decided = truth(result)
        if decided is False or (decided is None and len(node.ops) > 1):
            return result
        left = right
    return result


def _compared(run: Run, node: ast.Compare, operation: ast.cmpop, left: Value, right: Value) -> Value:
    if isinstance(operation, (ast.In, ast.NotIn)) and isinstance(right, Known) and isinstance(right.value, Symbol):
        found = contains(run, left, right.value)
        return run.apply(node, UNARY[ast.Not], found) if isinstance(operation, ast.NotIn) else found
    if isinstance(left, Known) and left.value == Symbol("sys.version_info"):
        return _version_compared(run, operation, right)
    return run.apply(node, COMPARE[type(operation)], left, right)


def _version_compared(run: Run, operation: ast.cmpop, right: Value) -> Value:
    """``sys.version_info`` against a version: decided where every Python that runs Gunicorn agrees."""
    version = right.value if isinstance(right, Known) else None
    if (isinstance(version, tuple) and version and version[0] != 3) or version in ((3,), (3, 0)):
        answers = {bool(COMPARE[type(operation)](running, version)) for running in ((3, 7, 0), (3, 20, 0))}
        if len(answers) == 1:
            return Known(value=answers.pop())
    return run.unknown("it depends on the version of Python")


def choice(run: Run, node: ast.IfExp) -> Value:
    """``x if y else z``."""
    with run.looking() as looked_at:
        test = run.evaluate(node.test)
    return choose(run, test, frozenset(looked_at), lambda: run.evaluate(node.body), lambda: run.evaluate(node.orelse))


def choose(
    run: Run, test: Value, variables: frozenset[str], when_true: Callable[[], Value], when_false: Callable[[], Value]
) -> Value:
    """What a condition chooses between two expressions."""
    decided = truth(test)
    if isinstance(decided, bool) and not variables:
        return when_true() if decided else when_false()
    if isinstance(decided, bool):
        taken, other = (when_true, when_false) if decided else (when_false, when_true)
        value = taken()
        with run.shadowing(variables):
            alternative = _attempt(other)
        known = [one for one in (alternative.values if isinstance(alternative, OneOf) else (alternative,))
                 if not isinstance(one, Unknown)] if alternative is not None else []  # fmt: skip
        return one_of([value, *known]) if known else value
    with run.doubting():
        found = [one for one in (_attempt(when_true), _attempt(when_false)) if one is not None]
    if not found:
        return run.unknown("both branches of a condition fail")
    if isinstance(decided, PerHost) and len(found) == 2:
        return chosen_by_host(decided, *found)
    return one_of(found)


def _attempt(branch: Callable[[], Value]) -> Value | None:
    """A branch's value; None where it certainly fails."""
    try:
        return branch()
    except Raised:
        return None
