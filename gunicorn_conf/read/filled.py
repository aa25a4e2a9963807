"""Fills variables into a text before it is split into words, as supervisor, compose and Kubernetes do."""

from __future__ import annotations

import re
from collections.abc import Callable

from gunicorn_conf.read.launch import Placed
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.value import Known, Unknown, Value

FILLED = GAP
"""Stands in the result for what is not known."""


def variable(name: str, text: Text) -> Value:
    """The value of a variable that a file sets, unknown where something is to be filled in.

    GUNICORN_CMD_ARGS keeps its gaps: the options that are known are worth having although another is not.
    """
    if FILLED in text.text and name != "GUNICORN_CMD_ARGS":
        return Unknown(why=f"{text.written} is filled in from outside")
    return Placed(value=text.text, place=text.place())


def fill(text: Text, pattern: re.Pattern[str], value: Callable[[re.Match[str]], Value | None]) -> Text:
    """The text with every match replaced by its value, where there is one; None leaves it as it is.

    What stands for itself keeps its place; what was filled in stands where its expression does.
    """
    parts: list[tuple[str, int]] = []
    at = 0
    changed = False
    for match in pattern.finditer(text.text):
        found = value(match)
        if found is None:
            continue
        changed = True
        parts.append((text.text[at : match.start()], at))
        parts.append((str(found.value) if isinstance(found, Known) else FILLED, match.start()))
        at = match.end()
    if not changed:
        return text
    parts.append((text.text[at:], at))
    return text.spliced(parts)
