"""The state of one evaluation: names in reach, the environment that is given, and what was looked at on the way."""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gunicorn_conf.read.evaluate_limits import Budget
from gunicorn_conf.read.evaluate_scope import Binding, Module, Scope, Spoilt
from gunicorn_conf.read.evaluate_values import Raised, apply
from gunicorn_conf.value import Known, Literal, OneOf, Unknown, Value


class Flow(enum.Enum):
    """Where a statement goes on, when not with the next one."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    STOPPED = "this branch ends in an exception"
    UNSURE = "depends on a condition that could not be decided"


@dataclass(slots=True, kw_only=True)
class Run:
    """What evaluating a file has come to so far."""

    module: Module
    """The file whose code is being evaluated: that of the function, within a call."""
    environment: dict[str, Value]
    """Variables that are given, or set by the file itself."""
    neighbour: Callable[[str], str | None]
    scopes: list[Scope]
    """Global names first, the innermost local ones last."""
    expressions: Mapping[type[ast.expr], Callable[[Run, Any], Value]]
    """How each kind of expression is evaluated."""
    statements: Mapping[type[ast.stmt], Callable[[Run, Any], Flow | None]]
    """How each kind of statement is evaluated; those that are not here do nothing."""
    budget: Budget = field(default_factory=Budget)
    spoilt: Spoilt = field(default_factory=Spoilt)
    variables: set[str] = field(default_factory=set)
    """Variables that are not given and that the expression at hand looked at."""
    shadowed: frozenset[str] = frozenset()
    """Variables whose not being set is not assumed here: in a branch for when they are."""
    catching: list[tuple[type[BaseException], ...]] = field(default_factory=list)
    """What the ``try`` statements around catch, the innermost last."""
    doubts: int = 0
    """How often something happened that might raise an exception."""
    calls: int = 0
    """User functions that are being evaluated, one within another."""
    undecided: int = 0
    """Conditions around that could not be decided."""
    pending: list[tuple[Value, bool]] = field(default_factory=list)
    """What the function at hand may have returned in branches that were left, and whether on an assumption."""
    returned: Value = field(default_factory=lambda: Known(value=None))
    """What the last return statement gave."""
    modules: dict[str, Module | None] = field(default_factory=dict)
    """Neighbouring modules by name; None while one is being read, and for one that is not there."""
    incomplete: str | None = None
    """Why names may be bound that are not seen."""

    @property
    def names(self) -> Scope:
        """The innermost names."""
        return self.scopes[-1]

    def evaluate(self, node: ast.expr) -> Value:
        """What an expression comes to.

        Raises Raised where it certainly fails, Exhausted where it takes too many steps.
        """
        self.budget.spend()
        handler = self.expressions.get(type(node))
        return self.unknown("it is computed asynchronously") if handler is None else handler(self, node)

    def execute(self, statements: Sequence[ast.stmt]) -> Flow | None:
        """Evaluate statements in turn; returns where to go on when not behind them."""
        for statement in statements:
            self.budget.spend()
            handler = self.statements.get(type(statement))
            if handler is not None:
                with self.looking():
                    flow = handler(self, statement)
                if flow is not None:
                    return flow
        return None

    def apply(self, node: ast.expr, function: Callable[..., Literal], *operands: Value) -> Value:
        """An operation on any values. A failure that comes of a variable that is not given is Unknown instead."""
        try:
            result = apply(self.budget, lambda: self.module.source.segment(node), function, operands)
        except Raised as raised:
            return self.fail(raised)
        if isinstance(result, (Unknown, OneOf)):
            self.doubts += 1
        return result

    def fail(self, raised: Raised) -> Value:
        """Raise, unless the failure hangs on a variable that is assumed not to be set and nothing catches it."""
        if self.variables and not self.catches(raised.kind):
            return not_given(sorted(self.variables)[0])
        raise raised

    def unknown(self, why: str) -> Unknown:
        """A value that is not known, and whose making might have failed."""
        self.doubts += 1
        return Unknown(why=why)

    def catches(self, kind: type[BaseException]) -> bool:
        """Whether a ``try`` around catches such an exception."""
        return any(issubclass(kind, one) for kinds in self.catching for one in kinds)

    def lookup(self, name: str) -> Binding | None:
        """What a name is bound to, if it is."""
        if name in self.names.declared_global:
            return self.scopes[0].get(name)
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, name: str, binding: Binding) -> None:
        """Bind a name in the innermost scope, or globally where it is declared so."""
        scope = self.scopes[0] if name in self.names.declared_global else self.names
        scope[name] = binding

    def settled(self, value: Value) -> Value:
        """A value as it now is: a list that something unknown was put in is unknown."""
        if self.spoilt and isinstance(value, Known) and isinstance(value.value, (list, dict, set, tuple)):
            return self.spoilt.within(value.value) or value
        return value

    def variable(self, name: str, default: Value | None) -> Value:
        """An environment variable; without one and without a default, what reading it gives is not known."""
        if name in self.environment:
            return self.environment[name]
        if name in self.shadowed:
            return self.unknown(f"the variable {name} is not given")
        self.variables.add(name)
        if default is not None:
            return default
        if self.catches(KeyError):
            raise Raised(KeyError, name)
        return not_given(name)

    @contextmanager
    def looking(self) -> Iterator[set[str]]:
        """Collect the variables that an expression looks at, apart from those before it."""
        before, self.variables = self.variables, set()
        looked_at = self.variables
        try:
            yield looked_at
        finally:
            self.variables = before | looked_at

    @contextmanager
    def shadowing(self, variables: frozenset[str]) -> Iterator[None]:
        """Evaluate as if these variables were set to something unknown."""
        before, self.shadowed = self.shadowed, self.shadowed | variables
        self.undecided += 1
        try:
            yield
        finally:
            self.shadowed = before
            self.undecided -= 1

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Evaluate a branch that may or may not be taken."""
        self.undecided += 1
        try:
            yield
        finally:
            self.undecided -= 1


def not_given(name: str) -> Unknown:
    """The content of an environment variable that is not given."""
    return Unknown(why=f"the variable {name} is not given")


def environment_of(variables: Mapping[str, str]) -> dict[str, Value]:
    """Environment variables as values."""
    return {name: Known(value=text) for name, text in variables.items()}
