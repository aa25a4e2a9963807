"""Splits the command line of a systemd unit into words, by systemd's own rules (systemd.service(5))."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gunicorn_conf.read.options import LONGEST_COMMAND_CHARACTERS
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, joined
from gunicorn_conf.value import Known, Unknown, Value

_VARIABLE = re.compile(r"\$(\$|\{(?P<braced>[A-Za-z_]\w*)\}|(?P<bare>[A-Za-z_]\w*))")
_SPECIFIER = re.compile(r"%(?P<letter>[%A-Za-z])")
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "s": " ",
}
_PREFIXES = "@-:+!|"
_SPACES = " \t\r\n"


def command_words(text: Text, environment: Mapping[str, Value], given: Mapping[str, str]) -> list[Word]:
    """The words of an ``ExecStart=`` line, with the prefixes of the program taken off."""
    words: list[Word] = []
    for start, end, value, plain in _raw_words(text.text):
        source = text.part(start, end)
        inner = source if value == source.text else source.part(1, end - start - 1) if plain else source.made(value)
        if not words:
            kept = value.lstrip(_PREFIXES)
            inner, value = (
                (inner.part(len(value) - len(kept), len(value)) if inner.text == value else inner.made(kept)),
                kept,
            )
        words += _expanded(value, source, inner, environment, given)
    return words


def assignments(text: Text) -> list[tuple[str, Value, Text]]:
    """What ``Environment=`` sets: names, values and where they stand."""
    found = []
    for start, end, value, _ in _raw_words(text.text):
        name, equals, content = value.partition("=")
        if equals and name.isidentifier():
            found.append((name, _specified(content), text.part(start, end)))
    return found


def _raw_words(text: str) -> list[tuple[int, int, str, bool]]:
    """Start, end, value, and whether it is wholly within one pair of quotes without escapes."""
    words: list[tuple[int, int, str, bool]] = []
    at = 0
    if len(text) > LONGEST_COMMAND_CHARACTERS:
        return words
    while at < len(text):
        if text[at] in _SPACES:
            at += 1
            continue
        start = at
        value: list[str] = []
        quote = ""
        escaped = False
        quotes = 0
        while at < len(text) and (quote or text[at] not in _SPACES):
            char = text[at]
            if char == "\\" and at + 1 < len(text):
                escaped = True
                value.append(_ESCAPES.get(text[at + 1], char + text[at + 1]))
                at += 2
                continue
            if quote and char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
                quotes += 1
            else:
                value.append(char)
            at += 1
        word = "".join(value)
        plain = quotes == 1 and not escaped and text[start + 1 : at - 1] == word
        words.append((start, at, word, plain))
    return words


def _expanded(
    value: str, source: Text, inner: Text, environment: Mapping[str, Value], given: Mapping[str, str]
) -> list[Word]:
    if "$" not in value and "%" not in value and GAP not in value:
        return [Word(value=Known(value=value), text=source.written, place=source.place(), inner=inner)]
    alone = _VARIABLE.fullmatch(value)
    if alone and alone["bare"]:
        found = _variable(alone["bare"], environment, given)
        if isinstance(found, Known):
            # $NAME as a word of its own is split at spaces, into none or several words.
            return [
                Word(value=Known(value=part), text=source.written, place=source.place(), inner=source.made(part))
                for part in str(found.value).split()
            ]
        return [Word(value=found, text=source.written, place=source.place(), splits=True)]
    parts: list[Value] = []
    at = 0
    for match in _VARIABLE.finditer(value):
        parts.append(_specified(value[at : match.start()]))
        name = match["braced"] or match["bare"]
        parts.append(_variable(name, environment, given) if name else Known(value="$"))
        at = match.end()
    parts.append(_specified(value[at:]))
    whole = joined(parts)
    made = source.made(str(whole.value)) if isinstance(whole, Known) else None
    if isinstance(whole, Known) and whole.value == inner.text:
        made = inner
    return [Word(value=whole, text=source.written, place=source.place(), inner=made)]


def _variable(name: str, environment: Mapping[str, Value], given: Mapping[str, str]) -> Value:
    if name in given:
        return Known(value=given[name])
    return environment.get(name) or Unknown(why=f"the variable {name} is not given")


def _specified(text: str) -> Value:
    """``%%`` is a percent sign; the other specifiers depend on the unit's name and the host."""
    if GAP in text:
        return Unknown(why="it is filled in from outside")
    for match in _SPECIFIER.finditer(text):
        if match["letter"] != "%":
            return Unknown(why=f"systemd fills in %{match['letter']}")
    return Known(value=text.replace("%%", "%"))
