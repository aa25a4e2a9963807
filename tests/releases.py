"""Interpreters that have a certain release of Gunicorn, each made once under ``.cache/releases`` and kept.

Wheels come from the package index that pip is set up for; versions are those of constraints.txt where it names them.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from gunicorn_conf.make_settings import NEEDS_PKG_RESOURCES, PKG_RESOURCES

# The last release of each series that gcadvise supports.
RELEASES = ("20.1.0", "21.2.0", "22.0.0", "23.0.0", "24.1.1", "25.3.0", "26.2.0", "27.0.1")

_ROOT = Path(__file__).parent.parent
CACHE = _ROOT / ".cache" / "releases"
_CONSTRAINTS = _ROOT / "constraints.txt"
_INSTALL_TIMEOUT_SECONDS = 300


def release_python(release: str, python: str | Path = sys.executable, *, extra: tuple[str, ...] = ()) -> Path:
    """The interpreter of an environment that holds this release of Gunicorn, Flask, and the ``extra`` packages.

    ``python`` is the interpreter that the environment is made from. The first call takes seconds and needs the
    package index; processes that ask at the same time wait for one another.
    """
    requirements = [f"gunicorn=={release}", "flask", *extra]
    if release.startswith(NEEDS_PKG_RESOURCES):
        requirements.append(PKG_RESOURCES)
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = CACHE / "-".join([release, f"py{_version(python)}", *extra])
    marker = directory / "complete"
    wanted = "\n".join([*requirements, *_constraints()])
    with open(f"{directory}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != wanted:
            shutil.rmtree(directory, ignore_errors=True)
            _make(directory, python, requirements)
            marker.write_text(wanted)
    return directory / "bin" / "python"


def _make(directory: Path, python: str | Path, requirements: list[str]) -> None:
    _run(str(python), "-m", "venv", "--without-pip", str(directory))
    constraints = directory / "constraints.txt"
    constraints.write_text("\n".join([*_constraints(), ""]))
    own = str(directory / "bin" / "python")
    _run(sys.executable, "-m", "pip", "--python", own, "install", "--quiet", "-c", str(constraints), *requirements)


def _constraints() -> list[str]:
    # Gunicorn's release is what is being varied here, and setuptools goes with it.
    if not _CONSTRAINTS.exists():
        return []
    lines = _CONSTRAINTS.read_text().splitlines()
    return [line for line in lines if not line.lower().startswith(("gunicorn=", "gunicorn ", "setuptools"))]


def _version(python: str | Path) -> str:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return _run(str(python), "-c", program).strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
