"""Builds another machine's /proc and /sys in a folder, so that detection can be run on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.host.detect import detect
from advisor.host.host import Host
from advisor.host.overrides import Overrides
from advisor.host.system import System

V2_MOUNT = "35 24 0:30 {root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNTS = (
    "40 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct",
    "41 31 0:30 {root} /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset",
    "42 31 0:31 {root} /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory",
)
SHM_MOUNT = "26 24 0:24 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=65536k"
NO_LIMIT_V1 = "9223372036854771712"

GIB = 1024**3


class Machine:
    """A machine of 16 CPUs and 32 GiB in ``root``, without cgroups until some are mounted."""

    def __init__(self, root: Path, *, cpus: int = 16, memory_gib: int = 32) -> None:
        self.root = root
        self.mounts: list[str] = []
        self.write("/sys/devices/system/cpu/online", f"0-{cpus - 1}\n")
        self.write("/proc/self/status", f"Name:\tpython\nCpus_allowed_list:\t0-{cpus - 1}\n")
        total = memory_gib * 1024**2
        self.write("/proc/meminfo", f"MemTotal:    {total} kB\nMemFree: 1 kB\nMemAvailable:   {total // 2} kB\n")
        self.write("/proc/self/cgroup", "")
        self.mount()

    def write(self, path: str, content: str | bytes) -> None:
        """Write one file, with its folders."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def remove(self, path: str) -> None:
        """Take one file away."""
        (self.root / path.lstrip("/")).unlink()

    def unreadable(self, path: str) -> None:
        """Put a folder in the file's place: it cannot be read, not even by root."""
        file = self.root / path.lstrip("/")
        file.unlink(missing_ok=True)
        file.mkdir(parents=True)

    def mount(self, *lines: str) -> None:
        """Add lines to mountinfo."""
        self.mounts += lines
        self.write("/proc/self/mountinfo", "".join(f"{line}\n" for line in self.mounts))

    def v2(self, own: str, groups: Mapping[str, Mapping[str, str]], *, root: str = "/") -> Machine:
        """Mount cgroup v2 with this process in ``own``; ``groups``: directory below the mount -> file -> content."""
        self.mount(V2_MOUNT.format(root=root))
        self.write("/proc/self/cgroup", f"0::{own}\n")
        for group, files in groups.items():
            for name, content in files.items():
                self.write(f"/sys/fs/cgroup/{group.strip('/')}/{name}", f"{content}\n")
        return self

    def v1(self, own: str, groups: Mapping[str, Mapping[str, str]], *, root: str = "/") -> Machine:
        """Mount cgroup v1; a file goes into the hierarchy that its name begins with."""
        self.mount(*(line.format(root=root) for line in V1_MOUNTS))
        self.write("/proc/self/cgroup", f"5:cpu,cpuacct:{own}\n4:cpuset:{own}\n3:memory:{own}\n")
        for group, files in groups.items():
            for name, content in files.items():
                hierarchy = {"cpu": "cpu,cpuacct"}.get(name.partition(".")[0], name.partition(".")[0])
                self.write(f"/sys/fs/cgroup/{hierarchy}/{group.strip('/')}/{name}", f"{content}\n")
        return self

    def system(self, environ: Mapping[str, str] | None = None) -> System:
        """The machine as detection takes it."""
        return System(root=self.root, environ=environ or {}, outside_linux=False)

    def detect(self, environ: Mapping[str, str] | None = None, *, overrides: Overrides | None = None) -> Host:
        """The host that is seen on this machine."""
        return detect(self.system(environ), overrides=overrides)


__all__ = ["GIB", "NO_LIMIT_V1", "SHM_MOUNT", "Machine"]
