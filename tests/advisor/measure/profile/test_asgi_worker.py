"""Which worker class serves an ASGI app, by what its Python has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from advisor.measure.profile.asgi_worker import asgi_worker_class
from gunicorn_conf.errors import BadInput

PYTHON = Path(sys.executable)


def python_with(directory: Path, **packages: str) -> str:
    """A Python that has these packages, by name and version, and nothing else."""
    site = directory / "site"
    for name, version in packages.items():
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").touch()
        metadata = site / f"{name}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    script = directory / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {PYTHON} -S "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_uvicorns_worker_is_taken_where_it_is_installed(tmp_path: Path) -> None:
    assert asgi_worker_class(python_with(tmp_path, gunicorn="27.0.1", uvicorn_worker="0.4.0")) == (
        "uvicorn_worker.UvicornWorker"
    )


def test_gunicorns_own_class_is_taken_where_it_has_one(tmp_path: Path) -> None:
    assert asgi_worker_class(python_with(tmp_path, gunicorn="24.1.1")) == "asgi"


def test_where_neither_is_there_the_error_says_what_to_install(tmp_path: Path) -> None:
    python = python_with(tmp_path, gunicorn="23.0.0")
    with pytest.raises(BadInput, match="nothing in its Python serves it") as caught:
        asgi_worker_class(python)
    assert "Gunicorn 23.0.0, whose own class for them came with 24.0" in caught.value.why
    assert caught.value.hint == f"install it there: {python} -m pip install uvicorn-worker"
