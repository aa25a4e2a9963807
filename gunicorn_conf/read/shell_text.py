"""Small work on the text of shell words: the bracket that closes another, and what ``%`` and ``#`` cut off."""

from __future__ import annotations

from collections.abc import Callable


def closed_at(text: str, start: int, opening: str, closing: str) -> int | None:
    """The index of the bracket that closes the one at ``start``; None where there is none."""
    depth = 0
    quote = ""
    index = start
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if not depth:
                return index
        index += 1
    return None


def trimming(operator: str, pattern: str) -> Callable[[str], str]:
    """``%`` and ``#`` and their doubles: cut the shortest or longest match off the end or the beginning."""

    def trim(text: str) -> str:
        from fnmatch import fnmatchcase

        lengths = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
        for length in lengths:
            if operator[0] == "%" and fnmatchcase(text[len(text) - length :], pattern):
                return text[: len(text) - length]
            if operator[0] == "#" and fnmatchcase(text[:length], pattern):
                return text[length:]
        return text

    return trim
