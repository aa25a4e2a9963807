"""Conditions and exceptions: the branch that is taken, or both where that cannot be told."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gunicorn_conf.read.evaluate_run import Flow, Run
from gunicorn_conf.read.evaluate_scope import Binding, Join, assumed, merge, snapshot, undecided
from gunicorn_conf.read.evaluate_values import Raised, chosen_by_host, one_of, truth
from gunicorn_conf.value import PerHost, Unknown, Value

Branch = Callable[[], Flow | None]


def branch(run: Run, node: ast.If) -> Flow | None:
    """``if``: one branch where the condition is decided, else both.

    A condition on a variable that is not given is taken as it is without the variable; what the other branch would
    set is then a further possibility.
    """
    with run.looking() as looked_at:
        test = run.evaluate(node.test)
    variables = frozenset(looked_at)
    run.variables -= looked_at
    decided = truth(test)
    if isinstance(decided, bool) and not variables:
        return run.execute(node.body if decided else node.orelse)
    why = f"it is not set where the condition of line {node.lineno} goes otherwise"
    first: Branch = lambda: run.execute(node.body)  # noqa: E731
    second: Branch = lambda: run.execute(node.orelse)  # noqa: E731
    if isinstance(decided, bool):
        taken, other = (first, second) if decided else (second, first)
        return _both(run, taken, other, assumed(variables, why), variables)
    condition = decided if isinstance(decided, PerHost) else None
    return _both(run, first, second, undecided(why, condition), None, condition)


def _both(
    run: Run,
    first: Branch,
    second: Branch,
    join: Join,
    variables: frozenset[str] | None,
    condition: PerHost | None = None,
) -> Flow | None:
    """Evaluate both branches, each from the same names, and bring the names together.

    With ``variables``, the first is the one that is taken while they are not set.
    """
    start, environment = snapshot(run.scopes, run.spoilt), dict(run.environment)
    if variables is None:
        with run.doubting():
            one = outcome(run, first)
    else:
        one = outcome(run, first)
    after_first = [dict(scope) for scope in run.scopes]
    environment, run.environment = run.environment, environment
    put_back(run, start)
    with run.shadowing(variables or frozenset()):
        other = outcome(run, second)
    if one.raised and other.raised:
        raise one.raised
    if one.stopped:
        return go_on(run, other.flow, other.returned) if not other.stopped else Flow.STOPPED
    after_second = [dict(scope) for scope in run.scopes]
    put_back(run, after_first)
    if other.stopped:
        run.environment = environment
        return go_on(run, one.flow, one.returned)
    run.environment = _joined_environment(environment, run.environment)
    if one.flow is other.flow:
        merge(run.scopes, after_second, join)
        if one.flow is Flow.RETURN:
            run.returned = _returned(one.returned, other.returned, variables, condition)
        return one.flow
    if one.flow is Flow.RETURN and other.flow is None:
        run.pending.append((one.returned, variables is not None))
        put_back(run, after_second)
        return None
    if other.flow is Flow.RETURN and one.flow is None:
        if variables is None or not isinstance(other.returned, Unknown):
            run.pending.append((other.returned, False))
        return None
    merge(run.scopes, after_second, join)
    return Flow.UNSURE


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a branch ended."""

    flow: Flow | None
    returned: Value
    raised: Raised | None = None

    @property
    def stopped(self) -> bool:
        """Whether nothing behind it is reached."""
        return self.raised is not None or self.flow is Flow.STOPPED


def outcome(run: Run, take: Branch) -> Outcome:
    """Take a branch; that it certainly fails is an outcome too."""
    try:
        flow = take()
    except Raised as raised:
        return Outcome(None, run.returned, raised)
    return Outcome(flow, run.returned)


def go_on(run: Run, flow: Flow | None, returned: Value) -> Flow | None:
    """Leave a branch in the way that it ended."""
    run.returned = returned
    return flow


def _returned(one: Value, other: Value, variables: frozenset[str] | None, condition: PerHost | None) -> Value:
    if condition is not None:
        return chosen_by_host(condition, one, other)
    if variables is not None and isinstance(other, Unknown):
        return one
    return one_of([one, other])


def put_back(run: Run, names: Sequence[dict[str, Binding]]) -> None:
    """Bind all names as they once were."""
    for scope, former in zip(run.scopes, names, strict=True):
        scope.clear()
        scope.update(former)


def _joined_environment(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Environment variables after either of two branches."""
    joined = dict(one)
    for name in {*one, *other}:
        values = [side.get(name, Unknown(why=f"the variable {name} is not given")) for side in (one, other)]
        joined[name] = one_of(values)
    return joined
