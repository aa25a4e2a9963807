"""``match`` on plain values, as the conditions that it stands for."""

from __future__ import annotations

import ast


def as_conditions(node: ast.Match) -> list[ast.stmt] | None:
    """A match statement on plain values as ``if`` and ``elif``; None for one on structure."""
    conditions: list[ast.stmt] = []
    for case in reversed(node.cases):
        test = _test(node.subject, case.pattern)
        if test is None:
            return None
        if case.guard is not None:
            test = ast.copy_location(ast.BoolOp(op=ast.And(), values=[test, case.guard]), case.guard)
        conditions = [ast.copy_location(ast.If(test=test, body=case.body, orelse=conditions), node)]
    return conditions


def _test(subject: ast.expr, pattern: ast.pattern) -> ast.expr | None:
    test: ast.expr
    match pattern:
        case ast.MatchValue():
            test = ast.Compare(left=subject, ops=[ast.Eq()], comparators=[pattern.value])
        case ast.MatchSingleton():
            test = ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=pattern.value)])
            ast.copy_location(test.comparators[0], subject)
        case ast.MatchAs(pattern=None, name=None):
            test = ast.Constant(value=True)
        case ast.MatchOr():
            tests = [_test(subject, one) for one in pattern.patterns]
            if any(one is None for one in tests):
                return None
            test = ast.BoolOp(op=ast.Or(), values=[one for one in tests if one is not None])
        case _:
            return None
    return ast.copy_location(test, subject)
