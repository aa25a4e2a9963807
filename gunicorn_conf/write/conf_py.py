"""Writes a gunicorn.conf.py: a header, then each setting under a comment that says why it has its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SettingValue = int | str | bool

# Columns of the file. Comments are wrapped to it; a value is not, for it is one word.
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One setting of the file.

    At most one of ``variable``, ``same_as`` and ``only_if_directory`` is given. Raises ValueError for a combination
    that has no meaning; that is a mistake of the caller's, not of a user's.
    """

    name: str
    value: SettingValue
    reason: str
    """Why it has this value; any text."""
    variable: str | None = None
    """An environment variable that wins over the value when it is set and not empty. PORT replaces the port of a
    ``host:port``; any other replaces the whole value. Not for a bool."""
    same_as: str | None = None
    """A setting written before this one that has the same value; the file then names it instead of the value, so that
    who changes the one changes both. Where that setting is not written, the value is."""
    only_if_directory: bool = False
    """Whether the value is a directory that counts only where it exists; elsewhere the setting is None."""

    def __post_init__(self) -> None:
        if not (self.name.isidentifier() and self.name.isascii()):
            raise ValueError(f"{self.name!r} is not a name")
        if bool(self.variable) + bool(self.same_as) + self.only_if_directory > 1:
            raise ValueError(f"{self.name}: only one of variable, same_as and only_if_directory can be given")
        if self.variable and isinstance(self.value, bool):
            raise ValueError(f"{self.name}: a bool cannot come from a variable")
        if self.variable == "PORT" and isinstance(self.value, str) and not _port(self.value).isdecimal():
            raise ValueError(f"{self.name}: {self.value!r} does not end in a port")
        if self.only_if_directory and not isinstance(self.value, str):
            raise ValueError(f"{self.name}: {self.value!r} is not a directory")


def conf_py(entries: Sequence[Entry], *, header: Sequence[str] = ()) -> str:
    """The text of the file; the same arguments give the same text. It is to be saved as UTF-8.

    Each item of ``header`` is a paragraph; an empty one is an empty line; one that begins with a space is a command,
    which keeps its indentation and is continued with a backslash where it is too long.
    """
    lines: list[str] = []
    for paragraph in header:
        lines += _command(paragraph) if paragraph.startswith(" ") else _comment(paragraph)
    if any(entry.variable or entry.only_if_directory for entry in entries):
        lines += ["", "import os"]
    written: set[str] = set()
    for entry in entries:
        lines += [
            "",
            *(_comment(entry.reason) if entry.reason else []),
            f"{entry.name} = {_expression(entry, written)}",
        ]
        written.add(entry.name)
    if lines and not lines[0]:
        del lines[0]
    return "\n".join(_without_encoding(lines[:2]) + lines[2:]) + "\n"


def quoted(text: str) -> str:
    """A string as a Python literal in double quotes, on one line, whatever is in it."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else repr(c)[1:-1]) for c in text) + '"'


def _expression(entry: Entry, written: set[str]) -> str:
    value = entry.value
    if entry.same_as in written:
        return str(entry.same_as)
    if entry.variable:
        found = f"os.environ.get({quoted(entry.variable)})"
        if isinstance(value, int):
            return f"int({found} or {value})"
        if entry.variable == "PORT":
            port = _port(value)
            return f"{quoted(value.removesuffix(port))} + ({found} or {quoted(port)})"
        return f"{found} or {quoted(value)}"
    if not isinstance(value, str):
        return repr(value)
    if entry.only_if_directory:
        return f"{quoted(value)} if os.path.isdir({quoted(value)}) else None"
    return quoted(value)


def _port(address: str) -> str:
    return address.rpartition(":")[2] if ":" in address else ""


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in _wrap(text, _WIDTH - 2)] or ["#"]


def _command(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip(" ")))
    first, *rest = _wrap(text, _WIDTH - 2 - len(indent) - len("    ") - len(" \\")) or [""]
    lines = [f"# {indent}{first}", *(f"# {indent}    {line}" for line in rest)]
    return [f"{line} \\" for line in lines[:-1]] + [lines[-1].rstrip()]


def _wrap(text: str, width: int) -> list[str]:
    import textwrap

    # split() takes away every kind of line end, so that no text can leave its comment; what cannot be printed (a null
    # byte ends the file for Python, a change of the writing direction hides code from a reader) becomes a mark.
    words = " ".join(text.split())
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
    return textwrap.wrap(clean, width, break_long_words=False, break_on_hyphens=False)


def _without_encoding(lines: list[str]) -> list[str]:
    # In the first two lines Python takes a comment such as "coding: latin-1" for the encoding of the file (PEP 263).
    return [
        line.replace("coding:", "coding :").replace("coding=", "coding =") if line.startswith("#") else line
        for line in lines
    ]
