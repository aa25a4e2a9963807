"""Makes a cgroup with a CPU quota and a memory limit for a test, runs commands in it, and takes it away again."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.host.cgroups import membership
from advisor.host.mounts import Mount, read_mounts
from advisor.host.system import System

_PERIOD_MICROSECONDS = 100_000  # the kernel's default
# Enters every cgroup that is named before "--", then becomes the command: children are in them from their start.
_ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'
_OOM_KILLS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)
# The kernel lets go of an ended process a moment after its parent has reaped it; there is no event to await.
_REMOVE_TRIES, _REMOVE_PAUSE_SECONDS = 100, 0.05


class NoCgroup(Exception):
    """A cgroup cannot be made on this machine; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedCgroup:
    """Real limits that commands can be run under: one directory in version 2, one of each controller in version 1."""

    version: int
    directories: tuple[Path, ...]
    memory: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs a command inside."""
        return ["/bin/sh", "-c", _ENTER, "sh", *map(str, self.directories), "--", *arguments]

    def killed(self) -> int:
        """How many processes the kernel has ended in it for want of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        found = _OOM_KILLS.search((self.memory / name).read_text())
        if found is None:
            raise NoCgroup(f"{name} does not count the processes that were killed (Linux 4.13 and later do)")
        return int(found.group(1))

    def processes(self) -> list[int]:
        """The processes that are in it now."""
        return [int(line) for line in (self.memory / "cgroup.procs").read_text().split()]


@contextlib.contextmanager
def limited_cgroup(*, cpus: float, memory_bytes: int) -> Iterator[LimitedCgroup]:
    """A cgroup with a CPU quota and a memory limit, without swap.

    Whatever still runs in it in the end is killed. Raises NoCgroup where none can be made.
    """
    made: list[Path] = []
    try:
        cgroup = _make(made, cpus, memory_bytes)
        cgroup.killed()
        _check_entry(cgroup)
        yield cgroup
    finally:
        for directory in made:
            _remove(directory)


def _check_entry(cgroup: LimitedCgroup) -> None:
    tried = subprocess.run(cgroup.command("/bin/true"), capture_output=True, text=True, check=False)
    if tried.returncode:
        raise NoCgroup(f"a process cannot be moved into the cgroup: {tried.stderr.strip()}")


def _make(made: list[Path], cpus: float, memory_bytes: int) -> LimitedCgroup:
    try:
        own, mounts = membership(System()), read_mounts(System())
    except OSError as error:
        raise NoCgroup(f"the cgroups of this process cannot be read: {error}") from error
    quota = int(cpus * _PERIOD_MICROSECONDS)
    if "memory" in own and "cpu" in own:
        cpu = _directory(made, _mounted(mounts, "cgroup", "cpu"), own["cpu"])
        _write(cpu, {"cpu.cfs_period_us": _PERIOD_MICROSECONDS, "cpu.cfs_quota_us": quota})
        memory = _directory(made, _mounted(mounts, "cgroup", "memory"), own["memory"])
        # In this order: the limit with swap may not be below the one without.
        _write(memory, {"memory.limit_in_bytes": memory_bytes})
        _write(memory, {"memory.memsw.limit_in_bytes": memory_bytes}, where_known=True)
        return LimitedCgroup(version=1, directories=(cpu, memory), memory=memory)
    # Below the root: a cgroup that has processes of its own may have no children with controllers.
    both = _directory(made, _mounted(mounts, "cgroup2"), "/")
    if not ((both / "cpu.max").exists() and (both / "memory.max").exists()):
        raise NoCgroup("the cpu and memory controllers are not enabled for new cgroups of version 2")
    _write(both, {"cpu.max": f"{quota} {_PERIOD_MICROSECONDS}", "memory.max": memory_bytes})
    _write(both, {"memory.swap.max": 0}, where_known=True)
    return LimitedCgroup(version=2, directories=(both,), memory=both)


def _mounted(mounts: Sequence[Mount], kind: str, controller: str = "") -> Path:
    for mount in mounts:
        if mount.kind == kind and mount.root == "/" and (not controller or controller in mount.options):
            return Path(mount.point)
    raise NoCgroup(f"no {kind} hierarchy {f'for {controller} ' if controller else ''}is mounted whole")


def _directory(made: list[Path], mount: Path, parent: str) -> Path:
    directory = mount / parent.lstrip("/") / f"gcadvise-limits-{os.getpid()}"
    try:
        directory.mkdir()
    except OSError as error:
        raise NoCgroup(f"cannot make a cgroup in {directory.parent}: {error.strerror}") from error
    made.append(directory)
    return directory


def _write(directory: Path, values: dict[str, int | str], *, where_known: bool = False) -> None:
    for name, value in values.items():
        if where_known and not (directory / name).exists():
            continue
        try:
            (directory / name).write_text(str(value))
        except OSError as error:
            raise NoCgroup(f"{name} cannot be set in {directory}: {error.strerror}") from error


def _remove(directory: Path) -> None:
    for _ in range(_REMOVE_TRIES):
        for line in (directory / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)
        try:
            directory.rmdir()
            return
        except OSError:
            time.sleep(_REMOVE_PAUSE_SECONDS)
    directory.rmdir()
