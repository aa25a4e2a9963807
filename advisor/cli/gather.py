"""Finds and reads the files that ``validate`` judges, and says which of them can be written back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.files import SourceFile, discover, kind_of, read

STDIN = "-"

# The readers refuse what is longer than 1 MiB; a little more is enough for them to see that.
_LONGEST_BYTES = 1024 * 1024 + 4
# The kinds of file that hold command lines, which name configuration files and apps.
_LOADS_FILES = ("dockerfile", "shell", "procfile", "systemd", "supervisor", "compose", "kubernetes")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files to judge, and those beside them that say more about them."""

    files: tuple[SourceFile, ...]
    directories: tuple[str, ...]
    """Those of the arguments that are directories."""
    stdin: str | None
    """The name that standard input goes by; None when it was not asked for."""

    def may_change(self, path: str) -> bool:
        """Whether writing the text back would give the file's own bytes: it is UTF-8, and still what was read."""
        if path == self.stdin:
            return True
        text = next((file.text for file in self.files if file.path == path), None)
        try:
            return text is not None and Path(path).read_bytes() == text.encode()
        except (OSError, ValueError):
            return False


def gather(paths: Sequence[str], *, stdin_filename: str) -> Gathered:
    """The files that the arguments name, directories searched.

    Raises BadInput when one cannot be read.
    """
    files: dict[str, SourceFile] = {}
    folders: dict[str, None] = {}
    directories: list[str] = []
    for given in paths:
        if given == STDIN:
            text = _decoded(sys.stdin.buffer.read(_LONGEST_BYTES))
            files[stdin_filename] = _named(stdin_filename, text)
        elif os.path.isdir(given):  # noqa: PTH112  (Path would normalise what is shown)
            directories.append(given)
            files |= {file.path: file for file in _search(given)}
        else:
            files[given] = _named(given, _read(given))
            folders[os.path.dirname(given)] = None  # noqa: PTH120
    commands = [path for path, file in files.items() if (file.kind or kind_of(path, file.text)) in _LOADS_FILES]
    homes = dict.fromkeys(os.path.dirname(path) for path in commands)  # noqa: PTH120
    beside = {file.path: file for home in homes for file in _loaded_from(home)}
    beside |= {file.path: file for folder in folders for file in _requirements(folder)}
    return Gathered(
        files=tuple({**beside, **files}.values()),
        directories=tuple(directories),
        stdin=stdin_filename if STDIN in paths else None,
    )


def _search(directory: str) -> list[SourceFile]:
    try:
        return discover(Path(directory))
    except OSError as error:
        raise _cannot_read(directory, error) from error


def _named(path: str, text: str) -> SourceFile:
    """A file that was named: Python that has not the name of a configuration file is one all the same."""
    kind = "conf" if path.endswith(".py") and kind_of(path, text) in (None, "python") else None
    return SourceFile(path=path, text=text, kind=kind)


def _loaded_from(directory: str) -> list[SourceFile]:
    """The Python files in a directory that a command there may load: configurations, and apps."""
    return [
        replace(file, is_context=True)
        for file in _search(directory or ".")
        if kind_of(file.path, file.text) in ("conf", "python")
    ]


def _requirements(directory: str) -> list[SourceFile]:
    """The files beside a named one that say which packages it runs with."""
    try:
        names = sorted(os.listdir(directory or "."))  # noqa: PTH208
    except OSError:
        return []
    near = [name for name in names if kind_of(name, "") == "requirements"]
    found = [read(Path(directory, name), os.path.join(directory, name)) for name in near]  # noqa: PTH118
    return [file for file in found if file is not None]


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return _decoded(file.read(_LONGEST_BYTES))
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: str, error: Exception) -> BadInput:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return BadInput(f"{path} cannot be read", why=why, hint="name a file or a directory that exists")


def _decoded(content: bytes) -> str:
    """As the files of a directory are read: UTF-8, each byte that is not replaced by a question mark."""
    text = content.decode(errors="surrogateescape").encode(errors="replace").decode()
    return text.removeprefix(_BYTE_ORDER_MARK)


def under_version_control(path: Path) -> bool:
    """Whether the file lies in a working copy, where its former state can be had back."""
    return any((parent / kept).exists() for parent in path.resolve().parents for kept in (".git", ".hg", ".svn"))
