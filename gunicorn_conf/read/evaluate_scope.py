"""Names and what they are bound to, and how two branches that may both have been taken come together again."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gunicorn_conf.read.evaluate_values import chosen_by_host, one_of, same
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a name is bound to, and where."""

    value: Value
    name_node: ast.expr | ast.stmt | ast.alias | ast.excepthandler | None = None
    """Where the name stands; None for what is bound from outside."""
    statement: ast.stmt | None = None
    value_node: ast.expr | None = None
    source: SourceText | None = None
    """The file that these nodes are of."""
    variables: frozenset[str] = frozenset()
    """Environment variables that are not given, and that the value would follow."""
    conditional: bool = False
    unset: str | None = None
    """Why the name may not be bound at all; None when it certainly is."""
    imported: bool = False
    replaceable: bool = False
    """Whether another text in the value's place gives the name that value."""

    @property
    def line(self) -> int:
        """Where it is bound; 0 for what is bound from outside."""
        return self.name_node.lineno if self.name_node is not None else 0


class Scope(dict[str, Binding]):
    """The names of a module, a function or a class."""

    __slots__ = ("declared_global",)

    def __init__(self) -> None:
        super().__init__()
        self.declared_global: set[str] = set()

    def __deepcopy__(self, memo: dict[int, object]) -> Scope:
        return self


@dataclass(slots=True, kw_only=True, eq=False)
class Module:
    """A file that is evaluated, with its global names."""

    source: SourceText
    names: Scope = field(default_factory=Scope)
    stars: list[str] = field(default_factory=list)
    """Modules of the standard library that it imports everything of."""

    def __deepcopy__(self, memo: dict[int, object]) -> Module:
        return self


class Spoilt:
    """Lists and dicts whose contents are no longer known, because something was put in that is not."""

    __slots__ = ("_by_identity",)

    def __init__(self) -> None:
        # The object is kept beside, so that its identity is not given to another.
        self._by_identity: dict[int, tuple[object, Value]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_identity)

    def spoil(self, container: object, value: Value) -> None:
        """From now on this container stands for a value."""
        self._by_identity[id(container)] = (container, value)

    def get(self, container: object) -> Value | None:
        """What a container stands for instead; None where it stands for itself."""
        if not self._by_identity:
            return None
        found = self._by_identity.get(id(container))
        return found[1] if found else None

    def within(self, container: object) -> Value | None:
        """What makes a container unknown, itself or something that it holds."""
        if not self._by_identity:
            return None
        found = self.get(container)
        if found is not None:
            return found
        seen: set[int] = set()
        pending = [container]
        while pending:
            one = pending.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if id(one) in self._by_identity:
                inner = self._by_identity[id(one)][1]
                return inner if isinstance(inner, Unknown) else Unknown(why="a part of it depends on conditions")
            if isinstance(one, dict):
                pending.extend(one.values())
            elif isinstance(one, (list, tuple)):
                pending.extend(one)
        return None

    def follow(self, memo: dict[int, object]) -> None:
        """Let copies stand for what their originals stand for; ``memo`` is that of copy.deepcopy."""
        for identity, (_, value) in list(self._by_identity.items()):
            if identity in memo:
                self.spoil(memo[identity], value)


def snapshot(scopes: list[Scope], spoilt: Spoilt) -> list[dict[str, Binding]]:
    """Copies of the scopes whose lists and dicts are copies too."""
    memo: dict[int, object] = {}
    copies: list[dict[str, Binding]] = []
    for scope in scopes:
        copied = dict(scope)
        for name, binding in scope.items():
            value = binding.value
            if isinstance(value, Known) and isinstance(value.value, (list, dict, set, tuple)):
                copied[name] = replace(binding, value=Known(value=copy.deepcopy(value.value, memo)))
        copies.append(copied)
    spoilt.follow(memo)
    return copies


Join = Callable[[Binding | None, Binding | None], Binding | None]


def merge(scopes: list[Scope], others: list[dict[str, Binding]], join: Join) -> None:
    """Bring the names of two branches together; ``scopes`` hold those of the first and get the outcome."""
    for scope, other in zip(scopes, others, strict=True):
        for name in [*scope, *(name for name in other if name not in scope)]:
            mine, theirs = scope.get(name), other.get(name)
            if mine is theirs:
                continue
            joined = join(mine, theirs)
            if joined is None:
                scope.pop(name, None)
            else:
                scope[name] = joined


def undecided(why_unset: str, condition: PerHost | None = None) -> Join:
    """How bindings join when either branch may have been taken; a condition on the host chooses where it can."""

    def join(one: Binding | None, other: Binding | None) -> Binding | None:
        if one is None or other is None:
            only = one or other
            assert only is not None
            return replace(only, conditional=True, unset=only.unset or why_unset)
        if same(one.value, other.value):
            return _alike(one, other)
        value = one_of([one.value, other.value]) if condition is None else \
            chosen_by_host(condition, one.value, other.value)  # fmt: skip
        return replace(
            max(one, other, key=lambda each: each.line),
            value=value,
            conditional=condition is None or isinstance(value, OneOf),
            unset=one.unset or other.unset,
            variables=one.variables | other.variables,
            replaceable=False,
        )

    return join


def assumed(variables: frozenset[str], why_unset: str) -> Join:
    """How bindings join when the first branch is taken as long as some variables are not set.

    What the other branch computes from the variables' contents is left out, as that of a default's alternative is.
    """
    either = undecided(why_unset)

    def join(taken: Binding | None, other: Binding | None) -> Binding | None:
        if taken is not None and other is not None and not same(taken.value, other.value):
            known = [one for one in (other.value.values if isinstance(other.value, OneOf) else (other.value,))
                     if not isinstance(one, Unknown)]  # fmt: skip
            if not known:
                return replace(taken, variables=taken.variables | variables, replaceable=False)
            other = replace(other, value=one_of(known))
        return either(taken, other)

    return join


def _alike(one: Binding, other: Binding) -> Binding:
    """Two bindings of the same value: where it stands matters only when it was bound anew."""
    if one.name_node is other.name_node:
        return replace(one, unset=one.unset or other.unset, variables=one.variables | other.variables)
    later = max(one, other, key=lambda each: each.line)
    return replace(
        later, value=one.value, unset=one.unset or other.unset, variables=one.variables | other.variables,
        conditional=later.conditional or one.unset is not None or other.unset is not None, replaceable=False,
    )  # fmt: skip
