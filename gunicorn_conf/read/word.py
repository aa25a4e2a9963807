"""A word of a command line: what it is worth, how it is written, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gunicorn_conf.place import Place
from gunicorn_conf.read.text import Text
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

# More possibilities than this are no help to anyone; their number would double with each undecided condition.
_MOST_POSSIBILITIES = 8

# Longer than any command line; X="$X$X" doubles with each line.
_LONGEST_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a command line. Its value is text (Known of a str, or per host such), one of several, or unknown."""

    value: Value
    text: str
    """As it is written."""
    place: Place
    inner: Text | None = None
    """The value as text that knows its places, where the value is known."""
    splits: bool = False
    """Whether it is unknown and unquoted, so that it may stand for no word or for several."""

    @property
    def known(self) -> str | None:
        """The value where it is known exactly."""
        return self.value.value if isinstance(self.value, Known) and isinstance(self.value.value, str) else None


def plain(text: Text) -> Word:
    """A word that is what it says, with no quotes and no variables."""
    return Word(value=Known(value=text.text), text=text.written, place=text.place(), inner=text)


def joined(values: Sequence[Value]) -> Value:
    """The values of text one after the other, as one value."""
    if len(values) == 1:
        return values[0]
    if all(isinstance(value, Known) for value in values):
        texts = [str(value.value) for value in values if isinstance(value, Known)]
        if sum(map(len, texts)) > _LONGEST_CHARACTERS:
            return Unknown(why="it is too long")
        return Known(value="".join(texts))
    for value in values:
        if isinstance(value, Unknown):
            return value
    for index, value in enumerate(values):
        if isinstance(value, OneOf):
            before, after = values[:index], values[index + 1 :]
            return one_of(joined([*before, one, *after]) for one in value.values)
    expression = "".join(str(value.value) if isinstance(value, Known) else expression_of(value) for value in values)
    return PerHost(expression=expression, at=_joined_at(tuple(values)))


def expression_of(value: Value) -> str:
    """The source text of a value that depends on the host, and the value itself of a known one."""
    match value:
        case Known():
            return str(value.value)
        case PerHost():
            return value.expression
        case OneOf() | Unknown():
            return "..."


def one_of(values: Iterable[Value]) -> Value:
    """One of these values; simply the value where all are equal."""
    flat: list[Known | PerHost | Unknown] = []
    for value in values:
        for one in value.values if isinstance(value, OneOf) else (value,):
            if one not in flat:
                flat.append(one)
    if len(flat) == 1:
        return flat[0]
    if len(flat) > _MOST_POSSIBILITIES:
        return Unknown(why="it has too many possible values")
    return OneOf(values=tuple(flat))


def _joined_at(values: Sequence[Value]) -> Callable[[int], object]:
    def at(cpus: int) -> object:
        return "".join(str(one.at(cpus) if isinstance(one, PerHost) else expression_of(one)) for one in values)

    return at


def converted(value: Value, convert: Callable[[str], object]) -> Value:
    """The value after ``convert``; what convert refuses with a ValueError stays as it is."""

    def one(literal: object) -> object:
        if not isinstance(literal, str):
            return literal
        try:
            return convert(literal)
        except ValueError:
            return literal

    match value:
        case Known():
            return Known(value=one(value.value))
        case PerHost():
            at = value.at
            return PerHost(expression=value.expression, at=lambda cpus: one(at(cpus)))
        case OneOf():
            return one_of(converted(possible, convert) for possible in value.values)
        case Unknown():
            return value
