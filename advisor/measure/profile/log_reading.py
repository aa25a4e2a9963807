"""Finds in Gunicorn's log, or in what Python printed as it died, the line that says why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

# The last line of a traceback: an exception's name, perhaps with its module, and what it says.
_EXCEPTION = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Exit|Warning|Interrupt|\w))(?:: (.*))?$")
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):")
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+),? in (?P<function>.+)$')
# What Gunicorn says of an app that it cannot find, without a traceback (gunicorn/util.py, import_app).
_APP_IMPORT_ERROR = re.compile(r"^(?:Failed to (?:find|parse|import) .*|AppImportError.*)$")
_LONGEST = 200


def last_exception(log: str) -> str | None:
    """The exception that the last traceback ends with, as ``ValueError: no luck``; None when there is none."""
    found = None
    in_traceback = False
    for line in log.splitlines():
        if _TRACEBACK.match(line):
            in_traceback = True
        elif in_traceback and line and not line.startswith(" "):
            if _EXCEPTION.match(line):
                found = line
            in_traceback = False
        elif _APP_IMPORT_ERROR.match(line):
            found = line
    return None if found is None else found[:_LONGEST]


def missing_variable(log: str) -> str | None:
    """The environment variable whose absence ended the last traceback; None when that was not it."""
    exception = last_exception(log) or ""
    key = re.fullmatch(r"KeyError: '([A-Za-z_]\w*)'", exception)
    if key is None:
        return None
    # os.environ["NAME"] fails in os.py, which is frozen into the interpreter from 3.11 on
    last = log[log.rfind("Traceback (most recent call last)") :]
    return key[1] if re.search(r'File "(?:<frozen os>|[^"]*[/\\]os\.py)"', last) else None


def where_threads_were(log: str, directory: Path) -> list[str]:
    """Where each thread stood when Python's fault handler printed its stacks: ``shop.py, line 12, in pay``.

    Of a thread the innermost place in ``directory``, or else in what is neither Python's library nor Gunicorn's;
    threads that wait for work alone are left out, and so is what was said before.
    """
    stacks: list[list[re.Match[str]]] = []
    for line in log.splitlines():
        if line.endswith("(most recent call first):"):
            stacks.append([])
        elif stacks and (frame := _FRAME.match(line)):
            stacks[-1].append(frame)
    places: list[str] = []
    for stack in stacks:
        place = _place(stack, directory)
        if place is not None and place not in places:
            places.append(place)
    return places


def _place(stack: Sequence[re.Match[str]], directory: Path) -> str | None:
    for frame in stack:
        if Path(frame["file"]).is_relative_to(directory):
            return _shown(frame, str(Path(frame["file"]).relative_to(directory)))
    for frame in stack:
        file = Path(frame["file"])
        if "site-packages" in file.parts and "gunicorn" not in file.parts:
            return _shown(frame, "/".join(file.parts[file.parts.index("site-packages") + 1 :]))
    return None


def _shown(frame: re.Match[str], file: str) -> str:
    return f"{file}, line {frame['line']}, in {frame['function']}"
