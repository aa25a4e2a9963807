"""The tests' own environment: what it takes away, and the command that it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import RunGcadvise
from tests.neutral import child_environment, is_of_this_machine


@pytest.mark.parametrize(
    "name",
    ["PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "GCADVISE_CPUS", "KUBERNETES_SERVICE_HOST", "WEBSITE_SITE_NAME"],
)
def test_variables_that_change_an_answer_are_taken_away(name: str) -> None:
    assert is_of_this_machine(name)
    assert name not in os.environ


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "TMPDIR", "PIP_INDEX_URL"])
def test_what_a_process_needs_stays(name: str) -> None:
    assert not is_of_this_machine(name)


def test_a_child_gets_nothing_that_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING", "else")
    environment = child_environment(tmp_path, {"PORT": "8000"})
    assert environment["PORT"] == "8000"
    assert environment["HOME"] == str(tmp_path)
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))
    assert "SOMETHING" not in environment


def test_the_installed_command_runs(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("gcadvise ")
