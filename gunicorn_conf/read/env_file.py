"""Reads files of ``NAME=value`` lines: .env, EnvironmentFile=, env_file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gunicorn_conf.read.filled import variable
from gunicorn_conf.read.text import Text
from gunicorn_conf.value import Unknown, Value

_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*(?P<value>[^\r\n]*)", re.MULTILINE)
_QUOTED = re.compile(r"(?P<quote>[\"'])(?P<value>.*?)(?P=quote)[ \t]*(#.*)?$")

# What such files hold, as a rule, of what Gunicorn reads: the numbers and addresses that differ by where it runs.
_OFTEN_THERE = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS")


def perhaps_set(where: str, known: Mapping[str, Value]) -> dict[str, Value]:
    """Variables that may be set in a place that is not at hand, of those that are not set yet."""
    return {name: Unknown(why=f"{where} may set {name}") for name in _OFTEN_THERE if name not in known}


def read_env_file(text: Text) -> Iterator[tuple[str, Value]]:
    """The variables in the order in which they stand; a value with a variable in it is unknown."""
    for match in _LINE.finditer(text.text):
        start, end = match.span("value")
        quoted = _QUOTED.match(text.text[start:end])
        if quoted:
            start, end = start + quoted.start("value"), start + quoted.end("value")
        else:
            value = re.sub(r"(^|[ \t])#.*$", "", match["value"]).rstrip()
            end = start + len(value)
        part = text.part(start, end)
        literal = quoted is not None and quoted["quote"] == "'"
        if "$" in part.text and not literal:
            yield match["name"], Unknown(why=f"{part.text} is not evaluated")
        else:
            yield match["name"], variable(match["name"], part)
