"""The Python that will run Gunicorn, and the release of Gunicorn in it.

Our own interpreter is looked at without importing Gunicorn or starting anything. Another one is run once, with the
environment as it is (PYTHONPATH and the user's site-packages count, as they will when it runs Gunicorn) but without
the working directory on its path.
"""

from __future__ import annotations

import os
import sys

from advisor.facts import Fact, Origin
from advisor.host.host import Interpreter
from advisor.host.system import System
from gunicorn_conf.errors import BadInput


def find_python(system: System, given: Fact[str] | None) -> tuple[Fact[Interpreter], Fact[str]]:
    """The interpreter and its Gunicorn: the given one, else that of VIRTUAL_ENV, else our own.

    Raises BadInput when one was given and is not a Python that runs.
    """
    if given is not None and given.value is not None:
        path = _interpreter_path(given.value, system)
        if path is None:
            raise BadInput(
                f"there is no Python at {given.value!r}",
                why=f"{given.source}; no such program exists, or it may not be run",
                hint="give the path of an interpreter (.venv/bin/python) or of a virtual environment (.venv)",
            )
        python, gunicorn = _look_at(path, given.source, given.origin)
        if not python.known:
            raise BadInput(
                f"{given.value!r} is not a Python that runs",
                why=f"{given.source}; {python.source}",
                hint="give the path of an interpreter (.venv/bin/python) or of a virtual environment (.venv)",
            )
        return python, gunicorn
    environment = system.environ.get("VIRTUAL_ENV")
    if environment:
        path = _interpreter_path(environment, system)
        if path is not None:
            return _look_at(path, "VIRTUAL_ENV", Origin.DETECTED)
        return _own(f"gcadvise's own; VIRTUAL_ENV names {environment}, which has no bin/python")
    return _own("gcadvise's own")


def _interpreter_path(text: str, system: System) -> str | None:
    """The program that is meant: a path, the folder of a virtual environment, or a name on PATH."""
    path = os.path.expanduser(text)  # noqa: PTH111  (Path.expanduser raises where this leaves the text alone)
    if "/" not in path and not os.path.exists(path):  # noqa: PTH110
        import shutil

        return shutil.which(path, path=system.environ.get("PATH"))
    if os.path.isdir(path):  # noqa: PTH112
        path = os.path.join(path, "bin", "python")  # noqa: PTH118
    path = os.path.abspath(path)  # noqa: PTH100  (not resolved: a link in bin/ is what makes it an environment)
    return path if os.path.isfile(path) and os.access(path, os.X_OK) else None  # noqa: PTH113


def _look_at(path: str, source: str, origin: Origin) -> tuple[Fact[Interpreter], Fact[str]]:
    if _is_own(path):
        return _own(source, path, origin)
    from advisor.host.ask_python import ask_python

    answer = ask_python(path)
    if isinstance(answer, str):
        unknown: Fact[Interpreter] = Fact.unknown(answer)
        return unknown, Fact.unknown(answer)
    python = Interpreter(path=path, version=answer.version, free_threaded=answer.free_threaded)
    return Fact(value=python, source=source, origin=origin), _gunicorn(answer.gunicorn, path)


def _own(
    source: str, path: str = sys.executable, origin: Origin = Origin.DETECTED
) -> tuple[Fact[Interpreter], Fact[str]]:
    python = Interpreter(
        path=path,
        version="{}.{}.{}".format(*sys.version_info[:3]),
        free_threaded=not getattr(sys, "_is_gil_enabled", lambda: True)(),
    )
    return Fact(value=python, source=source, origin=origin), _gunicorn(_installed_release(sys.path), path)


def _gunicorn(release: str, path: str) -> Fact[str]:
    if not release:
        return Fact.unknown(f"no Gunicorn in {path}")
    return Fact(value=release, source=f"installed in {path}")


def _is_own(path: str) -> bool:
    """Whether it is the program that runs us, in the same environment: the same file, reached through the same bin/."""
    own = sys.executable
    if not own:
        return False
    try:
        return os.path.samefile(path, own) and os.path.samefile(os.path.dirname(path), os.path.dirname(own))  # noqa: PTH120,PTH121
    except OSError:
        return False


def _installed_release(search_path: list[str]) -> str:
    """The release that ``import gunicorn`` would give, from the name of its metadata; empty when there is none."""
    for directory in search_path:
        try:
            names = os.listdir(directory or ".")  # noqa: PTH208
        except OSError:
            continue
        for name in sorted(names, reverse=True):
            if name.startswith("gunicorn-") and name.endswith((".dist-info", ".egg-info")):
                release = name.removeprefix("gunicorn-").rpartition(".")[0].partition("-")[0]  # 20.1.0-py3.10.egg-info
                if release[:1].isdigit():
                    return release
    return ""
