"""The cgroups that this process is in: for a controller the chain from its own up to the highest to be seen.

A limit of an ancestor binds all below it, so every one of the chain counts (cgroups(7); Linux
Documentation/admin-guide/cgroup-v2.rst). Which directories they are follows from two files: /proc/self/cgroup names
the cgroup, and mountinfo says which part of the hierarchy is mounted where. In a cgroup namespace, or where a container
gets only its own cgroup mounted, the ancestors above cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from advisor.host.cgroup_search import find_own_cgroup
from advisor.host.mounts import Mount
from advisor.host.system import System, shown, why

CGROUP_FILE = "/proc/self/cgroup"

# PATH_MAX of Linux (include/uapi/linux/limits.h); a longer path cannot be opened anyway.
_LONGEST_PATH = 4096


class Cgroup(NamedTuple):
    """One cgroup: its name as the kernel tells it, and the directory with its files."""

    name: str
    directory: str


class Chain(NamedTuple):
    """The cgroups of one hierarchy that this process is in, its own first."""

    version: int
    cgroups: tuple[Cgroup, ...]
    gap: str = ""
    """What of the chain cannot be seen, empty when all of it can."""


class Reading(NamedTuple):
    """One file of one cgroup of a chain."""

    cgroup: Cgroup
    text: str


def membership(system: System) -> dict[str, str]:
    """Controller -> cgroup of this process; version 2 under the empty name. Raises OSError."""
    found: dict[str, str] = {}
    for line in system.read(CGROUP_FILE).split("\n"):
        parts = line.split(":", 2)  # the path may hold colons
        if len(parts) == 3 and parts[2].startswith("/") and len(parts[2]) <= _LONGEST_PATH:
            for controller in parts[1].split(","):
                found.setdefault(controller, parts[2])
    return found


def find_chain(controller: str, membership: dict[str, str], mounts: Sequence[Mount], system: System) -> Chain:
    """The chain in which ``controller`` (cpu, memory, cpuset) may limit this process; empty when there is none.

    A controller is in one hierarchy at a time: on a hybrid host in that of version 1 which names it, else in version 2.
    """
    if controller in membership:
        v1 = [mount for mount in mounts if mount.kind == "cgroup" and controller in mount.options]
        return _chain(1, membership[controller], v1, system)
    if "" in membership:
        return _chain(2, membership[""], [mount for mount in mounts if mount.kind == "cgroup2"], system)
    return Chain(2, ())


def read_up(system: System, chain: Chain, *names: str) -> tuple[list[Reading], list[str]]:
    """The first of ``names`` that each cgroup of the chain has, and sentences on what could not be read.

    A file that does not exist is no failure: the controller is not on there, or it is the root, which has no limit.
    """
    readings, failures = [], []
    for cgroup in chain.cgroups:
        for name in names:
            path = f"{cgroup.directory}/{name}"
            try:
                readings.append(Reading(cgroup, system.read(path)))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                failures.append(why(path, error))
            break
    return readings, failures


def _chain(version: int, path: str, mounts: Sequence[Mount], system: System) -> Chain:
    if not mounts:
        return Chain(version, (), "" if path == "/" else f"cgroup v{version} {shown(path)} is not mounted here")
    rank, mount, below, gap = min(
        (_locate(mount, path) for mount in mounts), key=lambda found: (found[0], len(found[1].root))
    )
    if below is None:
        return Chain(version, (), gap)
    levels, point = _parts(mount.root), mount.point.rstrip("/")
    if rank == _UNNAMED:
        parts = _parts(path)
        told = parts.count("..")
        names = find_own_cgroup(system, point, len(levels) - told, parts[told:])
        if names is not None:
            below, gap = [*names, *parts[told:]], ""
    base = "/" + "/".join(level for level in levels if level != "..")
    cgroups = tuple(
        Cgroup(shown(_join(base, below[:depth])), _join(point, below[:depth])) for depth in range(len(below), -1, -1)
    )
    if not gap and not system.exists(cgroups[0].directory):
        gap = f"the cgroup {shown(path)} cannot be seen from here"
    return Chain(version, cgroups, gap)


# How well a mount shows the cgroup of this process, best first.
_NAMED, _UNNAMED, _OTHER_NAME, _OUTSIDE = range(4)


def _locate(mount: Mount, path: str) -> tuple[int, Mount, list[str] | None, str]:
    """How well the mount shows the cgroup, the way from the mount down to it, and what is hidden."""
    root, parts = _parts(mount.root), _parts(path)
    below = parts[len(root) :]
    if parts[: len(root)] == root and ".." not in below:
        return _NAMED, mount, below, ""
    if root == [".."] * len(root) and parts[: len(root)].count("..") < len(root):
        # mounted from above this cgroup namespace: an ancestor, but the names in between are not told
        return _UNNAMED, mount, [], f"the cgroups between {shown(mount.point)} and this process cannot be seen"
    if ".." in parts:
        return _OUTSIDE, mount, None, f"the cgroup {shown(path)} is outside of this cgroup namespace and cannot be seen"
    # a container whose own cgroup is mounted, under another name than the one it is told
    return _OTHER_NAME, mount, [], f"the cgroup {shown(path)} is not below the mounted {shown(mount.root)}"


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _join(base: str, parts: list[str]) -> str:
    return "/".join([base.rstrip("/"), *parts]) or "/"
