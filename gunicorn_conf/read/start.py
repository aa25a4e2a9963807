"""What every reader of a file is given, and what it returns: the commands, and what the file says of where they run."""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.read.templates import without_templates
from gunicorn_conf.read.text import Text
from gunicorn_conf.release import Release
from gunicorn_conf.rules.subject import Command, Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A Gunicorn that a file starts, and what the file says of where."""

    command: Command
    deployment: Deployment = field(default_factory=Deployment)


# Paths of people have fewer segments, and of more files of one name none stands out.
_LONGEST_END = 12
_MOST_CANDIDATES = 50


class Files:
    """The files at hand, found by the paths that other files use for them."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self.all = tuple(files)
        self._parsed: dict[str, ast.Module | None] = {}
        self._by_name: dict[str, list[SourceFile]] = {}
        self._by_path = {posixpath.normpath(_posix(file.path)): file for file in self.all}
        for file in self.all:
            self._by_name.setdefault(posixpath.basename(_posix(file.path)), []).append(file)

    def find(self, path: str, *, beside: str, directory: str | None = None) -> SourceFile | None:
        """The file that ``path`` means, used in the file ``beside`` by a process that runs in ``directory``.

        Paths of an image or a server (``/app/gunicorn.conf.py``) are matched by their end: most segments in common
        win, then the nearest to ``beside``. None where none has the name, or two match equally well.
        """
        wanted = [part for part in _posix(path).split("/") if part not in ("", ".")]
        if not wanted or wanted[-1] == "..":
            return None
        candidates = self._by_name.get(wanted[-1], ())
        if not candidates:
            return None
        home = posixpath.dirname(_posix(beside))
        exact = self._by_path.get(posixpath.normpath(posixpath.join(home, _posix(path))))
        if exact is not None:
            return exact
        if directory and not posixpath.isabs(path):
            wanted = [part for part in f"{directory}/{_posix(path)}".split("/") if part not in ("", ".")]
        return self._upwards(wanted, home) or _best(candidates, wanted, home)

    def _upwards(self, wanted: Sequence[str], home: str) -> SourceFile | None:
        """The longest end of the path that is a file in the folder of whoever asks, or in one above it."""
        folders = [home]
        while (parent := posixpath.dirname(folders[-1])) != folders[-1]:
            folders.append(parent)
        for length in range(min(len(wanted), _LONGEST_END), 0, -1):
            end = "/".join(wanted[-length:])
            for folder in folders:
                found = self._by_path.get(posixpath.normpath(posixpath.join(folder, end)))
                if found is not None:
                    return found
        return None

    def parsed(self, file: SourceFile) -> ast.Module | None:
        """The syntax tree of a Python file; None where it has none. Nothing is executed."""
        if file.path not in self._parsed:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._parsed[file.path] = ast.parse(file.text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._parsed[file.path] = None
        return self._parsed[file.path]

    def of_kind(self, kinds: Mapping[str, str | None], kind: str) -> Sequence[SourceFile]:
        """The files of a kind, in order."""
        return [file for file in self.all if kinds.get(file.path) == kind]


class Reading:
    """What a reader works with."""

    def __init__(self, file: SourceFile, files: Files, release: Release, given: Mapping[str, str]) -> None:
        self.file = file
        self.files = files
        self.release = release
        self.given = given
        self.text = without_templates(Text(file.text, file.path))

    def script(self, path: str, directory: str | None) -> Text | None:
        """The text of a script that the file runs, if it is at hand."""
        found = self.files.find(path, beside=self.file.path, directory=directory)
        if found is None or found.path == self.file.path or found.path.endswith((".py", ".toml", ".txt")):
            return None
        return Text(found.text, found.path)


def _best(candidates: Sequence[SourceFile], wanted: Sequence[str], home: str) -> SourceFile | None:
    if len(candidates) > _MOST_CANDIDATES:
        return None
    ranked = sorted(candidates, key=lambda file: _rank(_posix(file.path), wanted, home), reverse=True)
    ranks = [_rank(_posix(file.path), wanted, home) for file in ranked[:2]]
    return None if len(ranks) > 1 and ranks[0] == ranks[1] else ranked[0]


def _rank(path: str, wanted: Sequence[str], home: str) -> tuple[int, int, int]:
    """Segments in common at the end; segments in common with the folder of whoever asks; fewer segments."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    common = 0
    for mine, theirs in zip(reversed(parts), reversed(wanted), strict=False):
        if mine != theirs:
            break
        common += 1
    near = len(posixpath.commonprefix([home.split("/"), posixpath.dirname(path).split("/")])) if home else 0
    return common, near, -len(parts)


def _posix(path: str) -> str:
    return path.replace("\\", "/")
