"""Reads which packages a repository declares, and so the release of Gunicorn in use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.rules.subject import Requirements

# A name with extras and what may follow: "gunicorn[gevent]==21.2.0 ; python_version > '3.8'  # comment" (PEP 508).
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<extras>\[[^\]]*\])?\s*\(?(?P<specifiers>(?:[<>=!~]=?=?\s*[\w.*+!-]+\s*,?\s*)*)"
)
_SPECIFIER = re.compile(r"(?P<operator>===?|~=|!=|<=|>=|<|>)\s*(?P<version>[\w.*+!-]+)")
# What a Gunicorn extra installs besides (its pyproject.toml).
_EXTRAS = {
    "gevent": "gevent",
    "tornado": "tornado",
    "setproctitle": "setproctitle",
    "http2": "h2",
    "eventlet": "eventlet",
    "fast": "gunicorn-h1c",
}
# The last release of each series, newest first, to tell which one a range would install today.
_LATEST = tuple(
    Release.parse(text)
    for text in (
        "27.0.1",
        "26.2.0",
        "25.3.0",
        "24.1.1",
        "23.0.0",
        "22.0.0",
        "21.2.0",
        "20.1.0",
        "20.0.4",
        "19.10.0",
        "19.9.0",
    )
)
# Exact versions are worth more than declarations: locks, then requirements, then what a project declares.
_RANKS = ("uv.lock", "poetry.lock", "pdm.lock", "pipfile.lock", "requirements.txt", "constraints.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A package as a file declares it: a version, or a range."""

    version: str | None = None
    specifiers: str = ""


def by_folder(files: Sequence[SourceFile]) -> Mapping[str, Sequence[SourceFile]]:
    """The files that declare packages by the folder of their project, the most exact first."""
    found: dict[str, list[SourceFile]] = {}
    for file in files:
        folder = posixpath.dirname(file.path.replace("\\", "/"))
        if posixpath.basename(folder) == "requirements":
            folder = posixpath.dirname(folder)
        found.setdefault(folder, []).append(file)
    return {folder: sorted(declaring, key=_rank) for folder, declaring in found.items()}


def requirements_of(
    files: Mapping[str, Sequence[SourceFile]], beside: str
) -> tuple[Requirements | None, Release | None, str]:
    """The packages declared nearest to a file, the release of Gunicorn among them, and its source as shown text.

    ``files`` are those of ``by_folder``.
    """
    merged: dict[str, str | None] = {}
    path = ""
    release: Release | None = None
    source = ""
    for file in _nearest(files, beside):
        declared = dict(_declared(file))
        if declared and not path:
            path = file.path
        for name, one in declared.items():
            merged[name] = merged.get(name) or one.version
        if "gunicorn" in declared and (release is None):
            release, source = _release(declared["gunicorn"], file.path)
    return (Requirements(packages=merged, path=path) if path else None), release, source


def _nearest(files: Mapping[str, Sequence[SourceFile]], beside: str) -> Sequence[SourceFile]:
    """Those of the nearest folder upwards that has any."""
    folder = posixpath.dirname(beside.replace("\\", "/"))
    while folder not in files:
        parent = posixpath.dirname(folder)
        if parent == folder:
            # Nothing above: a single project may keep them in a folder of its own.
            return next(iter(files.values())) if len(files) == 1 else ()
        folder = parent
    return files[folder]


def _rank(file: SourceFile) -> tuple[int, str]:
    name = posixpath.basename(file.path).lower()
    if name in _RANKS:
        return _RANKS.index(name), name
    # What is for development, tests or documentation says least of what runs.
    is_other = any(word in name for word in ("dev", "test", "doc", "lint", "ci"))
    return len(_RANKS) + (2 if is_other else 0) + (1 if name.endswith(".toml") else 0), name


def _release(declared: Declared, path: str) -> tuple[Release | None, str]:
    if declared.version is not None:
        try:
            return Release.parse(declared.version), f"pinned in {path}"
        except BadInput:
            return None, ""
    if not declared.specifiers:
        return NEWEST_KNOWN, f"the newest known; {path} names no version"
    for release in _LATEST:
        if all(
            _fits(release, match["operator"], match["version"]) for match in _SPECIFIER.finditer(declared.specifiers)
        ):
            return release, f"the newest known that fits gunicorn{declared.specifiers} in {path}"
    return None, ""


def _fits(release: Release, operator: str, version: str) -> bool:
    try:
        wanted = Release.parse(version)
    except BadInput:
        return True
    match operator:
        case ">=" | ">":
            return release >= wanted if operator == ">=" else release > wanted
        case "<=":
            return release <= wanted
        case "<":
            return release < wanted
        case "!=":
            return release != wanted
        case "~=":
            parts = version.count(".")
            same = release[: max(parts, 1)] == wanted[: max(parts, 1)]
            return release >= wanted and same
        case _:
            prefix = version.rstrip(".*")
            count = prefix.count(".") + 1
            return release[:count] == wanted[:count]


def _declared(file: SourceFile) -> Iterator[tuple[str, Declared]]:
    name = posixpath.basename(file.path.replace("\\", "/")).lower()
    if name.endswith((".txt", ".in")):
        for line in file.text.splitlines():
            yield from _requirement(line)
    elif name in ("poetry.lock", "uv.lock", "pdm.lock"):
        yield from _locked(file.text)
    elif name == "pipfile.lock":
        yield from _pipfile_lock(file.text)
    elif name in ("pyproject.toml", "pipfile"):
        yield from _toml(file.text)
    elif name == "setup.cfg":
        block = re.search(r"^install_requires\s*=(.*(?:\n[ \t]+.*)*)", file.text, re.MULTILINE)
        for line in (block[1] if block else "").splitlines():
            yield from _requirement(line)


def _requirement(line: str) -> Iterator[tuple[str, Declared]]:
    line = line.partition("#")[0].partition(";")[0].strip().rstrip("\\").strip()
    if not line or line.startswith("-") or "://" in line.partition("@")[0]:
        return
    match = _REQUIREMENT.match(line)
    if match is None:
        return
    specifiers = (match["specifiers"] or "").replace(" ", "").rstrip(",")
    yield _normal(match["name"]), _of(specifiers)
    if _normal(match["name"]) == "gunicorn" and match["extras"]:
        for extra in match["extras"].strip("[]").split(","):
            if extra.strip() in _EXTRAS:
                yield _EXTRAS[extra.strip()], Declared()


def _of(specifiers: str) -> Declared:
    exact = re.fullmatch(r"===?(?P<version>[\w.+!-]+)", specifiers)
    return Declared(version=exact["version"]) if exact else Declared(specifiers=specifiers)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


_LOCKED = re.compile(
    r"^\[\[package\]\]\s*\nname = \"(?P<name>[^\"]+)\"\s*\nversion = \"(?P<version>[^\"]+)\"", re.MULTILINE
)


def _locked(text: str) -> Iterator[tuple[str, Declared]]:
    """Of poetry.lock, uv.lock and pdm.lock, which all write name and version first; far faster than a TOML parser."""
    for match in _LOCKED.finditer(text):
        yield _normal(match["name"]), Declared(version=match["version"])


def _pipfile_lock(text: str) -> Iterator[tuple[str, Declared]]:
    import json

    try:
        packages = json.loads(text)["default"]
        for name, entry in packages.items():
            yield _normal(name), _of(str(entry.get("version", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return


def _toml(text: str) -> Iterator[tuple[str, Declared]]:
    import tomli

    try:
        document: Mapping[str, object] = tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return
    project = _table(document, "project")
    for line in _texts(project.get("dependencies")):
        yield from _requirement(line)
    for lines in _table(project, "optional-dependencies").values():
        for line in _texts(lines):
            yield from _requirement(line)
    tool = _table(document, "tool")
    for tables in (_table(_table(tool, "poetry"), "dependencies"), _table(document, "packages")):
        for name, entry in tables.items():
            yield _normal(name), _poetry(entry)
            extras = entry.get("extras") if isinstance(entry, dict) else None
            if _normal(name) == "gunicorn":
                for extra in _texts(extras):
                    if extra in _EXTRAS:
                        yield _EXTRAS[extra], Declared()


def _poetry(entry: object) -> Declared:
    """Poetry's and Pipenv's way: ``"^21.2"``, ``"21.2.0"``, ``{version = "*"}``."""
    version = entry.get("version") if isinstance(entry, dict) else entry
    if not isinstance(version, str) or version.strip() in ("", "*"):
        return Declared()
    text = version.replace(" ", "")
    if text.startswith("^"):
        major = re.match(r"\d+", text[1:])
        return Declared(specifiers=f">={text[1:]},<{int(major[0]) + 1}") if major else Declared()
    if text.startswith("~") and not text.startswith("~="):
        count = max(text.count("."), 1)
        return Declared(specifiers=f">={text[1:]},=={'.'.join(text[1:].split('.')[:count])}.*")
    return _of(text if text[0] in "<>=!~" else f"=={text}")


def _table(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
