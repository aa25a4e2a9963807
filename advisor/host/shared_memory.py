"""A directory in memory for Gunicorn's heartbeat files: on a disk or a network share their update may block."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.facts import Fact
from advisor.host.mounts import Mount
from advisor.host.system import System

# /dev/shm is what Linux promises (shm_overview(7)); the others are a tmpfs on some systems. Mounts elsewhere are left
# alone: they hold secrets, or belong to somebody.
_CANDIDATES = ("/dev/shm", "/run/shm", "/tmp", "/run")


def shared_memory_dir(system: System, mounts: Sequence[Mount], hidden: str) -> Fact[str]:
    """The first usual directory that is a tmpfs and can be written; ``hidden`` says why mounts could not be read."""
    if hidden:
        return Fact.unknown(hidden)
    reasons = []
    by_point = {mount.point: mount for mount in mounts}
    for path in _CANDIDATES:
        mount = by_point.get(path)
        if mount is None:
            reasons.append(f"{path} is no mount of its own")
        elif mount.kind != "tmpfs":
            reasons.append(f"{path} is {mount.kind}")
        elif not mount.writable or not system.writable(path):
            reasons.append(f"{path} cannot be written")
        else:
            return Fact(value=path, source="a tmpfs that can be written")
    return Fact.unknown("no tmpfs found: " + ", ".join(reasons))
