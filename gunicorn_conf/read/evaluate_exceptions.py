"""``try`` and ``with``: exceptions that are certain, and those that may happen."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gunicorn_conf.read.evaluate_branches import go_on, outcome, put_back
from gunicorn_conf.read.evaluate_run import Flow, Run
from gunicorn_conf.read.evaluate_scope import Binding, merge, snapshot, undecided
from gunicorn_conf.read.evaluate_targets import assign
from gunicorn_conf.read.evaluate_values import Raised, Symbol, one_of
from gunicorn_conf.value import Known, Unknown


def attempt(run: Run, node: ast.Try) -> Flow | None:
    """``try``: the body; a handler where the body certainly fails, and as a possibility where it may."""
    start, doubts = snapshot(run.scopes, run.spoilt), run.doubts
    kinds = [_kinds(handler) for handler in node.handlers]
    run.catching.append(tuple(kind for each in kinds for kind in each))
    try:
        flow = run.execute(node.body)
    except Raised as raised:
        run.catching.pop()
        handler = next(
            (one for one, caught in zip(node.handlers, kinds, strict=True) if issubclass(raised.kind, caught)), None
        )
        if handler is not None:
            return _finally(run, node, _handle(run, handler))
        if run.doubts == doubts:
            run.execute(node.finalbody)
            raise
        # Something before may have failed otherwise, and been handled.
        flow = Flow.STOPPED
    else:
        run.catching.pop()
    if flow is None:
        flow = run.execute(node.orelse)
    if run.doubts > doubts:
        for handler in node.handlers:
            flow = _perhaps(run, node, handler, start, flow)
    return _finally(run, node, flow)


def _handle(run: Run, handler: ast.ExceptHandler) -> Flow | None:
    if handler.name:
        run.bind(handler.name, Binding(value=Unknown(why="it is an exception"), name_node=handler))
    flow = run.execute(handler.body)
    if handler.name:
        run.names.pop(handler.name, None)
    return flow


def _perhaps(
    run: Run, node: ast.Try, handler: ast.ExceptHandler, start: Sequence[dict[str, Binding]], flow: Flow | None
) -> Flow | None:
    """A handler that may or may not run, beside what came of the body."""
    after_body, returned = [dict(scope) for scope in run.scopes], run.returned
    put_back(run, start)
    with run.doubting():
        other = outcome(run, lambda: _handle(run, handler))
    after_handler = [dict(scope) for scope in run.scopes]
    put_back(run, after_body)
    run.returned = returned
    if other.stopped:
        return flow
    if flow is Flow.STOPPED:
        put_back(run, after_handler)
        return go_on(run, other.flow, other.returned)
    merge(run.scopes, after_handler, undecided(f"it is not set where the try of line {node.lineno} goes otherwise"))
    if flow is other.flow:
        run.returned = one_of([returned, other.returned]) if flow is Flow.RETURN else returned
        return flow
    if flow is Flow.RETURN and other.flow is None:
        run.pending.append((returned, False))
        return None
    if other.flow is Flow.RETURN and flow is None:
        run.pending.append((other.returned, False))
        return None
    return Flow.UNSURE


def _finally(run: Run, node: ast.Try, flow: Flow | None) -> Flow | None:
    returned = run.returned
    last = run.execute(node.finalbody)
    return last if last is not None else go_on(run, flow, returned)


def _kinds(handler: ast.ExceptHandler) -> tuple[type[BaseException], ...]:
    """The exceptions that a handler catches, as far as they are Python's own."""
    import builtins

    if handler.type is None:
        return (BaseException,)
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    found = [getattr(builtins, one.id, None) for one in named if isinstance(one, ast.Name)]
    return tuple(one for one in found if isinstance(one, type) and issubclass(one, BaseException))


def within(run: Run, node: ast.With) -> Flow | None:
    """``with``: the body, and contextlib.suppress as what it is."""
    suppressed: tuple[type[BaseException], ...] = ()
    for item in node.items:
        value = run.evaluate(item.context_expr)
        if isinstance(item.context_expr, ast.Call):
            callee = run.evaluate(item.context_expr.func)
            if isinstance(callee, Known) and callee.value == Symbol("contextlib.suppress"):
                caught = ast.ExceptHandler(type=ast.Tuple(elts=item.context_expr.args, ctx=ast.Load()), body=[])
                suppressed += _kinds(caught)
        if item.optional_vars is not None:
            why = value.why if isinstance(value, Unknown) else f"line {node.lineno} is a with statement"
            assign(run, item.optional_vars, run.unknown(why), statement=node, value_node=None)
    if not suppressed:
        return run.execute(node.body)
    run.catching.append(suppressed)
    try:
        return run.execute(node.body)
    except Raised as raised:
        if not issubclass(raised.kind, suppressed):
            raise
        return None
    finally:
        run.catching.pop()
