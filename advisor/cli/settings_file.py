"""Defaults from the user's own files: gcadvise.toml, or ``[tool.gcadvise]`` in pyproject.toml, where one works.

A key is a long flag without its dashes (``memory-share = 0.5``), for every command, or within a table of one
command (``[tool.gcadvise.recommend]``). A flag that may be given more than once takes a list, and one of the form
NAME=VALUE a table (``severity = {GC203 = "info"}``). A flag and a variable win over it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advisor.cli.commands import COMMANDS, flags, repeatable
from gunicorn_conf.errors import BadInput

_FILES = ("gcadvise.toml", "pyproject.toml")
_KINDS = {"list": "a list", "dict": "a table"}


def defaults_from_files(command: str, directory: Path | None = None) -> dict[str, Any]:
    """The defaults for ``command`` as Typer wants them: command -> parameter -> value; empty when there is no file.

    Raises BadInput when a file is not TOML, or when it names a key that this command, or any, does not know.
    """
    if command not in COMMANDS:
        return {}
    directory = directory or Path()
    for name in _FILES:
        path = directory / name
        table = _table(path)
        if table is not None:
            return {command: _of_command(command, table, path)}
    return {}


def _table(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_bytes()
    except OSError:
        return None
    if path.name == "pyproject.toml" and b"gcadvise" not in text:
        return None  # the parser is not worth its import

    import tomli

    try:
        document = tomli.loads(text.decode())
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read", why=str(error), hint="mend the TOML, or move the file away") from error
    if path.name == "pyproject.toml":
        tool = document.get("tool")
        found = tool.get("gcadvise") if isinstance(tool, dict) else None
    else:
        found = document
    if found is not None and not isinstance(found, dict):
        raise BadInput(
            f"{path}: tool.gcadvise is not a table", why="it holds a single value", hint="use [tool.gcadvise]"
        )
    return found


def _of_command(command: str, table: dict[str, Any], path: Path) -> dict[str, str | bool | list[str]]:
    known, several = flags(command), repeatable(command)
    own = table.get(command)
    own = own if isinstance(own, dict) else {}
    for key in own:
        _check(key, set(known), f"{path}, table {command}")
    shared = {}
    for key, value in table.items():
        if isinstance(value, dict) and key in COMMANDS:
            continue
        if key in known:
            shared[key] = value
        elif isinstance(value, dict):
            _check(key, {*COMMANDS, *(flag for name in COMMANDS for flag in repeatable(name))}, str(path))
        else:  # it may be another command's; those are loaded for this alone
            others = {flag for name in COMMANDS for flag in flags(name)}
            if key in COMMANDS and key not in others:
                raise BadInput(
                    f"{path}: {key!r} is a command, not a flag",
                    why="what holds for one command alone stands in a table of its name",
                    hint=f"write a table [{_table_name(key, path)}], with its flags in it",
                )
            _check(key, others, str(path))
    return {
        known[key]: _several(key, value, path) if key in several else _as_typed(key, value, path)
        for key, value in (shared | own).items()
    }


def _table_name(command: str, path: Path) -> str:
    return f"tool.gcadvise.{command}" if path.name == "pyproject.toml" else command


def _several(key: str, value: object, path: Path) -> list[str]:
    """The values of a flag that may be given more than once, as they would be typed."""
    if isinstance(value, dict):
        return [f"{name}={_item(key, one, path)}" for name, one in value.items()]
    return [_item(key, one, path) for one in (value if isinstance(value, list) else [value])]


def _item(key: str, value: object, path: Path) -> str:
    if isinstance(value, list):
        return ",".join(_item(key, one, path) for one in value)
    return str(_as_typed(key, value, path))


def _as_typed(key: str, value: object, path: Path) -> str | bool:
    """The value as it would be typed behind its flag, so that ``cpus = 2`` and ``cpus = "2"`` mean the same."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise BadInput(
        f"{path}: {key} has a value that no flag takes",
        why=f"it is {_KINDS.get(type(value).__name__, 'a date or a time')}",
        hint="write a text, a number, true or false",
    )


def _check(key: str, known: set[str], where: str) -> None:
    if key in known:
        return
    import difflib

    near = difflib.get_close_matches(key, sorted(known), 1)
    raise BadInput(
        f"{where}: {key!r} is not known",
        why="no command has a flag or a table of this name",
        hint=f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(known))}",
    )
