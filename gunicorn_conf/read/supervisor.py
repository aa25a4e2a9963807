"""Reads a supervisor configuration: the commands of its programs, their environment, and how they are stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gunicorn_conf.read.filled import FILLED, fill, variable
from gunicorn_conf.read.ini import supervisor_entries
from gunicorn_conf.read.launch import Setting, launch
from gunicorn_conf.read.options import split_words
from gunicorn_conf.read.quantities import number
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.read.text import Text
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Known, Unknown, Value

# supervisord.org/configuration.html: stopwaitsecs is 10 unless it is set.
_STOP_WAIT_SECONDS = 10.0
# The kernel itself takes no single variable beyond 128 KiB; what people write is a few hundred characters.
_LONGEST_ENVIRONMENT = 8 * 1024
_TRUE = frozenset({"true", "yes", "on", "1"})
_EXPRESSION = re.compile(r"%(?:%|\((?P<name>\w+)\)(?:s|\d*d))")
_PAIR = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,"']*)\s*(?:,|$)""", re.DOTALL
)


def read_supervisor(reading: Reading) -> list[Start]:
    """Every Gunicorn that a ``[program:...]`` starts."""
    programs: dict[str, dict[str, Text]] = {}
    for entry in supervisor_entries(reading.text):
        if entry.section.startswith(("program:", "fcgi-program:")):
            programs.setdefault(entry.section, {})[entry.key] = entry.value
    common = programs_environment(reading)
    return [start for values in programs.values() for start in _program(values, common, reading)]


def programs_environment(reading: Reading) -> dict[str, Value]:
    """What ``[supervisord]`` sets for all programs."""
    found: dict[str, Value] = {}
    for entry in supervisor_entries(reading.text):
        if entry.section == "supervisord" and entry.key == "environment":
            found.update(_environment(entry.value, reading))
    return found


def _program(values: Mapping[str, Text], common: Mapping[str, Value], reading: Reading) -> Iterator[Start]:
    command = values.get("command")
    if command is None:
        return
    environment = {**common, **dict(_environment(values["environment"], reading) if "environment" in values else ())}
    directory = values["directory"].text if "directory" in values else None
    words = split_words(_interpolated(command, reading))
    if words is None:
        return
    setting = Setting(
        file_kind="supervisor",
        release=reading.release,
        environment=environment,
        given=reading.given,
        directory=directory if directory and "%" not in directory and FILLED not in directory else None,
        passes_to_all="stopasgroup" in values and values["stopasgroup"].text.lower() in _TRUE,
        script=reading.script,
    )
    for found in launch(words, setting):
        yield Start(command=found, deployment=_deployment(values, reading.file.path))


def _deployment(values: Mapping[str, Text], path: str) -> Deployment:
    sources = {"supervisor": f"{path} is supervisor's"}
    stop = _STOP_WAIT_SECONDS
    sources["stop_window_seconds"] = f"supervisor's default; {path} has no stopwaitsecs"
    if "stopwaitsecs" in values:
        given = number(values["stopwaitsecs"].text)
        if given is not None:
            stop = given
            sources["stop_window_seconds"] = f"stopwaitsecs={values['stopwaitsecs'].text} in {path}"
    root = None
    if "user" in values and "%" not in values["user"].text and FILLED not in values["user"].text:
        root = values["user"].text in ("root", "0")
        sources["root"] = f"user={values['user'].text} in {path}"
    return Deployment(supervisor="supervisor", stop_window_seconds=stop, root=root, sources=sources)


def _environment(text: Text, reading: Reading) -> Iterator[tuple[str, Value]]:
    at = 0
    if len(text.text) > _LONGEST_ENVIRONMENT:
        return
    while at < len(text.text):
        match = _PAIR.match(text.text, at)
        if match is None or match.end() == at:
            return
        start, end = match.span("value")
        if text.text[start : start + 1] in ('"', "'"):
            start, end = start + 1, end - 1
        yield match["name"], variable(match["name"], _interpolated(text.part(start, end), reading))
        at = match.end()


def _interpolated(text: Text, reading: Reading) -> Text:
    """``%(ENV_NAME)s`` is a variable of supervisor's own environment; ``%(here)s`` and the like are not known."""

    def value(match: re.Match[str]) -> Value:
        name = match["name"]
        if name is None:
            return Known(value="%")
        if name == "process_num":
            return Known(value="0")
        variable = name.removeprefix("ENV_")
        if name.startswith("ENV_") and variable in reading.given:
            return Known(value=reading.given[variable])
        return Unknown(why=f"supervisor fills in {match[0]}")

    return fill(text, _EXPRESSION, value)
