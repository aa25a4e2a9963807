"""Defaults from the user's own files: ``[tool.gcadvise]`` in pyproject.toml, or gcadvise.toml, in the working directory.

A key is a long flag without its dashes (``memory-share = 0.5``), for every command, or within a table of one
command (``[tool.gcadvise.recommend]``). A flag and a variable win over it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gunicorn_conf.errors import BadInput

_FILES = ("gcadvise.toml", "pyproject.toml")


def defaults_from_files(directory: Path | None = None) -> dict[str, Any]:
    """The defaults as Typer wants them: command -> parameter -> value; empty when there is no file.

    Raises BadInput when a file is not TOML, or when it names a key that no command knows.
    """
    directory = directory or Path()
    for name in _FILES:
        path = directory / name
        table = _table(path)
        if table is not None:
            return _per_command(table, path)
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
        found = document.get("tool", {}).get("gcadvise")
    else:
        found = document
    if found is not None and not isinstance(found, dict):
        raise BadInput(f"{path}: tool.gcadvise is not a table", why="it holds a single value", hint="use [tool.gcadvise]")
    return found


def _per_command(table: dict[str, Any], path: Path) -> dict[str, Any]:
    from advisor.cli.main import COMMANDS, flags

    shared = {key: value for key, value in table.items() if not isinstance(value, dict)}
    result: dict[str, Any] = {}
    known_anywhere: set[str] = set()
    for command in COMMANDS:
        known = flags(command)
        known_anywhere |= set(known)
        own = table.get(command, {})
        for key in own:
            _check(key, set(known), f"{path}, table {command}")
        merged = {key: value for key, value in shared.items() if key in known} | own
        result[command] = {known[key]: value for key, value in merged.items()}
    for key, value in table.items():
        _check(key, set(COMMANDS) if isinstance(value, dict) else known_anywhere, str(path))
    return result


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
