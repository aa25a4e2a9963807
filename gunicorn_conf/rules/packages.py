"""Questions to the requirements that a repository declares: is a package there, and in which version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gunicorn_conf.rules.subject import Requirements, Subject

# Files that list every package that gets installed, so that a package they lack is not there.
_COMPLETE = ("poetry.lock", "uv.lock", "pipfile.lock", "pdm.lock")
# Packages that bring others along: by themselves, or by an extra that a list of names does not show.
_BROUGHT_BY: Mapping[str, tuple[str, ...]] = {
    "gevent": ("gevent-websocket", "grequests", "locust", "psycogreen", "flask-sockets"),
    "uvicorn": ("fastapi", "uvicorn-worker", "starlette", "litestar"),
    "tornado": ("jupyter-server", "bokeh", "notebook"),
    "setproctitle": ("celery", "airflow", "apache-airflow", "prefect"),
}


def is_complete(requirements: Requirements) -> bool:
    """Whether they list everything that gets installed, as a lock file does."""
    return requirements.path.rpartition("/")[2].lower() in _COMPLETE


def lacks(subject: Subject, package: str, *, extra: str | None = None) -> bool:
    """Whether the requirements are known and nothing in them brings the package; ``extra`` is Gunicorn's."""
    requirements = subject.requirements
    if requirements is None or not requirements.packages:
        return False
    names = {_normal(name) for name in requirements.packages}
    # Where Gunicorn itself is installed by other means, so may be what it needs.
    if _normal(package) in names or not any(name.partition("[")[0] == "gunicorn" for name in names):
        return False
    if extra is not None and any(name.startswith("gunicorn[") and extra in _extras(name) for name in names):
        return False
    return is_complete(requirements) or not names.intersection(_BROUGHT_BY.get(package, ()))


def pinned(subject: Subject, package: str) -> tuple[int, ...] | None:
    """The version that the requirements pin, as numbers; None where there is none."""
    if subject.requirements is None:
        return None
    for name, version in subject.requirements.packages.items():
        if _normal(name) == _normal(package) and version:
            return _numbers(version)
    return None


def _numbers(version: str) -> tuple[int, ...] | None:
    match = re.match(r"\d+(?:\.\d+)*", version.lstrip("=v "))
    return tuple(int(part) for part in match.group().split(".")) if match else None


def _extras(name: str) -> Iterable[str]:
    return [extra.strip() for extra in name.partition("[")[2].rstrip("]").split(",")]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())
