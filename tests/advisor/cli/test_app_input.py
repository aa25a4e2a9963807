"""Which app the measuring commands mean, and what they say of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from advisor.cli.app_input import AppInput, read_app
from gunicorn_conf.errors import BadInput

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
PLAIN = "def app(environ, start_response): return []\n"
ASYNC = "class App:\n    async def __call__(self, scope, receive, send): pass\napp = App()\n"


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(app: str | None = None, **given: object) -> AppInput:
    return read_app(app, **{"chdir": None, "python": None, **given})  # type: ignore[arg-type]


def test_the_app_of_the_directory_is_found_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text(FLASK)
    found = read()
    assert (found.target, found.is_asgi, found.is_sample) == ("app:app", False, False)
    assert (found.server.app, found.server.directory, found.server.arguments) == ("app:app", tmp_path, ())
    assert [request.path for request in found.requests] == ["/"]
    assert capsys.readouterr().err == "App app:app: Flask, WSGI, found in app.py\n"


def test_without_any_it_is_the_sample_app_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = read()
    assert (found.is_sample, found.target, found.server.python) == (True, "sample_app:app", sys.executable)
    assert [request.path for request in found.requests] == ["/mixed?ms=3&seconds=0.012"]
    assert "No app is named, and none was found" in capsys.readouterr().err


def test_in_a_directory_that_was_named_there_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    with pytest.raises(BadInput, match="no app was found in shop"):
        read(chdir=Path("shop"))


def test_several_are_listed() -> None:
    Path("app.py").write_text(FLASK)
    Path("server.py").write_text(PLAIN)
    with pytest.raises(BadInput, match="2 apps were found in") as caught:
        read()
    assert caught.value.why == "app:app (found in app.py), server:app (found in server.py)"


def test_on_a_terminal_it_is_asked_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    Path("app.py").write_text(FLASK)
    Path("server.py").write_text(PLAIN)
    monkeypatch.setattr(sys, "stdin", Terminal("3\nserver\n2\n"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert read().target == "server:app"
    assert "  2  server:app, found in server.py\n" in capsys.readouterr().err


def test_a_named_app_is_taken_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text(FLASK)
    Path("api.py").write_text(FASTAPI)
    assert (read("api:app").target, read("api:app").is_asgi) == ("api:app", True)
    assert capsys.readouterr().err == "App api:app: ASGI\n" * 2


def test_a_factory_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text("from flask import Flask\ndef create_app():\n    return Flask('x')\n")
    assert read("app:create_app").target == "app:create_app()"
    assert "app:create_app is a function that makes the app; app:create_app() is measured." in capsys.readouterr().err


@pytest.mark.parametrize(("text", "is_asgi"), [(f"from made import app\n# {ASYNC}", True), (PLAIN, False)])
def test_what_the_source_does_not_tell_the_app_itself_tells(
    text: str, is_asgi: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("made.py").write_text(f"exec({ASYNC!r})\n")
    Path("late.py").write_text(
        "from made import app\n" if is_asgi else "import made\napp = lambda environ, start: []\n"
    )
    assert read("late:app").is_asgi is is_asgi
    assert "importing it once" in capsys.readouterr().err


def test_an_app_that_cannot_be_imported_is_left_to_gunicorn_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    Path("late.py").write_text("import no_such_module\napp = no_such_module.make()\n")
    assert read("late:app").is_asgi is False
    assert capsys.readouterr().err.splitlines()[-1] == "App late:app: taken to be WSGI"


def test_what_configures_gunicorn_does_not_reach_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("app.py").write_text(FLASK)
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    monkeypatch.setenv("SHOP_SECRET", "x")
    environment = read().server.environment
    assert "WEB_CONCURRENCY" not in environment
    assert environment["SHOP_SECRET"] == "x"


def test_the_words_name_the_same_app_again() -> None:
    Path("src").mkdir()
    Path("src/app.py").write_text(FLASK)
    given = {"chdir": Path("src"), "paths": ["/a", "/b=3"], "headers": ["Accept: text/html"]}
    words = ("app:app", "--chdir", "src", "--path", "/a", "--path", "/b=3", "--header", "Accept: text/html")
    assert read(**given).words == words


def test_an_app_that_is_started_elsewhere_is_named_with_its_directory(tmp_path: Path) -> None:
    Path("src").mkdir()
    Path("src/app.py").write_text(FLASK)
    Path("Procfile").write_text("web: gunicorn --chdir src app:app\n")
    found = read()
    assert (found.server.directory, found.words) == (tmp_path / "src", ("app:app", "--chdir", str(tmp_path / "src")))


@pytest.mark.parametrize(
    ("app", "given", "said"),
    [
        ("-x", {}, "'-x' is not an app"),
        ("app.py", {"chdir": Path("gone")}, "cannot be read"),
        (None, {"chdir": Path("gone")}, "cannot be read"),
        ("app:app", {"python": "/no/python"}, "there is no Python at '/no/python'"),
        ("app:app", {"paths": ["no slash"]}, "'no slash' is not a path"),
    ],
)
def test_what_cannot_be_used_is_an_error(app: str | None, given: dict[str, object], said: str) -> None:
    Path("app.py").write_text(FLASK)
    with pytest.raises(BadInput, match=said):
        read(app, **given)
