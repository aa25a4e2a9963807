"""The environments for the matrix of releases are made once, also when two processes ask, and remade when half-made."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import releases
from tests.releases import release_python

pytestmark = pytest.mark.slow

ASK = "from tests.releases import release_python; print(release_python('27.0.1'))"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(releases, "CACHE", tmp_path)
    return tmp_path


def test_an_environment_has_its_release(release: str) -> None:
    program = "import gunicorn, flask; print(gunicorn.__version__)"
    done = subprocess.run([release_python(release), "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == release


def test_a_half_made_environment_is_made_anew(cache: Path) -> None:
    python = release_python("27.0.1")
    (python.parent.parent / "complete").unlink()
    (python.parent / "leftover").touch()

    assert release_python("27.0.1") == python
    assert not (python.parent / "leftover").exists()


def test_a_complete_environment_is_kept(cache: Path) -> None:
    python = release_python("27.0.1")
    (python.parent / "mine").touch()
    release_python("27.0.1")
    assert (python.parent / "mine").exists()


def test_processes_that_ask_at_once_share_one_environment(cache: Path) -> None:
    program = f"import tests.releases as r; from pathlib import Path; r.CACHE = Path({str(cache)!r}); {ASK}"

    def ask(_: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(ask, range(2)))
    assert len(answers) == 1
    subprocess.run([answers.pop(), "-c", "import gunicorn, flask"], check=True)
