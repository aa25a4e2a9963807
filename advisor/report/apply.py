"""What apply would change, group by group, as terminal text; pure functions of the differences."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.report.columns import columns
from advisor.sizing.compare import Difference, Group, How
from advisor.units import count
from gunicorn_conf.write.assign import literal


def groups(differences: Sequence[Difference]) -> list[tuple[Group, list[Difference]]]:
    """The groups that have differences, in their order."""
    found = [(group, [one for one in differences if one.group is group]) for group in Group]
    return [(group, several) for group, several in found if several]


def group_text(group: Group, differences: Sequence[Difference], *, width: int, reasons: bool = True) -> str:
    """A table: setting, present value, recommended value; with the reasons below each."""
    rows = [(one.planned.name, one.shown, "→", literal(one.planned.value)) for one in differences]
    lines = columns(rows, width=width)
    if reasons:
        lines = [
            line
            for one, row in zip(differences, rows, strict=True)
            for line in (*_row(row, rows), *columns([("", one.planned.reason)], width=width, indent=4))
        ]
    return "\n".join([group.value, *lines]) + "\n"


def _row(row: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(one[index]) for one in rows) for index in range(len(row))]
    return ["  " + "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()]


def left_text(differences: Sequence[Difference]) -> list[str]:
    """A sentence for each setting that is not changed without a further word."""
    sentences = []
    for one in differences:
        wanted = literal(one.planned.value)
        line = one.current.place.line if one.current else None
        where = f" (line {line})" if line else ""
        if one.how is How.BY_HAND:
            sentences.append(
                f"{one.planned.name} is set within a condition{where}: change it there by hand to {wanted}."
            )
        elif one.how is How.REPLACE_COMPUTED:
            sentences.append(
                f"{one.planned.name} is computed{where}, {one.shown}: name it to replace it by {wanted}, "
                f"--only {one.planned.name}."
            )
    return sentences


def summary(path: str, changed: Sequence[Difference]) -> str:
    """What was done: ``Changed 3 settings in gunicorn.conf.py: workers, threads, keepalive``."""
    names = ", ".join(one.planned.name for one in changed)
    return f"Changed {count(len(changed), 'setting')} in {path}: {names}"
