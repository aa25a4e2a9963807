"""Writes a file of the user's: whole or not at all, never over another one unasked, and after a backup."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gunicorn_conf.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a file."""

    path: Path
    changed: bool
    """False when it held exactly this text already."""
    backup: Path | None
    """Where the former content is kept."""


def write_file(path: Path, text: str, *, force: bool, keep: bool = True) -> Written:
    """Put ``text`` into ``path``, atomically.

    An existing file with other content is replaced only with ``force``, and is kept beside it as ``.bak`` (or
    ``.bak.1``, ... where that exists); with ``keep`` false it is not, for what is kept otherwise. Raises BadInput when
    it must not or cannot be written; nothing is lost then.
    """
    content = text.encode()
    target = path.resolve()  # a link stays a link
    try:
        former = target.read_bytes()
    except FileNotFoundError:
        former = None
    except OSError as error:
        raise _cannot_write(path, error) from error
    if former == content:
        return Written(path=path, changed=False, backup=None)
    if former is not None and not force:
        raise BadInput(
            f"{path} exists and is left as it is",
            why="its content differs from the recommendation",
            hint="add --force to replace it (a backup is kept beside it), or name another file",
        )
    try:
        backup = None if former is None or not keep else _keep(target, former)
        _replace(target, content, exists=former is not None)
    except FileExistsError as error:
        raise BadInput(
            f"{path} appeared while it was being written, and is left as it is",
            why="another program made it",
            hint="look at it, then run again",
        ) from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    return Written(path=path, changed=True, backup=backup)


def check_writable(path: Path) -> None:
    """Raise BadInput when a file could not be written there: what takes minutes to find out must not be lost then."""
    folder = path.resolve().parent
    if path.is_dir():
        why = "it is a directory"
    elif not folder.is_dir():
        why = f"there is no directory {path.parent}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        why = f"{folder} may not be written to"
    else:
        return
    raise BadInput(f"{path} cannot be written", why=why, hint="name a file in a directory that you may write to")


def _keep(target: Path, former: bytes) -> Path:
    mode = target.stat().st_mode & 0o777
    for number in range(1000):
        backup = target.with_name(f"{target.name}.bak" + (f".{number}" if number else ""))
        try:
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            if backup.read_bytes() == former:
                return backup
            continue
        with open(handle, "wb") as file:
            file.write(former)
            file.flush()
            os.fsync(file.fileno())
        return backup
    raise FileExistsError(f"there are 1,000 backups of {target.name}")


def _replace(target: Path, content: bytes, *, exists: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if exists:
            temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
        else:
            temporary.chmod(0o666 & ~_umask())
            _move_new(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _move_new(temporary: Path, target: Path) -> None:
    """Give the file its name without replacing a file that has appeared meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as a network share
        if target.exists():
            raise FileExistsError(target) from None
        temporary.replace(target)
    else:
        temporary.unlink()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _cannot_write(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"{path} cannot be written",
        why=error.strerror or str(error),
        hint="name a file in a directory that exists and that you may write to",
    )
