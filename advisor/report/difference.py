"""What changes in a text, as a unified diff."""

from __future__ import annotations


def unified(path: str, before: str, after: str) -> str:
    """The difference as ``git apply`` and ``patch -p1`` take it; empty when there is none."""
    import difflib

    clean = path.removeprefix("./").removeprefix("/")
    lines: list[str] = []
    for line in difflib.unified_diff(_lines(before), _lines(after), f"a/{clean}", f"b/{clean}"):
        lines.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(lines)


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one, as for diff and patch."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
