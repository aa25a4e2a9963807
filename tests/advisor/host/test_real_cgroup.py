"""A process under a real CPU quota and memory limit, where this machine lets us make a cgroup, reports them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.host.cgroups import membership
from advisor.host.mounts import Mount, read_mounts
from advisor.host.system import System
from tests.neutral import child_environment

QUOTA, PERIOD = 50_000, 100_000
LIMIT_BYTES = 300 * 1024**2  # room for a Python; a multiple of every page size


def _mounted(kind: str, controller: str = "") -> Mount | None:
    try:
        mounts = read_mounts(System())
    except OSError:
        return None
    fitting = (mount for mount in mounts if mount.kind == kind and mount.root == "/")
    return next((mount for mount in fitting if not controller or controller in mount.options), None)


def _make(parent: Path) -> Path:
    """A new cgroup. Skips the test where that is not allowed."""
    cgroup = parent / f"gcadvise-test-{os.getpid()}"
    try:
        cgroup.mkdir()
    except OSError as error:
        pytest.skip(f"cannot make a cgroup in {parent}: {error.strerror}")
    return cgroup


def _remove(cgroup: Path) -> None:
    # The kernel lets go of an ended process a moment after its parent has reaped it; there is no event to await.
    for _ in range(100):
        try:
            cgroup.rmdir()
            return
        except OSError:
            time.sleep(0.05)
    cgroup.rmdir()


@pytest.fixture
def limited_v1() -> Iterator[list[Path]]:
    """Cgroups of version 1 with a quota of half a CPU and a limit of 300 MiB."""
    made = []
    own = membership(System())
    try:
        for controller, files in (
            ("cpu", {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": QUOTA}),
            ("memory", {"memory.limit_in_bytes": LIMIT_BYTES}),
        ):
            mount = _mounted("cgroup", controller)
            if mount is None or controller not in own:
                pytest.skip(f"no cgroup v1 hierarchy for {controller} is mounted whole")
            made.append(_make(Path(mount.point, own[controller].lstrip("/"))))
            for name, value in files.items():
                (made[-1] / name).write_text(str(value))
        yield made
    finally:
        for cgroup in made:
            _remove(cgroup)


@pytest.fixture
def limited_v2() -> Iterator[list[Path]]:
    """One cgroup of version 2 with a quota of half a CPU and a limit of 300 MiB."""
    mount = _mounted("cgroup2")
    if mount is None:
        pytest.skip("no cgroup v2 hierarchy is mounted whole")
    cgroup = _make(Path(mount.point))
    try:
        if not ((cgroup / "cpu.max").exists() and (cgroup / "memory.max").exists()):
            pytest.skip("the cpu and memory controllers are not enabled for new cgroups of version 2")
        (cgroup / "cpu.max").write_text(f"{QUOTA} {PERIOD}")
        (cgroup / "memory.max").write_text(str(LIMIT_BYTES))
        yield [cgroup]
    finally:
        _remove(cgroup)


def _inspect_in(cgroups: list[Path], home: Path, through: str = "") -> dict[str, object]:
    join = " && ".join(f"echo $$ > '{cgroup}/cgroup.procs'" for cgroup in cgroups)
    gcadvise = Path(sys.executable).with_name("gcadvise")
    done = subprocess.run(
        ["/bin/sh", "-c", f"{join} && exec {through} '{gcadvise}' inspect --format json"],
        env=child_environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    host = json.loads(done.stdout)["host"]
    assert isinstance(host, dict)
    return host


def _check(host: dict[str, object], version: int, name: str) -> None:
    quota_file = "cpu.cfs_quota_us" if version == 1 else "cpu.max"
    assert host["cpus"] == 0.5
    assert host["memory_bytes"] == LIMIT_BYTES
    assert f"cgroup v{version} {quota_file} {QUOTA}/{PERIOD} at " in str(host["cpus_source"])
    assert name in str(host["cpus_source"])
    assert name in str(host["memory_source"])


def test_a_process_under_real_v1_limits_reports_them(limited_v1: list[Path], tmp_path: Path) -> None:
    _check(_inspect_in(limited_v1, tmp_path), 1, limited_v1[0].name)


def test_a_process_below_a_limited_v1_cgroup_reports_the_ancestors_limits(
    limited_v1: list[Path], tmp_path: Path
) -> None:
    children: list[Path] = []
    try:
        for cgroup in limited_v1:
            children.append(cgroup / "child")
            children[-1].mkdir()
        _check(_inspect_in(children, tmp_path), 1, limited_v1[0].name)
    finally:
        for child in children:
            _remove(child)


def test_a_process_in_a_cgroup_namespace_with_the_hosts_mounts_finds_its_limits(
    limited_v1: list[Path], tmp_path: Path
) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-C", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a cgroup namespace cannot be made here")
    _check(_inspect_in(limited_v1, tmp_path, through=f"'{unshare}' -C"), 1, limited_v1[0].name)


def test_a_process_under_real_v2_limits_reports_them(limited_v2: list[Path], tmp_path: Path) -> None:
    _check(_inspect_in(limited_v2, tmp_path), 2, limited_v2[0].name)
