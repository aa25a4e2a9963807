"""Advice that is asked for, and served, under half a CPU and 512 MiB: it is never killed; the plain rule is.

The app weighs 165 MiB: two workers fit beside gcadvise while it measures them, three (what the rule gives a machine
with one core) do not. For the rule on the quota itself, two workers, it weighs 300 MiB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.sizing.demand import rule_workers
from tests.limits.cgroup import LimitedCgroup, NoCgroup, limited_cgroup
from tests.limits.serving import Served, serve
from tests.neutral import child_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MIB = 1024**2
CPUS, LIMIT_BYTES = 0.5, 512 * MIB
BALLAST_MIB, TOO_HEAVY_MIB = 165, 300
SUSTAINED_SECONDS = 10.0
RULE_SECONDS = 3.0
MOST_WORKERS = 9
TARGET = "heavy_app:app"
DIRECTORY = Path(__file__).parent


@pytest.fixture
def cgroup() -> Iterator[LimitedCgroup]:
    try:
        with limited_cgroup(cpus=CPUS, memory_bytes=LIMIT_BYTES) as made:
            yield made
    except NoCgroup as reason:
        pytest.skip(f"no real limits here: {reason}")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``gcadvise profile`` has measured under the limits; made once, for what needs no measuring of its own."""
    directory = tmp_path_factory.mktemp("profile")
    try:
        with limited_cgroup(cpus=CPUS, memory_bytes=LIMIT_BYTES) as cgroup:
            _gcadvise(cgroup, directory, "profile", TARGET, "--chdir", str(DIRECTORY), "-o", "profile.json")
            assert cgroup.killed() == 0
    except NoCgroup as reason:
        pytest.skip(f"no real limits here: {reason}")
    return directory / "profile.json"


def test_profile_measures_the_app_and_kills_nothing(profile: Path) -> None:
    found = json.loads(profile.read_text())
    assert (found["measured"]["cpus"], found["measured"]["memory_bytes"]) == (CPUS, LIMIT_BYTES)
    assert BALLAST_MIB * MIB < found["worker"]["memory_bytes"] < (BALLAST_MIB + 30) * MIB
    assert found["request"]["wait_ratio"] > 2  # 12 ms of waiting and more, 3 to 4 ms of computing


def test_what_is_recommended_from_the_profile_survives_sustained_load(
    cgroup: LimitedCgroup, profile: Path, tmp_path: Path
) -> None:
    _gcadvise(cgroup, tmp_path, "recommend", "--profile", str(profile), "-o", "gunicorn.conf.py")
    _survives(cgroup, _serve(cgroup, tmp_path, "-c", "gunicorn.conf.py", seconds=SUSTAINED_SECONDS))


def test_an_app_of_which_one_worker_alone_fits_is_measured_without_killing_it_and_the_advice_survives(
    cgroup: LimitedCgroup, tmp_path: Path
) -> None:
    arguments = ("recommend", TARGET, "--chdir", str(DIRECTORY), "-o", "gunicorn.conf.py")
    _gcadvise(cgroup, tmp_path, *arguments, ballast_mib=TOO_HEAVY_MIB)
    assert cgroup.killed() == 0
    served = _serve(cgroup, tmp_path, "-c", "gunicorn.conf.py", seconds=SUSTAINED_SECONDS, ballast_mib=TOO_HEAVY_MIB)
    _survives(cgroup, served)
    assert served.booted == 1


def test_tune_tries_nothing_that_is_killed_and_its_winner_survives_sustained_load(
    cgroup: LimitedCgroup, profile: Path, tmp_path: Path
) -> None:
    _gcadvise(
        cgroup,
        tmp_path,
        *("tune", TARGET, "--chdir", str(DIRECTORY), "--profile", str(profile)),
        *("--budget", "20s", "-o", "gunicorn.conf.py"),
    )
    assert cgroup.killed() == 0
    _survives(cgroup, _serve(cgroup, tmp_path, "-c", "gunicorn.conf.py", seconds=SUSTAINED_SECONDS))


def test_the_rule_with_the_cores_of_the_machine_is_killed(cgroup: LimitedCgroup, tmp_path: Path) -> None:
    # A process in a container sees all of them; more workers than these would only be killed in longer rows.
    workers = min(rule_workers(os.cpu_count() or 1), MOST_WORKERS)
    served = _serve(cgroup, tmp_path, "--workers", str(workers), seconds=RULE_SECONDS)
    assert cgroup.killed() >= 1, served.log
    assert served.booted > workers


def test_the_rule_with_the_quota_is_killed_where_the_app_is_too_heavy_for_it(
    cgroup: LimitedCgroup, tmp_path: Path
) -> None:
    workers = rule_workers(CPUS)
    served = _serve(cgroup, tmp_path, "--workers", str(workers), seconds=RULE_SECONDS, ballast_mib=TOO_HEAVY_MIB)
    assert workers == 2
    assert cgroup.killed() >= 1, served.log
    assert served.booted > workers


def _survives(cgroup: LimitedCgroup, served: Served) -> None:
    assert (cgroup.killed(), served.ended_by_kill, served.failed) == (0, 0, 0), served.log
    assert served.answered > 10 * SUSTAINED_SECONDS
    assert served.booted in (1, 2)  # each worker once: none was replaced


def _serve(
    cgroup: LimitedCgroup, directory: Path, *arguments: str, seconds: float, ballast_mib: int = BALLAST_MIB
) -> Served:
    command = [sys.executable, "-m", "gunicorn", *arguments, "--chdir", str(DIRECTORY), TARGET]
    environment = _environment(directory, ballast_mib)
    return serve(cgroup.command(*command), directory / "gunicorn.log", environment, seconds=seconds)


def _gcadvise(cgroup: LimitedCgroup, directory: Path, *arguments: str, ballast_mib: int = BALLAST_MIB) -> None:
    gcadvise = str(Path(sys.executable).with_name("gcadvise"))
    done = subprocess.run(
        cgroup.command(gcadvise, *arguments),
        cwd=directory,
        env=_environment(directory, ballast_mib),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"gcadvise {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"


def _environment(directory: Path, ballast_mib: int) -> dict[str, str]:
    return child_environment(directory, {"BALLAST_MIB": str(ballast_mib)})
