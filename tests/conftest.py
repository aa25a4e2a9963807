"""What every test gets: a neutral environment, the installed command to run, and files of expected text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from tests.neutral import COLUMNS, child_environment, is_of_this_machine
from tests.releases import RELEASES


class Completed(NamedTuple):
    """How a run of the command ended."""

    returncode: int
    stdout: str
    stderr: str


class RunGcadvise(Protocol):
    """Runs the installed ``gcadvise`` and waits for it."""

    def __call__(
        self,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout_seconds: float = 60,
    ) -> Completed: ...


@pytest.fixture(autouse=True)
def _neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if is_of_this_machine(name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", COLUMNS)


@pytest.fixture
def run_gcadvise(tmp_path: Path) -> RunGcadvise:
    """The installed command, in ``tmp_path`` and a neutral environment; ``env`` comes on top of it."""
    script = Path(sys.executable).with_name("gcadvise")
    if not script.exists():
        pytest.fail(f"{script} is missing: install the project into this environment (pip install -e '.[test]')")

    def run(
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout_seconds: float = 60,
    ) -> Completed:
        done = subprocess.run(
            [str(script), *arguments],
            cwd=cwd or tmp_path,
            env=child_environment(tmp_path, env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    return run


class MatchesFile(Protocol):
    """Compares text with a file of expected text."""

    def __call__(self, text: str, path: Path) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="Write the files of expected text anew; then read the diff."
    )


@pytest.fixture
def matches_file(request: pytest.FixtureRequest) -> MatchesFile:
    """Asserts that text is what a file says; with ``--regenerate`` writes the file instead."""
    regenerate = bool(request.config.getoption("--regenerate"))

    def matches(text: str, path: Path) -> None:
        if regenerate:
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run pytest --regenerate"
        assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: pytest --regenerate writes it anew"

    return matches


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Each release of Gunicorn that a slow test runs against, in turn."""
    return str(request.param)
