"""Statements: what they bind, which way they go on, and both ways where that cannot be decided."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from gunicorn_conf.read.evaluate_branches import branch
from gunicorn_conf.read.evaluate_environment import ENVIRONMENT
from gunicorn_conf.read.evaluate_exceptions import attempt, within
from gunicorn_conf.read.evaluate_functions import defaults_of
from gunicorn_conf.read.evaluate_imports import import_modules, import_names
from gunicorn_conf.read.evaluate_loops import go_through, repeat, spoil_names
from gunicorn_conf.read.evaluate_matches import as_conditions
from gunicorn_conf.read.evaluate_run import Flow, Run
from gunicorn_conf.read.evaluate_scope import Binding, Scope
from gunicorn_conf.read.evaluate_targets import assign, augment, change
from gunicorn_conf.read.evaluate_values import Raised, Symbol, UserClass, UserFunction
from gunicorn_conf.value import Known, Value


def _assign(run: Run, node: ast.Assign) -> None:
    value = run.evaluate(node.value)
    for target in node.targets:
        assign(run, target, value, statement=node, value_node=node.value, replaceable=len(node.targets) == 1)


def _annotated(run: Run, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value), statement=node, value_node=node.value, replaceable=True)


def _expression(run: Run, node: ast.Expr) -> None:
    run.evaluate(node.value)


def _function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    enclosing = tuple(run.scopes[1:])
    function = UserFunction(node, run.module, enclosing, defaults_of(run, node.args), bool(node.decorator_list))
    _bind(run, node, Known(value=function))


def _class(run: Run, node: ast.ClassDef) -> None:
    members = Scope()
    run.scopes.append(members)
    try:
        run.execute(node.body)
    finally:
        run.scopes.pop()
    _bind(run, node, Known(value=UserClass(node.name, members)))


def _bind(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, value: Value) -> None:
    source = run.module.source
    run.bind(
        node.name,
        Binding(value=value, name_node=node, statement=node, source=source, conditional=run.undecided > 0),
    )


def _delete(run: Run, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope = run.scopes[0] if target.id in run.names.declared_global else run.names
            if target.id not in scope and not run.undecided:
                run.fail(Raised(NameError, f"name {target.id!r} is not defined"))
            scope.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            container = run.evaluate(target.value)
            key = run.evaluate(target.slice)
            if isinstance(container, Known) and isinstance(container.value, Symbol):
                if container.value == ENVIRONMENT and isinstance(key, Known) and isinstance(key.value, str):
                    run.environment.pop(key.value, None)
                continue
            change(run, target.value, container, _remove, (key,))


def _remove(container: Any, key: object) -> None:
    del container[key]


def _return(run: Run, node: ast.Return) -> Flow:
    run.returned = run.evaluate(node.value) if node.value is not None else Known(value=None)
    return Flow.RETURN


def _break(_run: Run, _node: ast.Break) -> Flow:
    return Flow.BREAK


def _continue(_run: Run, _node: ast.Continue) -> Flow:
    return Flow.CONTINUE


def _raise(run: Run, node: ast.Raise) -> Flow:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    kind = _exception(raised.id) if isinstance(raised, ast.Name) else None
    text = ast.unparse(node)[:80]
    run.fail(Raised(kind or Exception, text))
    return Flow.STOPPED


def _exception(name: str) -> type[BaseException] | None:
    import builtins

    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _global(run: Run, node: ast.Global) -> None:
    run.names.declared_global.update(node.names)


def _unevaluated(run: Run, node: ast.stmt) -> None:
    spoil_names(run, [node], f"line {node.lineno} is not evaluated")


def _match(run: Run, node: ast.Match) -> Flow | None:
    conditions = as_conditions(node)
    if conditions is None:
        _unevaluated(run, node)
        return None
    return run.execute(conditions)


STATEMENTS: dict[type[ast.stmt], Callable[[Run, Any], Flow | None]] = {
    ast.AnnAssign: _annotated,
    ast.Assign: _assign,
    ast.AsyncFunctionDef: _function,
    ast.AugAssign: augment,
    ast.Break: _break,
    ast.ClassDef: _class,
    ast.Continue: _continue,
    ast.Delete: _delete,
    ast.Expr: _expression,
    ast.For: go_through,
    ast.FunctionDef: _function,
    ast.Global: _global,
    ast.If: branch,
    ast.Import: import_modules,
    ast.ImportFrom: import_names,
    ast.Match: _match,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Try: attempt,
    ast.While: repeat,
    ast.With: within,
}
