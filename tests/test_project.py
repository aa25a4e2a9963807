"""The project's own rules, held by its tools; each tool runs as a developer would run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(sys.executable).parent
TOOLS = {
    "types": [sys.executable, "-m", "mypy"],
    "lint": [str(SCRIPTS / "ruff"), "check", "."],
    "format": [str(SCRIPTS / "ruff"), "format", "--check", "."],
    "imports": [str(SCRIPTS / "lint-imports")],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_project_keeps_its_rules(tool: str) -> None:
    done = subprocess.run(TOOLS[tool], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, f"{' '.join(TOOLS[tool])}\n{done.stdout}{done.stderr}"
