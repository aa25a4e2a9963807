"""How long gcadvise takes to start, beside a Typer program with one trivial command in the same environment.

Run by hand: ``.venv/bin/python -m pytest tests/benchmarks/test_startup.py -m benchmark -s``. The two programs take
turns, so that a machine whose speed drifts treats both alike; medians and their ratio are printed, and the targets
beside them. The processes run from a wheel-like installation with compiled bytecode, as users have it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.neutral import child_environment

ROUNDS = 21
TARGETS = {"--help": 1.3, "recommend --io-bound": 1.6}
TRIVIAL = '''
import typer
app = typer.Typer(add_completion=False)

@app.command()
def hello(name: str = "world") -> None:
    """Say hello."""
    print(f"hello {name}")

app()
'''


def seconds(command: list[str], directory: Path, environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


@pytest.mark.benchmark
@pytest.mark.timeout(600)
@pytest.mark.parametrize("arguments", TARGETS)
def test_start_up(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "trivial.py").write_text(TRIVIAL)
    environment = child_environment(tmp_path)
    ours = [sys.executable, "-m", "advisor.cli.main", *arguments.split()]
    trivial = [sys.executable, "trivial.py", *(["--help"] if "--help" in arguments else [])]
    for command in (ours, trivial):  # the first run compiles
        seconds(command, tmp_path, environment)
    pairs = [(seconds(ours, tmp_path, environment), seconds(trivial, tmp_path, environment)) for _ in range(ROUNDS)]
    own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"\ngcadvise {arguments}: {own * 1000:.0f} ms; one-command Typer program: {other * 1000:.0f} ms; "
        f"ratio {ratio:.2f} (median of {ROUNDS} pairs; target {TARGETS[arguments]})"
    )
    assert ratio > 0
