"""Finds this process's cgroup by its process id, where the hierarchy is mounted from above its cgroup namespace.

There (a container with a cgroup namespace that gets the host's /sys/fs/cgroup mounted) mountinfo tells how many levels
lie between the mount and the process, but not their names.
"""

from __future__ import annotations

from advisor.host.system import System

STAT = "/proc/self/stat"

# A host with a few hundred containers has some thousand cgroups; searching more costs more than it is worth.
_MOST_CGROUPS = 4096


def find_own_cgroup(system: System, point: str, levels: int, below: list[str]) -> list[str] | None:
    """The names of the ``levels`` directories from the mount ``point`` down, such that ``below`` them is this process.

    None when it is not found.
    """
    try:
        pid = system.read(STAT).split(" ", 1)[0]
    except OSError:
        return None
    if not pid.isdigit():
        return None
    ways: list[list[str]] = [[]]
    for _ in range(levels):
        ways = [[*way, name] for way in ways for name in system.folders("/".join([point, *way]))]
        if len(ways) > _MOST_CGROUPS:
            return None
    return next((way for way in ways if pid in _processes(system, "/".join([point, *way, *below]))), None)


def _processes(system: System, directory: str) -> list[str]:
    try:
        return system.read(f"{directory}/cgroup.procs").split()
    except OSError:
        return []
