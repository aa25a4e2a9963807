"""Static evaluation of a file: its statements in turn, and what its names are bound to in the end."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gunicorn_conf.read.evaluate_expressions import EXPRESSIONS
from gunicorn_conf.read.evaluate_limits import Exhausted
from gunicorn_conf.read.evaluate_loops import spoil_names
from gunicorn_conf.read.evaluate_run import Flow, Run, environment_of
from gunicorn_conf.read.evaluate_scope import Binding, Module
from gunicorn_conf.read.evaluate_statements import STATEMENTS
from gunicorn_conf.read.evaluate_values import Raised
from gunicorn_conf.read.source_text import SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The names that a file binds, in the order of their first binding."""

    names: Mapping[str, Binding]
    run: Run
    incomplete: str | None
    """Why there may be more names; None when these are all."""
    failure: str | None
    """Which exception the file certainly raises; None when it is not known to."""
    failed: ast.stmt | None
    """The statement that raises it."""


def evaluate_file(
    source: SourceText,
    tree: ast.Module,
    environment: Mapping[str, str],
    neighbour: Callable[[str], str | None],
) -> Evaluated:
    """Evaluate a file without executing it."""
    module = Module(source=source)
    run = Run(
        module=module,
        environment=environment_of(environment),
        neighbour=neighbour,
        scopes=[module.names],
        expressions=EXPRESSIONS,
        statements=STATEMENTS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        failure = evaluate_body(run, tree.body)
    return Evaluated(
        names=dict(module.names),
        run=run,
        incomplete=run.incomplete,
        failure=str(failure[1]) if failure else None,
        failed=failure[0] if failure else None,
    )


def evaluate_body(run: Run, body: Sequence[ast.stmt]) -> tuple[ast.stmt, Raised] | None:
    """Evaluate the statements of a module; returns the first that certainly fails, and how.

    Those behind it are evaluated too, as if it had been mended.
    """
    failure: tuple[ast.stmt, Raised] | None = None
    module = run.module
    surroundings = run.undecided, run.shadowed, run.calls
    for index, statement in enumerate(body):
        run.budget.new_statement()
        try:
            flow = run.execute([statement])
            if flow is Flow.STOPPED:
                break
            continue
        except Raised as raised:
            why = f"line {statement.lineno} fails: {raised}"
            failure = failure or (statement, raised)
            rest = [statement]
        except Exhausted as exhausted:
            why = f"{exhausted}, at line {statement.lineno}"
            rest = list(body[index:]) if exhausted.whole_file else [statement]
        except (RecursionError, MemoryError):
            why, rest = f"line {statement.lineno} is nested too deeply", [statement]
        run.module, run.scopes, run.catching, run.pending = module, [module.names], [], []
        run.undecided, run.shadowed, run.calls = surroundings
        spoil_names(run, rest, why)
        if len(rest) > 1:
            break
    return failure
