"""What a start of gcadvise loads; how long it takes is measured in tests/benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.neutral import child_environment

# Each costs a good part of the whole start, and the answer needs none of them.
HEAVY = {"flask", "requests", "gunicorn", "psutil", "numpy", "jinja2", "asyncio"}
PROGRAM = """
import sys
from advisor.cli.main import main
sys.argv = ["gcadvise", *sys.argv[1:]]
before = set(sys.modules)
try:
    main()
except SystemExit as end:
    print(end.code, *sorted(sys.modules), file=sys.stderr)
"""


def loaded_by(directory: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=directory,
        env=child_environment(directory),
        timeout=60,
        check=True,
    )
    code, *modules = done.stderr.split()
    assert code == "0"
    return set(modules)


@pytest.mark.parametrize("arguments", ["--help", "--version", "recommend --io-bound", "recommend --help"])
def test_nothing_heavy_is_loaded(arguments: str, tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, *arguments.split())
    assert "advisor.cli.main" in loaded
    assert loaded & HEAVY == set()


def test_the_overview_loads_no_command(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "--help")
    assert not {"advisor.cli.recommend", "advisor.cli.inspect", "advisor.cli.concurrency"} & loaded


def test_a_command_loads_no_other(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "recommend", "--io-bound")
    assert not {"advisor.cli.inspect", "advisor.cli.concurrency", "advisor.measure.verify"} & loaded


def test_without_a_measured_app_the_model_is_not_loaded(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "recommend", "--io-bound")
    assert not {
        name for name in loaded if name.startswith(("advisor.model", "advisor.sizing.by_model", "advisor.load"))
    }
