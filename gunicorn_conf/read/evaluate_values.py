"""The values that static evaluation computes with, and how an operation on known values becomes one on any values.

Besides what a setting can hold, a Known value may here be a symbol (something imported, a builtin), a function or a
class of the file: `exported` turns those into what a rule may see.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gunicorn_conf.read.evaluate_limits import MAX_HOST_DEPTH, MAX_POSSIBILITIES, Budget, Exhausted, Refused
from gunicorn_conf.value import Known, Literal, OneOf, PerHost, Unknown, Value

if TYPE_CHECKING:
    from gunicorn_conf.read.evaluate_scope import Module, Scope

# Machines that an operation is tried on before its value is called one that depends on the host.
_MACHINES = (1, 2, 3, 4, 8, 64)
# Characters of an exception's text that are shown.
_MAX_MESSAGE = 120
# Items or characters of an operand that are worth a step: going through them takes a microsecond or two.
_LARGE = 128
# What a template engine replaces before Gunicorn sees the file: ``{{ port }}``, ``{% if x %}``.
# Bounded, so that any text is searched in linear time.
PLACEHOLDER = re.compile(r"\{\{-?\s{0,9}[A-Za-z_][\w.\[\]|()'\" ,-]{0,99}\}\}|\{%-?\s[^\n]{0,99}?%\}")


class Opaque:
    """Something that is known by name only: no operation but a call or an attribute is done on it."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, object]) -> Opaque:
        return self


@dataclass(frozen=True, slots=True)
class Symbol(Opaque):
    """A builtin, or something imported, by its dotted path: ``os.environ.get``."""

    path: str

    @property
    def name(self) -> str:
        """As a user writes it: builtins without their module."""
        return self.path.removeprefix("builtins.")


@dataclass(frozen=True, slots=True, eq=False)
class UserFunction(Opaque):
    """A function of the file, or of a neighbouring one."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: Module
    enclosing: tuple[Scope, ...]
    """The local names of the functions around it."""
    defaults: dict[str, Value]
    decorated: bool


@dataclass(frozen=True, slots=True, eq=False)
class UserClass(Opaque):
    """A class of the file, with what its body binds."""

    name: str
    members: Scope


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod(Opaque):
    """A method of a value that is not called yet."""

    receiver: Value
    node: ast.expr
    name: str


class Raised(Exception):
    """The file certainly raises an exception here, unless something catches it."""

    def __init__(self, kind: type[BaseException], text: str) -> None:
        # Python's own messages may quote the value.
        shown = text if len(text) <= _MAX_MESSAGE else text[:_MAX_MESSAGE] + "…"
        super().__init__(f"{kind.__name__}: {shown}" if text else kind.__name__)
        self.kind = kind


class HostFunction:
    """A function of the number of CPUs that never raises, and computes each answer once."""

    __slots__ = ("_answers", "_compute", "depth")

    def __init__(self, compute: Callable[[int], Literal], depth: int = 0) -> None:
        self._compute = compute
        self._answers: dict[int, Literal] = {}
        self.depth = depth

    def __call__(self, cpus: int) -> Literal:
        """The value on a machine of so many CPUs; an Unknown where computing it fails."""
        if cpus not in self._answers:
            try:
                self._answers[cpus] = self._compute(cpus)
            except Exception as error:
                self._answers[cpus] = Unknown(why=f"it fails on a machine with {cpus} CPUs: {error}")
        return self._answers[cpus]


def depth(value: Value) -> int:
    """How many operations a value of the host is made of."""
    return value.at.depth if isinstance(value, PerHost) and isinstance(value.at, HostFunction) else 0


def apply(
    budget: Budget, expression: Callable[[], str], function: Callable[..., Literal], operands: Sequence[Value]
) -> Value:
    """What a function of known values gives for any values.

    Raises Raised where the function certainly fails; what it refuses becomes Unknown.
    """
    kinds = {type(operand) for operand in operands}
    if Unknown in kinds:
        return next(operand for operand in operands if isinstance(operand, Unknown))
    if OneOf in kinds:
        return _apply_each(budget, expression, function, operands)
    if PerHost in kinds:
        return _apply_host(expression, function, operands)
    return _apply_known(budget, function, [one.value for one in operands if isinstance(one, Known)])


def _apply_known(budget: Budget, function: Callable[..., Literal], values: Sequence[Literal]) -> Value:
    for value in values:
        if isinstance(value, (str, bytes, list, tuple, dict, set)) and len(value) > _LARGE:
            budget.spend(len(value) // _LARGE)
    try:
        return Known(value=budget.keep(function(*values)))
    except Refused as refused:
        # It may have been computed before it was found too large.
        budget.spend(_LARGE)
        return Unknown(why=str(refused))
    except (Raised, Exhausted, RecursionError):
        raise
    except MemoryError:
        return Unknown(why="it is too large")
    except Exception as error:
        raise Raised(type(error), str(error)) from None


def _apply_each(
    budget: Budget, expression: Callable[[], str], function: Callable[..., Literal], operands: Sequence[Value]
) -> Value:
    choices = [operand.values if isinstance(operand, OneOf) else (operand,) for operand in operands]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_POSSIBILITIES:
        return Unknown(why="it has too many possible values")
    found: list[Value] = []
    failure: Raised | None = None
    for combination in itertools.product(*choices):
        try:
            found.append(apply(budget, expression, function, combination))
        except Raised as raised:
            failure = raised
    if not found and failure is not None:
        raise failure
    return one_of(found)


def _apply_host(expression: Callable[[], str], function: Callable[..., Literal], operands: Sequence[Value]) -> Value:
    deepest = max(depth(operand) for operand in operands) + 1
    if deepest > MAX_HOST_DEPTH:
        return Unknown(why="it is computed from the host in too many steps")

    settled = [_kept(one) for one in operands]

    def compute(cpus: int) -> Literal:
        values = [one(cpus) for one in settled]
        for value in values:
            if isinstance(value, Unknown):
                return value
        return Budget().keep(function(*values))

    failures: list[Raised] = []
    for cpus in _MACHINES:
        try:
            answer = compute(cpus)
        except (Refused, MemoryError) as refused:
            return Unknown(why=str(refused) or "it is too large")
        except (Raised, Exhausted, RecursionError):
            raise
        except Exception as error:
            failures.append(Raised(type(error), str(error)))
        else:
            if isinstance(answer, Unknown):
                return answer
    if len(failures) == len(_MACHINES):
        raise failures[0]
    if failures:
        return Unknown(why=f"it fails with {failures[0]} on machines with some numbers of CPUs")
    at = HostFunction(compute, deepest)
    return PerHost(expression=expression(), at=at)


def _kept(value: Value) -> Callable[[int], Literal]:
    """A value of the host as it is now: a list that is changed later is copied."""
    if isinstance(value, PerHost):
        return value.at
    assert isinstance(value, Known)
    held = copy.deepcopy(value.value) if isinstance(value.value, (list, dict, set)) else value.value
    return lambda _cpus: held


def one_of(values: Sequence[Value]) -> Value:
    """One of these, each once; the value itself where there is only one."""
    flat: list[Known | PerHost | Unknown] = []
    for value in values:
        for one in value.values if isinstance(value, OneOf) else (value,):
            if not any(same(one, other) for other in flat):
                flat.append(one)
    if len(flat) == 1:
        return flat[0]
    if len(flat) > MAX_POSSIBILITIES:
        return Unknown(why="it has too many possible values")
    return OneOf(values=tuple(flat))


def same(left: Value, right: Value) -> bool:
    """Whether two values are alike, with their types: 1 is neither True nor 1.0."""
    if left is right:
        return True
    if isinstance(left, Known) and isinstance(right, Known):
        if left.value is right.value:
            return True
        if isinstance(left.value, Opaque) or isinstance(right.value, Opaque):
            return isinstance(left.value, Symbol) and left.value == right.value
        return type(left.value) is type(right.value) and repr(left.value) == repr(right.value)
    if isinstance(left, OneOf) and isinstance(right, OneOf):
        return len(left.values) == len(right.values) and all(map(same, left.values, right.values))
    return isinstance(left, Unknown) and isinstance(right, Unknown) and left.why == right.why


def chosen_by_host(condition: PerHost, when_true: Value, when_false: Value) -> Value:
    """What holds when a condition on the host chooses between two values."""
    if same(when_true, when_false):
        return when_true
    if not all(isinstance(one, (Known, PerHost)) for one in (when_true, when_false)):
        return one_of([when_true, when_false])
    deepest = max(depth(condition), depth(when_true), depth(when_false)) + 1
    if deepest > MAX_HOST_DEPTH:
        return Unknown(why="it is computed from the host in too many steps")

    yes, no = _kept(when_true), _kept(when_false)

    def compute(cpus: int) -> Literal:
        return yes(cpus) if condition.at(cpus) else no(cpus)

    texts = [one.expression if isinstance(one, PerHost) else repr(one.value) for one in (when_true, when_false)
             if isinstance(one, (Known, PerHost))]  # fmt: skip
    return PerHost(
        expression=f"{texts[0]} if {condition.expression} else {texts[1]}", at=HostFunction(compute, deepest)
    )


def truth(value: Value) -> bool | PerHost | None:
    """Whether a value counts as true; None where that cannot be told, a value of the host where it depends on it."""
    match value:
        case Known():
            return _opaque_truth(value.value) if isinstance(value.value, Opaque) else bool(value.value)
        case PerHost():
            answers = {bool(value.at(cpus)) for cpus in _MACHINES}
            return answers.pop() if len(answers) == 1 and depth(value) == 0 else value
        case OneOf():
            found = {truth(one) if isinstance(one, Known) else None for one in value.values}
            answer = found.pop() if len(found) == 1 else None
            return answer if isinstance(answer, bool) else None
        case Unknown():
            return None


def _opaque_truth(value: Opaque) -> bool | None:
    """Functions, classes and modules count as true; what a module that was not read holds may be anything."""
    if isinstance(value, Symbol) and "." in value.path and not value.path.startswith("builtins."):
        return None
    return True
