"""The mounts of this process, read from /proc/self/mountinfo (proc_pid_mountinfo(5))."""

from __future__ import annotations

from typing import NamedTuple

from advisor.host.system import System

MOUNTINFO = "/proc/self/mountinfo"


class Mount(NamedTuple):
    """One mounted filesystem, as far as it matters here."""

    root: str
    """The directory of the filesystem that is mounted; not ``/`` for a bind mount of a part of it."""
    point: str
    kind: str
    """The filesystem: ``cgroup2``, ``cgroup``, ``tmpfs``, ``overlay``, ..."""
    options: frozenset[str]
    """The options of the filesystem; for cgroup v1 they name the controllers."""
    writable: bool


def read_mounts(system: System) -> tuple[Mount, ...]:
    """The mounts that can be seen: of several at one place the last, which covers the others.

    Raises OSError when the file cannot be read. A line that is not understood is left out.
    """
    found = (_parse(line) for line in system.read(MOUNTINFO).split("\n"))
    return tuple({mount.point: mount for mount in found if mount is not None}.values())


def _parse(line: str) -> Mount | None:
    # 36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    before, separator, after = line.partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    if not separator or len(fields) < 6 or len(rest) < 3:
        return None
    options = frozenset(rest[-1].split(","))
    writable = "ro" not in options and "ro" not in fields[5].split(",")
    return Mount(_unescape(fields[3]), _unescape(fields[4]), rest[0], options, writable)


def _unescape(text: str) -> str:
    """Undo the kernel's octal escapes: ``\\040`` is a space, ``\\134`` a backslash."""
    if "\\" not in text:
        return text
    head, *parts = text.split("\\")
    result = [head]
    for part in parts:
        code = part[:3]
        if len(code) == 3 and all(digit in "01234567" for digit in code) and int(code, 8) < 128:
            result.append(chr(int(code, 8)) + part[3:])
        else:
            result.append("\\" + part)
    return "".join(result)
