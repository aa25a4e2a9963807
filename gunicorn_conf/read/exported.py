"""What evaluation computed, as the value that a rule may see: nothing is left that is known by name only."""

from __future__ import annotations

from gunicorn_conf.read.evaluate_imports import not_read
from gunicorn_conf.read.evaluate_limits import Refused
from gunicorn_conf.read.evaluate_operators import Items, plain
from gunicorn_conf.read.evaluate_values import PLACEHOLDER, BoundMethod, Opaque, Symbol, UserClass, UserFunction, one_of
from gunicorn_conf.value import Known, Literal, OneOf, Unknown, Value


def exported(value: Value, *, is_class: bool = False) -> Value:
    """A value as far as it can be written down; ``is_class`` for a setting that takes a class or its path."""
    match value:
        case OneOf():
            return one_of([exported(one, is_class=is_class) for one in value.values])
        case Known():
            return _exported(value.value, is_class)
        case _:
            return value


def _exported(value: Literal, is_class: bool) -> Value:
    match value:
        case Symbol():
            if is_class and "." in value.path and not value.path.startswith("."):
                return Known(value=value.path)
            return not_read(value)
        case UserFunction():
            name = getattr(value.node, "name", "a lambda")
            return Unknown(why=f"it is the function {name}" if name != "a lambda" else "it is a lambda")
        case UserClass():
            return Unknown(why=f"it is the class {value.name}, which the file defines")
        case BoundMethod():
            return Unknown(why=f"it is {value.name} of an object")
        case str():
            found = PLACEHOLDER.search(value)
            return (
                Unknown(why=f"a template's placeholder stands in it: {found[0][:40]}") if found else Known(value=value)
            )
    if type(value) is Items:
        return Unknown(why="it is an iterator")
    try:
        return Known(value=_plain(value))
    except Refused as refused:
        return Unknown(why=str(refused))


def _plain(value: Literal) -> Literal:
    """A container without what is known by name only; a dict keeps classes by their path, as dictConfig takes them."""
    match value:
        case dict():
            return {_plain(name): one.path if isinstance(one, Symbol) else _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case tuple():
            return tuple(_plain(one) for one in value)
        case Opaque():
            raise Refused("a part of it is a function or a class")
        case str():
            if PLACEHOLDER.search(value):
                raise Refused("a template's placeholder stands in it")
            return value
        case _:
            plain(value)
            return value
