"""Python's operators on plain values, bounded: what would take long or grow large is refused instead of computed."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Sized

from gunicorn_conf.read.evaluate_limits import MAX_BITS, MAX_TEXT, MAX_WIDTH, Refused
from gunicorn_conf.read.evaluate_values import Opaque, Symbol
from gunicorn_conf.value import Literal

Operation = Callable[..., Literal]
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range, slice, type(None))
_NUMBERS = re.compile(r"\d+")


class Items(list[Literal]):
    """What an iterator or a view of a dict gives: to be gone through, and for nothing else."""


def plain(*values: Literal) -> None:
    """Refuse what is known by name only, and objects of classes that are not plain data."""
    for value in values:
        if type(value) is Items:
            raise Refused("it is an iterator")
        if isinstance(value, Opaque) or not isinstance(value, _PLAIN):
            path = getattr(value, "path", None)
            raise Refused(f"{path.removeprefix('builtins.')} is not evaluated" if path else "it is not plain data")


def items_of(value: Literal) -> list[Literal]:
    """The items of a plain value; raises TypeError where it has none, as Python does."""
    if type(value) is not Items:
        plain(value)
    if not isinstance(value, Iterable):
        raise TypeError(f"{type(value).__name__!r} object is not iterable")
    return list(value)


def bounded(operation: Operation) -> Operation:
    """An operation on plain values alone."""

    def run(*values: Literal) -> Literal:
        plain(*values)
        return operation(*values)

    return run


def check_format(text: object) -> None:
    """Refuse a format that pads to more than MAX_WIDTH places, or takes the width from a value."""
    words = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    if any(len(found) > len(str(MAX_WIDTH)) for found in _NUMBERS.findall(words)):
        raise Refused(f"it is formatted to more than {MAX_WIDTH} places")


def _power(base: Literal, exponent: Literal) -> Literal:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_BITS:
        raise Refused(f"it is a number of more than {MAX_BITS} bits")
    return operator.pow(base, exponent)


def _left_shift(value: Literal, by: Literal) -> Literal:
    if isinstance(value, int) and isinstance(by, int) and by > MAX_BITS:
        raise Refused(f"it is a number of more than {MAX_BITS} bits")
    return operator.lshift(value, by)


def _times(left: Literal, right: Literal) -> Literal:
    for sequence, count in ((left, right), (right, left)):
        if (
            isinstance(sequence, (str, bytes, list, tuple))
            and isinstance(count, int)
            and len(sequence) * count > MAX_TEXT
        ):
            raise Refused(f"it has more than {MAX_TEXT:,} items")
    return operator.mul(left, right)


def _add(left: Literal, right: Literal) -> Literal:
    if isinstance(left, Sized) and isinstance(right, Sized) and len(left) + len(right) > MAX_TEXT:
        raise Refused(f"it has more than {MAX_TEXT:,} items")
    return operator.add(left, right)


def _modulo(left: Literal, right: Literal) -> Literal:
    if isinstance(left, (str, bytes)):
        words = left.decode("latin-1") if isinstance(left, bytes) else left
        if re.search(r"%[^%a-zA-Z]*\*", words):
            raise Refused("it is formatted to a width that is computed")
        check_format(words)
    return operator.mod(left, right)


BINARY: dict[type[ast.operator], Operation] = {
    ast.Add: bounded(_add),
    ast.Sub: bounded(operator.sub),
    ast.Mult: bounded(_times),
    ast.Div: bounded(operator.truediv),
    ast.FloorDiv: bounded(operator.floordiv),
    ast.Mod: bounded(_modulo),
    ast.Pow: bounded(_power),
    ast.LShift: bounded(_left_shift),
    ast.RShift: bounded(operator.rshift),
    ast.BitOr: bounded(operator.or_),
    ast.BitAnd: bounded(operator.and_),
    ast.BitXor: bounded(operator.xor),
    ast.MatMult: bounded(operator.matmul),
}


def _times_in_place(left: Literal, right: Literal) -> Literal:
    multiplied = _times(left, right)
    if isinstance(left, list) and isinstance(multiplied, list):
        left[:] = multiplied
        return left
    return multiplied


# Augmented assignment to a list, dict or set, which changes the object itself.
IN_PLACE: dict[type[ast.operator], Operation] = {
    ast.Add: bounded(operator.iadd),
    ast.BitAnd: bounded(operator.iand),
    ast.BitOr: bounded(operator.ior),
    ast.BitXor: bounded(operator.ixor),
    ast.Mult: bounded(_times_in_place),
    ast.Sub: bounded(operator.isub),
}

UNARY: dict[type[ast.unaryop], Operation] = {
    ast.UAdd: bounded(operator.pos),
    ast.USub: bounded(operator.neg),
    ast.Invert: bounded(operator.invert),
    ast.Not: bounded(operator.not_),
}

COMPARE: dict[type[ast.cmpop], Operation] = {
    ast.Eq: bounded(operator.eq),
    ast.NotEq: bounded(operator.ne),
    ast.Lt: bounded(operator.lt),
    ast.LtE: bounded(operator.le),
    ast.Gt: bounded(operator.gt),
    ast.GtE: bounded(operator.ge),
    ast.Is: lambda left, right: _identical(left, right),
    ast.IsNot: lambda left, right: not _identical(left, right),
    ast.In: bounded(lambda left, right: operator.contains(right, left)),
    ast.NotIn: bounded(lambda left, right: not operator.contains(right, left)),
}


def _identical(left: Literal, right: Literal) -> bool:
    """``is``, where it does not depend on how an interpreter keeps equal values."""
    if any(isinstance(one, Symbol) for one in (left, right)):
        raise Refused("what a module that was not read holds is not known")
    single = (None, True, False, ...)
    if any(left is one or right is one for one in single):
        return left is right
    if type(left) is not type(right):
        return False
    raise Refused("whether two values are one object depends on the interpreter")
