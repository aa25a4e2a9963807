"""Every setting of Gunicorn that any release knows: section, flags, type, default, and which releases have it.

The facts are in settings.json, read from the releases themselves (see make_settings.py).
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gunicorn_conf.errors import BadInput
from gunicorn_conf.release import Release

SettingDefault = bool | int | str | list[str] | dict[str, str] | None

if TYPE_CHECKING:
    from typing import TypedDict

    class _Lifetime(TypedDict, total=False):
        since: str
        removed: str

    class _Entry(_Lifetime, total=False):
        section: str
        flags: list[str]
        variable: str
        types: dict[str, str]
        defaults: dict[str, SettingDefault]

    class _Catalogue(TypedDict):
        releases: list[str]
        worker_classes: dict[str, _Lifetime]
        settings: dict[str, _Entry]


_JSON = Path(__file__).with_name("settings.json")


class SettingType(enum.Enum):
    """What kind of value a setting takes."""

    BOOL = "bool"
    INT = "int"
    STR = "str"
    LIST = "list"
    """A list of strings, or a string with commas."""
    DICT = "dict"
    CLASS = "class"
    """A class, or its name or path as a string."""
    USER = "user"
    """The name or number of a user or group."""
    HOOK = "hook"
    """A function that Gunicorn calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of Gunicorn.

    Histories hold the release that brought a value and the value, oldest first.
    """

    name: str
    section: str
    flags: tuple[str, ...]
    """``("-w", "--workers")``; empty for a setting that only a file can hold."""
    variable: str | None
    """The environment variable that Gunicorn itself takes the default from (WEB_CONCURRENCY for workers)."""
    since: Release
    """The first release that has it; 19.9.0 stands for "or earlier"."""
    removed: Release | None
    """The first release that no longer has it."""
    types: tuple[tuple[Release, SettingType], ...]
    defaults: tuple[tuple[Release, SettingDefault], ...]
    """In an empty environment. None also for hooks, and for user and group, which follow the caller; ``.`` is the
    working directory and ``~`` the home directory."""

    def type(self, release: Release) -> SettingType:
        """The kind of value that it takes in this release."""
        return next((kind for since, kind in reversed(self.types) if since <= release), self.types[0][1])

    def default(self, release: Release) -> SettingDefault:
        """The value that it has in this release when nothing sets it."""
        return next((value for since, value in reversed(self.defaults) if since <= release), self.defaults[0][1])


@functools.cache
def supports(name: str, release: Release) -> bool:
    """Whether this release of Gunicorn has a setting of this name.

    A release newer than the newest of the catalogue is taken to have what that one has.
    """
    entry = _catalogue()["settings"].get(name)
    return entry is not None and _within(entry, release)


def worker_classes(release: Release) -> frozenset[str]:
    """The short names that worker_class takes in this release (``sync``, ``gthread``, ...)."""
    return frozenset(name for name, entry in _catalogue()["worker_classes"].items() if _within(entry, release))


def setting(name: str) -> Setting:
    """The setting of this name.

    Raises BadInput when no release has it; the hint names the nearest that one has.
    """
    known = settings()
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name.lower(), known, 1)
        raise BadInput(
            f"{name!r} is not a setting of Gunicorn",
            why="no release from 19.9 on has one of this name",
            hint=f"did you mean {near[0]!r}?" if near else "see https://docs.gunicorn.org/en/stable/settings.html",
        )
    return known[name]


@functools.cache
def settings() -> Mapping[str, Setting]:
    """Every setting of every release by name, in alphabetical order."""
    return {name: _setting(name, entry) for name, entry in _catalogue()["settings"].items()}


def _setting(name: str, entry: _Entry) -> Setting:
    removed = entry.get("removed")
    return Setting(
        name=name,
        section=entry["section"],
        flags=tuple(entry["flags"]),
        variable=entry.get("variable"),
        since=Release.parse(entry["since"]),
        removed=Release.parse(removed) if removed else None,
        types=tuple((Release.parse(since), SettingType(kind)) for since, kind in entry["types"].items()),
        defaults=tuple((Release.parse(since), value) for since, value in entry["defaults"].items()),
    )


def _within(entry: _Lifetime, release: Release) -> bool:
    removed = entry.get("removed")
    return Release.parse(entry["since"]) <= release and (removed is None or release < Release.parse(removed))


@functools.cache
def _catalogue() -> _Catalogue:
    import json

    content: _Catalogue = json.loads(_JSON.read_text(encoding="utf-8"))
    return content
