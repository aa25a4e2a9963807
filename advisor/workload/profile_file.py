"""Reads figures from the JSON of a profile; whatever is wrong with one is said with its name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from gunicorn_conf.errors import BadInput

SCHEMA = "gcadvise.profile/1"


class ProfileFile:
    """The document of one file; ``path`` is where it is from."""

    def __init__(self, text: str, path: Path) -> None:
        """Raises BadInput when the text is no profile."""
        self._path = path
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.bad(f"it is not JSON: {error}") from error
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            found = document.get("schema") if isinstance(document, dict) else None
            raise self.bad(f'its "schema" is {json.dumps(found)}, not "{SCHEMA}"')
        self._document: Mapping[str, object] = document

    def get(self, name: str) -> object:
        """What stands at the top under this name; None where nothing does."""
        return self._document.get(name)

    def has(self, group: str, *names: str) -> bool:
        """Whether a group has all of these, and none is null."""
        table = self._document.get(group)
        return isinstance(table, dict) and all(table.get(name) is not None for name in names)

    def number(self, group: str, name: str, *, least: float | None = None) -> float:
        """A finite number, 0 or more; above ``least`` where that is given. Raises BadInput for anything else."""
        found = self._found(group, name)
        if found is None:
            raise self.bad(f"{_where(group, name)} is missing")
        value = self._finite(found, group, name)
        if least is not None and value <= least:
            raise self.bad(f"{_where(group, name)} is {value:g}, which makes no sense")
        return value

    def number_or(self, group: str, name: str, unknown: float) -> float:
        """The same, or ``unknown`` where it is missing or null."""
        return self.number(group, name) if self.has(group, name) else unknown

    def ascending(self, group: str, name: str, count: int) -> tuple[float, ...]:
        """So many numbers, none less than the one before. Raises BadInput for anything else."""
        found = self._found(group, name)
        if not isinstance(found, list) or len(found) != count:
            raise self.bad(f"{_where(group, name)} is no list of {count} numbers")
        values = tuple(self._finite(value, group, name) for value in found)
        if any(later < earlier for earlier, later in pairwise(values)):
            raise self.bad(f"the numbers of {_where(group, name)} do not ascend")
        return values

    def bad(self, why: str) -> BadInput:
        """The error that the file cannot be used."""
        return unusable(self._path, why)

    def _found(self, group: str, name: str) -> object:
        table = self._document.get(group)
        return table.get(name) if isinstance(table, dict) else None

    def _finite(self, found: object, group: str, name: str) -> float:
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise self.bad(f"{_where(group, name)} is no number")
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or value < 0:
            raise self.bad(f"{_where(group, name)} is {value:g}, which makes no sense")
        return value


def unusable(path: Path, why: str) -> BadInput:
    """The error that a file is no profile that can be used."""
    return BadInput(
        f"{path} is no profile that can be used",
        why=why,
        hint="have gcadvise profile write it; the format is in docs/profile.md",
    )


def _where(group: str, name: str) -> str:
    return f'"{name}" in "{group}"'
