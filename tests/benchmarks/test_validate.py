"""How long gcadvise takes for 1,000 configurations, and how much memory, beside ``gunicorn --check-config``.

Run by hand: ``.venv/bin/python -m pytest tests/benchmarks/test_validate.py -m benchmark -s``. Each program runs as a
process of its own, pinned to one CPU; the median of the rounds is printed, and the target beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.configurations import configurations
from tests.neutral import child_environment

NUMBER = 1000
ROUNDS = 3
CHECKED = 20
TARGET_SECONDS = 3.0
TARGET_MIB = 100
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n"


def _run(command: list[str], directory: Path) -> tuple[float, float]:
    """Wall seconds, and the peak of resident memory in MiB."""

    def pin() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=child_environment(directory),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pin,
    )
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - start, used.ru_maxrss / 1024


@pytest.mark.benchmark
@pytest.mark.timeout(600)
def test_a_thousand_configurations(tmp_path: Path) -> None:
    names = []
    for number, text in enumerate(configurations(NUMBER)):
        name = f"gunicorn_{number:04}.conf.py"
        (tmp_path / name).write_text(text)
        names.append(name)
    (tmp_path / "trivial.py").write_text(APP)
    gcadvise = [str(Path(sys.executable).with_name("gcadvise")), "validate", *names, "--format=json"]
    runs = [_run(gcadvise, tmp_path) for _ in range(ROUNDS)]
    seconds = statistics.median(run[0] for run in runs)
    mib = max(run[1] for run in runs)
    gunicorn = [sys.executable, "-m", "gunicorn", "--check-config", "trivial:app", "-c"]
    check = statistics.median(_run([*gunicorn, name], tmp_path)[0] for name in names[:CHECKED])
    print(f"\n{NUMBER} configurations: {seconds:.2f} s (target {TARGET_SECONDS} s)", end=", ")
    print(f"{mib:.0f} MiB (target {TARGET_MIB} MiB)")
    print(f"gunicorn --check-config: {check:.2f} s for one, so {check * NUMBER:.0f} s for {NUMBER}")
    assert seconds > 0
