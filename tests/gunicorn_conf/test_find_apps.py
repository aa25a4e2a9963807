"""Which apps a directory holds, told from its files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gunicorn_conf.assemble.find_apps import find_apps, target_kind

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FACTORY = "from flask import Flask\ndef create_app(config=None):\n    made = Flask(__name__)\n    return made\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
DJANGO = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
DJANGO_ASGI = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
PLAIN = "def application(environ, start_response):\n    return []\n"


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


ONE_APP = [
    ({"app.py": FLASK}, "app:app", "wsgi", "flask", "found in app.py"),
    ({"application.py": PLAIN}, "application:application", "wsgi", None, "found in application.py"),
    ({"main.py": FASTAPI}, "main:app", "asgi", "fastapi", "found in main.py"),
    ({"shop.py": "from flask import Flask\nserver = Flask('x')\n"}, "shop:server", "wsgi", "flask", "found in shop.py"),
    ({"app.py": FACTORY}, "app:create_app()", "wsgi", "flask", "found in app.py"),
    ({"app.py": "from lib import make\napp = make()\n"}, "app:app", None, None, "found in app.py"),
    (
        {"manage.py": "", "shop/__init__.py": "", "shop/wsgi.py": DJANGO, "shop/asgi.py": DJANGO_ASGI},
        "shop.wsgi:application",
        "wsgi",
        "django",
        "found in shop/wsgi.py",
    ),
    ({"shop/asgi.py": DJANGO_ASGI}, "shop.asgi:application", "asgi", "django", "found in shop/asgi.py"),
    ({"shop/__init__.py": FACTORY}, "shop:create_app()", "wsgi", "flask", "found in shop/__init__.py"),
    ({"app/__init__.py": "", "app/main.py": FASTAPI}, "app.main:app", "asgi", "fastapi", "found in app/main.py"),
    # the same app under two names
    ({"app.py": FLASK, "wsgi.py": "from app import app as application\n"}, "app:app", "wsgi", "flask", None),
    (
        {"app.py": FACTORY, "wsgi.py": "from app import create_app\napp = create_app()\n"},
        "wsgi:app",
        "wsgi",
        None,
        None,
    ),
    (
        {"shop/__init__.py": FACTORY, "run.py": "from shop import create_app\napp = create_app()\n"},
        "run:app",
        "wsgi",
        None,
        None,
    ),
    # what is certain wins over what only has a usual name
    ({"app.py": "app = typer.Typer()\n", "server.py": FLASK}, "server:app", "wsgi", "flask", None),
    # what a file starts wins over what lies about
    ({"Procfile": "web: gunicorn shop:app\n", "shop.py": FLASK, "app.py": FLASK}, "shop:app", "wsgi", "flask", None),
    (
        {"gunicorn.conf.py": "wsgi_app = 'shop:app'\n", "shop.py": FLASK, "app.py": FLASK},
        "shop:app",
        "wsgi",
        "flask",
        "named in gunicorn.conf.py",
    ),
    (
        {
            "Dockerfile": "FROM python\nCMD gunicorn -k uvicorn.workers.UvicornWorker main:app\n",
            "main.py": "app = f()\n",
        },
        "main:app",
        "asgi",
        None,
        "named in Dockerfile",
    ),
    ({"Procfile": "web: gunicorn gone:app\n", "app.py": FLASK}, "app:app", "wsgi", "flask", "found in app.py"),
    ({"Procfile": "web: gunicorn 'app:create_app()'\n", "app.py": FACTORY}, "app:create_app()", "wsgi", "flask", None),
]


@pytest.mark.parametrize(("files", "target", "kind", "framework", "where"), ONE_APP)
def test_the_one_app_of_a_directory_is_found(
    files: dict[str, str], target: str, kind: str | None, framework: str | None, where: str | None, tmp_path: Path
) -> None:
    (found,) = find_apps(write(tmp_path, files))
    assert (found.target, found.kind, found.framework) == (target, kind, framework)
    assert where is None or found.where == where


def test_a_command_that_goes_elsewhere_first_names_the_app_there(tmp_path: Path) -> None:
    (found,) = find_apps(write(tmp_path, {"Procfile": "web: gunicorn --chdir src shop:app\n", "src/shop.py": FLASK}))
    assert (found.target, found.kind, found.directory) == ("shop:app", "wsgi", tmp_path / "src")


SEVERAL = [
    ({"app.py": FLASK, "server.py": PLAIN}, ["app:app", "server:application"]),
    ({"one/wsgi.py": DJANGO, "two/wsgi.py": DJANGO}, ["one.wsgi:application", "two.wsgi:application"]),
    ({"Procfile": "web: gunicorn a:app\napi: gunicorn b:app\n", "a.py": FLASK, "b.py": FASTAPI}, ["a:app", "b:app"]),
    ({"app.py": "from flask import Flask\none = Flask('1')\ntwo = Flask('2')\n"}, ["app:one", "app:two"]),
]


@pytest.mark.parametrize(("files", "targets"), SEVERAL)
def test_different_apps_are_all_listed(files: dict[str, str], targets: list[str], tmp_path: Path) -> None:
    assert [app.target for app in find_apps(write(tmp_path, files))] == targets


NONE = [
    {},
    {"setup.py": "from setuptools import setup\napp = 1\n"},
    {"tests/app.py": FLASK, "venv/app.py": FLASK},
    {"notes.py": "app = 3\n"},
    {"broken.py": "def\n"},
    {"conftest.py": FLASK},
]


@pytest.mark.parametrize("files", NONE)
def test_where_there_is_no_app_none_is_found(files: dict[str, str], tmp_path: Path) -> None:
    assert find_apps(write(tmp_path, files)) == ()


def test_nothing_is_executed(tmp_path: Path) -> None:
    find_apps(write(tmp_path, {"app.py": f"open({str(tmp_path / 'seen')!r}, 'w')\n{FLASK}"}))
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("app:app", "wsgi"),
        ("app:create_app", "factory"),
        ("app:create_app()", "wsgi"),
        ("api", None),
        ("api:app", "asgi"),
        ("shop.wsgi", "wsgi"),
        ("gone:app", None),
        ("late:app", "wsgi"),
    ],
)
def test_the_interface_of_a_named_app_is_told_by_its_source(target: str, kind: str | None, tmp_path: Path) -> None:
    files = {
        "app.py": FLASK + FACTORY,
        "api.py": FASTAPI,
        "shop/wsgi.py": DJANGO,
        "late.py": "from app import create_app\napp = create_app()\n",
    }
    assert target_kind(target, write(tmp_path, files)) == kind


def test_a_directory_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        find_apps(tmp_path / "gone")


def test_a_directory_that_others_keep_to_themselves_hides_no_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"app.py": FLASK, "lost+found/keep": ""})
    really = Path.is_file

    def is_file(path: Path) -> bool:
        if "lost+found" in path.parts:
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert [app.target for app in find_apps(tmp_path)] == ["app:app"]
