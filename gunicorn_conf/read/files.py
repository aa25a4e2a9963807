"""Finds the files of a repository that say how Gunicorn is started, and tells their kind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# What people put beside their code that is not theirs, or not source.
_SKIPPED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", "node_modules", "venv", ".venv", "env", ".env", "site-packages", "__pycache__", ".tox",
        ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".cache", "dist", "build", ".eggs", ".idea", ".vscode",
        "vendor", "bower_components", ".terraform",
    }
)  # fmt: skip
# Configuration that people write is a few kilobytes; manifests that a program rendered may be some hundred.
LARGEST_BYTES = 1024 * 1024
_MOST_ENTRIES = 50_000
_MOST_FILES = 500
_DEEPEST = 12
_HEAD_BYTES = 4096

_CONF_NAME = re.compile(
    r"(.*[._-])?gunicorn([._-].*)?\.(py|conf)(\.(py|j2|jinja2?|tpl|tmpl|template|erb))?|gunicorn_conf.*\.py",
    re.IGNORECASE,
)
_DOCKERFILE = re.compile(r"(.*\.)?(dockerfile|containerfile)(\..*)?|(dockerfile|containerfile)-.*", re.IGNORECASE)
_COMPOSE = re.compile(r"(docker-)?compose([._-].*)?\.ya?ml|.*docker-compose.*\.ya?ml|stack\.ya?ml", re.IGNORECASE)
_PROCFILE = re.compile(r"Procfile(\..*)?", re.IGNORECASE)
_REQUIREMENTS = re.compile(
    r"(.*requirements.*|constraints.*)\.(txt|in)|(.*/)?requirements/[^/]*\.(txt|in)", re.IGNORECASE
)
_LOCKS = {"pyproject.toml", "poetry.lock", "uv.lock", "pipfile.lock", "pipfile", "pdm.lock", "setup.cfg"}
_PROXY_NAMES = re.compile(
    r"(.*nginx.*\.(conf|tmpl|template|j2)|nginx|traefik.*\.(ya?ml|toml)|caddyfile|haproxy\.cfg)", re.I
)
_TEMPLATE_NAME = re.compile(r".*\.(j2|jinja2?|tpl|tmpl|template|erb)", re.IGNORECASE)
_KUBERNETES = re.compile(r"^\s*kind:\s*['\"]?[A-Z]\w+", re.MULTILINE)
_COMPOSE_CONTENT = re.compile(r"^services:\s*(#.*)?$", re.MULTILINE)
_MENTION = b"gunicorn"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as it was read; ``path`` is as it will be shown."""

    path: str
    text: str
    kind: str | None = None
    """Which reader to use, whatever the name and the text look like; None to tell it from them."""
    is_context: bool = False
    """Whether it only says more about the other files: it is judged where one of them loads it, and not alone."""
    problem: str | None = None
    """Why it could not be read, for a file whose name says that it matters; None where it was."""


def kind_of(path: str, text: str) -> str | None:
    """Which reader understands the file; None where none does.

    One of ``conf``, ``shell``, ``dockerfile``, ``procfile``, ``systemd``, ``supervisor``, ``compose``, ``kubernetes``,
    ``requirements``, ``proxy``, ``env`` and ``python``.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    lower = name.lower()
    if _DOCKERFILE.fullmatch(name) and not lower.endswith((".dockerignore", ".py", ".md", ".sh")):
        return "dockerfile"
    if _PROCFILE.fullmatch(name):
        return "procfile"
    if lower in _LOCKS or _REQUIREMENTS.fullmatch(lower) or _REQUIREMENTS.fullmatch(_end(path)):
        return "requirements"
    if lower.endswith((".service", ".service.j2")):
        return "systemd"
    if lower.endswith((".yml", ".yaml")):
        return _yaml_kind(name, text)
    if _PROXY_NAMES.fullmatch(name):
        return "proxy"
    if lower.endswith((".ini", ".conf", ".cfg", ".supervisor")) and re.search(r"^\[program:", text, re.MULTILINE):
        return "supervisor"
    if lower == ".env" or lower.endswith(".env") or lower.startswith(".env."):
        return "env"
    return _by_content(name, lower, text)


def is_template_name(path: str) -> bool:
    """Whether the name says that something makes the real file from this one."""
    return _TEMPLATE_NAME.fullmatch(path) is not None


def _end(path: str) -> str:
    """The folder's name and the file's."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _by_content(name: str, lower: str, text: str) -> str | None:
    first_line = text.partition("\n")[0]
    if lower.endswith((".sh", ".bash", ".ksh", ".zsh")) or re.match(r"#!.*\b(ba|da|a|k|z)?sh\b", first_line):
        return "shell"
    if _CONF_NAME.fullmatch(name):
        if lower.endswith(".conf") and re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(description|start on|\[)", text):
            return None
        return "conf"
    if lower.endswith((".py", ".pyc")):
        return "python"
    if re.search(r"^\[Service\]\s*$", text, re.MULTILINE):
        return "systemd"
    return None


def _yaml_kind(name: str, text: str) -> str | None:
    if _COMPOSE.fullmatch(name) or _COMPOSE_CONTENT.search(text):
        return "compose"
    if _KUBERNETES.search(text) and re.search(r"^apiVersion:", text, re.MULTILINE):
        return "kubernetes"
    if re.match(r"traefik", name, re.IGNORECASE):
        return "proxy"
    return None


def discover(root: Path) -> list[SourceFile]:
    """The files under a directory that say how Gunicorn is started, or what it runs with, nearest first.

    Links are not followed out of the directory; other people's code (virtual environments, node_modules), large and
    binary files are left out. Raises OSError when the directory itself cannot be read.
    """
    found: list[SourceFile] = []
    modules: list[Path] = []
    for path in _walk(root):
        if path.suffix == ".py":
            modules.append(path)
        source = _candidate(path)
        if source is not None and len(found) < _MOST_FILES:
            found.append(source)
    return [*found, *_named_modules(modules, found)]


def _named_modules(modules: Sequence[Path], found: Sequence[SourceFile]) -> Iterator[SourceFile]:
    """The Python files that the files found name: behind -c, and as the application."""
    seen = {source.path for source in found}
    names = {
        match["file"] or match["module"].rpartition(".")[2]
        for source in found
        if kind_of(source.path, source.text) != "requirements"
        for match in _NAMED_MODULE.finditer(source.text)
    }
    packages = {
        match["module"].rpartition(".")[2]
        for source in found
        for match in _NAMED_MODULE.finditer(source.text)
        if match["module"]
    }
    count = 0
    for path in modules:
        is_package = path.name == "__init__.py" and path.parent.name in packages
        if (path.stem in names or is_package) and count < _MOST_FILES:
            source = read(path)
            if source is not None and source.path not in seen:
                count += 1
                yield source


def read(path: Path, shown: str | None = None) -> SourceFile | None:
    """The file as text; None where it is binary, too large or cannot be read."""
    found = _read(path, shown if shown is not None else str(path))
    return found if found.problem is None else None


def _read(path: Path, shown: str) -> SourceFile:
    """The file as text, or without one and with the reason."""
    try:
        if not path.is_file():  # to open a named pipe would wait for ever
            return SourceFile(path=shown, text="", problem="it is not a file")
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            return SourceFile(
                path=shown, text="", problem=f"it has {size:,} bytes, and no more than {LARGEST_BYTES:,} are read"
            )
        data = path.read_bytes()
    except OSError as error:
        return SourceFile(path=shown, text="", problem=error.strerror or str(error))
    if b"\0" in data[:_HEAD_BYTES]:
        return SourceFile(path=shown, text="", problem="it is not text")
    text = data.decode("utf-8-sig", "surrogateescape").encode("utf-8", "replace").decode("utf-8")
    return SourceFile(path=shown, text=text)


def _walk(root: Path) -> Iterator[Path]:
    """Files, a folder's own before those of its subfolders, in alphabetical order."""
    seen = 0
    pending: list[tuple[Path, int]] = [(root, 0)]
    while pending:
        folder, depth = pending.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            if depth == 0:
                raise
            continue
        for entry in entries:
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            try:
                if entry.is_dir(follow_symlinks=False):
                    skipped = entry.name.lower() in _SKIPPED_FOLDERS or Path(entry.path, "pyvenv.cfg").exists()
                    if depth < _DEEPEST and not skipped:
                        pending.append((Path(entry.path), depth + 1))
                elif entry.is_file(follow_symlinks=False) or _links_within(root, Path(entry.path)):
                    yield Path(entry.path)
            except OSError:
                continue


def _links_within(root: Path, path: Path) -> bool:
    return path.is_symlink() and path.is_file() and path.resolve().is_relative_to(root.resolve())


def _candidate(path: Path) -> SourceFile | None:
    lower = path.name.lower()
    named = (
        lower in _LOCKS
        or _CONF_NAME.fullmatch(path.name) is not None
        or _DOCKERFILE.fullmatch(path.name) is not None
        or _PROCFILE.fullmatch(path.name) is not None
        or _REQUIREMENTS.fullmatch(lower) is not None
        or _REQUIREMENTS.fullmatch(_end(str(path))) is not None
        or _PROXY_NAMES.fullmatch(path.name) is not None
    )
    mentions = lower.endswith(_MAY_MENTION) or "." not in lower
    if not named and not mentions:
        return None
    source = _read(path, str(path))
    if source.problem is not None:
        # Of any other file it is not known whether it has to do with Gunicorn.
        return source if _CONF_NAME.fullmatch(path.name) and path.suffix == ".py" else None
    kind = kind_of(source.path, source.text)
    if kind is None or kind == "python":
        return None
    needs_mention = kind in ("shell", "supervisor", "systemd", "kubernetes", "env") and not named
    if needs_mention and _MENTION.decode() not in source.text and not _is_read_by_others(kind, source.text):
        return None
    return source


_MAY_MENTION = (
    ".sh", ".bash", ".yml", ".yaml", ".service", ".ini", ".conf", ".cfg", ".env", ".py", ".toml", ".supervisor",
    ".service.j2",
)  # fmt: skip
_INGRESS = re.compile(r"^kind:\s*['\"]?(Ingress|Gateway|HTTPRoute|VirtualService)", re.MULTILINE)
# A file behind -c, or module:variable.
_NAMED_MODULE = re.compile(
    r"(?<![\w-])(?P<file>[\w-]+)\.py\b|(?<![\w/.])(?P<module>[A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*"
)


def _is_read_by_others(kind: str, text: str) -> bool:
    """Whether a file that does not mention Gunicorn says something about it all the same."""
    if kind == "kubernetes":
        return _INGRESS.search(text) is not None
    return kind in ("env", "shell")
