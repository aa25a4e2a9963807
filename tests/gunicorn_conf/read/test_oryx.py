"""The app that App Service would find: the files, their order, and what it really is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gunicorn_conf.read.oryx import find_app, framework, oryx_start

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
OLD, NEW = (3, 13), (3, 14)


def put(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


@pytest.mark.parametrize(
    ("names", "arguments"),
    [
        (["app.py", "application.py"], "application:app"),
        (["run.py", "app.py"], "app:app"),
        (["index.py", "run.py"], "run:app"),
        (["server.py", "index.py"], "index:app"),
        (["wsgi.py", "server.py"], "server:app"),
        (["wsgi.py"], "wsgi:app"),
        (["b/wsgi.py", "a/wsgi.py", "app.py"], "a.wsgi"),
        (["antenv/wsgi.py", "venv/wsgi.py", "app.py"], "app:app"),
        (["a/b/wsgi.py", "app.py"], "app:app"),
    ],
)
def test_the_first_in_its_order_is_started(tmp_path: Path, names: list[str], arguments: str) -> None:
    assert oryx_start(put(tmp_path, dict.fromkeys(names, FLASK)), OLD).arguments == arguments


def test_fastapi_is_found_from_python_3_14_on(tmp_path: Path) -> None:
    put(tmp_path, {"main.py": FASTAPI, "app.py": FLASK})
    assert oryx_start(tmp_path, OLD).arguments == "app:app"
    assert oryx_start(tmp_path, None).arguments == "app:app"
    assert oryx_start(tmp_path, NEW).arguments == "-k uvicorn_worker.UvicornWorker main:app"


def test_who_imports_flask_too_is_not_fastapi(tmp_path: Path) -> None:
    put(tmp_path, {"main.py": FASTAPI + "from flask import request\n"})
    assert oryx_start(tmp_path, NEW).detector is None


def test_nothing_found_is_its_own_page(tmp_path: Path) -> None:
    assert oryx_start(tmp_path, NEW).detector is None
    assert find_app(tmp_path, NEW) is None


@pytest.mark.parametrize("python", [OLD, NEW, None])
def test_a_fastapi_app_is_asgi_whatever_is_started_by_default(tmp_path: Path, python: tuple[int, int] | None) -> None:
    for name in ("main.py", "app.py"):
        found = find_app(put(tmp_path / name, {name: FASTAPI}), python)
        assert found is not None
        assert (found.target, found.is_asgi, found.framework) == (f"{name[:-3]}:app", True, "fastapi")


def test_django_is_found_by_its_package(tmp_path: Path) -> None:
    found = find_app(put(tmp_path, {"shop/wsgi.py": "application = 1\n"}), OLD)
    assert found is not None
    assert (found.target, found.framework, found.is_asgi) == ("shop.wsgi", "django", False)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("from flask import Flask\napplication = Flask(__name__)\n", "app:application"),
        ("application = app = 1\n", "app:app"),
        ("from shop import application\n", "app:application"),
        ("nothing = 1\n", "app:app"),
        ("def broken(:\n", "app:app"),
    ],
)
def test_the_object_is_the_one_that_the_file_has(tmp_path: Path, text: str, target: str) -> None:
    found = find_app(put(tmp_path, {"app.py": text}), OLD)
    assert found is not None
    assert found.target == target


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FLASK, "flask"),
        (FASTAPI, "fastapi"),
        ("import django.core\n", "django"),
        ("from .flask import x\n", None),
        ("flask = 1\n", None),
        ("(", None),
    ],
)
def test_the_framework_is_what_is_imported(text: str, name: str | None) -> None:
    assert framework(text) == name
