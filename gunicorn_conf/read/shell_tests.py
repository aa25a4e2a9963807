"""Decides the conditions of a shell script, where what they compare is known."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from gunicorn_conf.read.shell_scope import Scope
from gunicorn_conf.read.word import Word
from gunicorn_conf.value import Known, Value

_UNARY = frozenset({"-z", "-n"})
_EQUAL = frozenset({"=", "=="})


def decide(words: Sequence[Word] | None, scope: Scope) -> bool | None:
    """Whether the words of a test hold; None where that is not to be told (files, variables that are not known)."""
    if not words or any(word.splits for word in words):
        return None
    if words[0].known == "!":
        decided = decide(words[1:], scope)
        return None if decided is None else not decided
    texts = [word.known for word in words]
    if len(texts) == 2 and texts[0] in _UNARY and texts[1] is not None:
        return (texts[1] == "") == (texts[0] == "-z")
    if len(texts) == 3 and texts[0] is not None and texts[2] is not None:
        if texts[1] in _EQUAL:
            return fnmatchcase(texts[0], texts[2])
        if texts[1] == "!=":
            return not fnmatchcase(texts[0], texts[2])
    return None


def matches(value: Value, patterns: Sequence[str]) -> bool | None:
    """Whether a value matches one of the patterns of ``case``; None where that is not to be told."""
    if any(pattern == "*" for pattern in patterns):
        return True
    if not isinstance(value, Known):
        return None
    return any(fnmatchcase(str(value.value), pattern.strip("\"'")) for pattern in patterns)
