"""What each platform promises and limits, each figure with its source and date; the figures are in platforms.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gunicorn_conf.errors import BadInput

PLATFORM_NAMES = (
    "app-service",
    "kubernetes",
    "heroku",
    "cloud-run",
    "ecs",
    "elastic-beanstalk",
    "docker",
    "systemd",
    "supervisor",
    "bare",
)

_TOML = Path(__file__).with_name("platforms.toml")
_platforms: dict[str, Platform] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that a platform promises, and where that is said."""

    value: int
    unit: str
    source: str
    date: str
    """Of the source, or of the day it was read where it carries none; ISO 8601."""
    verified: bool
    """Whether the vendor's own document or code says it of this very platform; shown to users when it is false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One place where Gunicorn runs; a figure that is not known is None."""

    name: str
    title: str
    container: bool
    bind_host: str
    """``0.0.0.0`` where traffic comes from outside the container, ``127.0.0.1`` behind a proxy on the same machine."""
    default_port: int
    """The port where the platform does not set PORT."""
    sets: tuple[str, ...]
    """The environment variables that the platform sets, of those that Gunicorn reads (PORT, WEB_CONCURRENCY, ...)."""
    request_timeout_seconds: Figure | None
    """The front end gives up on a request that has had no answer for this long."""
    stop_window_seconds: Figure | None
    """From SIGTERM to SIGKILL."""
    idle_timeout_seconds: Figure | None
    """The front end keeps an idle connection to Gunicorn for this long."""
    notes: tuple[str, ...]
    """Sentences that a user should read."""


def platform(name: str) -> Platform:
    """The platform of this name.

    Raises BadInput for a name that is not in PLATFORM_NAMES.
    """
    if name not in PLATFORM_NAMES:
        raise _unknown(name)
    if not _platforms:
        _platforms.update(_parse(_TOML.read_text(encoding="utf-8")))
    return _platforms[name]


def _parse(text: str) -> dict[str, Platform]:
    import tomli

    document = tomli.loads(text)
    return {name: _platform(name, document[name]) for name in PLATFORM_NAMES}


def _platform(name: str, table: Mapping[str, object]) -> Platform:
    title, bind_host, port, container = table["title"], table["bind_host"], table["default_port"], table["container"]
    assert isinstance(title, str)
    assert isinstance(bind_host, str)
    assert isinstance(port, int)
    assert isinstance(container, bool)
    return Platform(
        name=name,
        title=title,
        container=container,
        bind_host=bind_host,
        default_port=port,
        sets=_texts(table["sets"]),
        request_timeout_seconds=_figure(table.get("request_timeout_seconds")),
        stop_window_seconds=_figure(table.get("stop_window_seconds")),
        idle_timeout_seconds=_figure(table.get("idle_timeout_seconds")),
        notes=_texts(table["notes"]),
    )


def _figure(table: object) -> Figure | None:
    if table is None:
        return None
    assert isinstance(table, dict)
    return Figure(unit="seconds", **table)


def _texts(values: object) -> tuple[str, ...]:
    assert isinstance(values, list)
    return tuple(str(value) for value in values)


def _unknown(name: str) -> BadInput:
    import difflib

    near = difflib.get_close_matches(name.lower().replace("_", "-").replace(" ", "-"), PLATFORM_NAMES, 1)
    known = ", ".join(PLATFORM_NAMES)
    return BadInput(
        f"{name!r} is not a platform that gcadvise knows",
        why=f"known are: {known}",
        hint=f"did you mean {near[0]!r}?" if near else "take the nearest of them, or bare",
    )
