"""The plan sizes of Azure App Service: CPUs and memory of each with its source; the rows are in plan_sizes.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gunicorn_conf.errors import BadInput

_TOML = Path(__file__).with_name("plan_sizes.toml")
_GIB = 1024**3
_sizes: dict[str, PlanSize] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSize:
    """What one instance of a plan has; every app, slot and WebJob of the plan shares it."""

    name: str
    """As Microsoft spells it, such as ``P1v3``."""
    vcpus: float | None
    """None where the CPU is shared with other customers and only minutes a day are promised."""
    memory_bytes: int
    verified: bool
    """Whether Microsoft's own documentation gives CPUs and memory; shown to users when it is false."""
    source: str
    date: str
    """Of the source, or of the day it was read where it carries none; ISO 8601."""
    note: str
    """What a user should know besides; may be empty."""


def plan_sizes() -> dict[str, PlanSize]:
    """All plan sizes by their name, in the order of the price list."""
    if not _sizes:
        _sizes.update(_parse(_TOML.read_text(encoding="utf-8")))
    return dict(_sizes)


def plan_size(name: str) -> PlanSize:
    """The plan size of this name, however its letters are cased (``P1V3``, ``p1v3``).

    Raises BadInput when there is none, with the nearest name.
    """
    by_lower_case = {size.name.lower(): size for size in plan_sizes().values()}
    found = by_lower_case.get(name.strip().lower())
    if found is not None:
        return found
    import difflib

    near = [by_lower_case[key].name for key in difflib.get_close_matches(name.strip().lower(), by_lower_case)]
    raise BadInput(
        f"{name!r} is not an App Service plan size that gcadvise knows",
        why=f"known are: {', '.join(size.name for size in by_lower_case.values())}",
        hint=f"did you mean {' or '.join(near)}?" if near else "give --cpus and --memory instead",
    )


def _parse(text: str) -> dict[str, PlanSize]:
    import tomli

    document = tomli.loads(text)
    sizes = {}
    for group in document["group"]:
        for name, row in group["sizes"].items():
            sizes[name] = PlanSize(
                name=name,
                vcpus=row.get("vcpus"),
                memory_bytes=round(row["memory_gib"] * _GIB),
                verified=group["verified"],
                source=group["source"],
                date=group["date"],
                note=row.get("note", group.get("note", "")),
            )
    return sizes
