"""The dynos of Heroku: memory, and the workers that its Python buildpack sets; the rows are in dyno_sizes.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TOML = Path(__file__).with_name("dyno_sizes.toml")
_MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class DynoSize:
    """One size of dyno."""

    name: str
    """As ``heroku ps:type`` takes it."""
    memory_bytes: int
    workers: int
    """``WEB_CONCURRENCY``, as the Python buildpack sets it when the app does not."""
    also: tuple[str, ...]
    """Dynos of another name with the same figures."""
    verified: bool
    """Whether Heroku's own document or code gives both figures; shown to users when it is false."""
    source: str
    date: str
    """Of the source, or of the day it was read where it carries none; ISO 8601."""


def dyno_sizes() -> tuple[DynoSize, ...]:
    """All sizes, the one with the least memory first."""
    import tomli

    document = tomli.loads(_TOML.read_text(encoding="utf-8"))
    return tuple(
        DynoSize(
            name=name,
            memory_bytes=row["memory_mib"] * _MIB,
            workers=row["workers"],
            also=tuple(row["also"]),
            verified=row["verified"],
            source=row["source"],
            date=row["date"],
        )
        for name, row in document.items()
    )


def smallest_dyno(memory_bytes: int) -> DynoSize | None:
    """The smallest dyno with so much memory; None when no dyno has it."""
    return next((size for size in dyno_sizes() if size.memory_bytes >= memory_bytes), None)
