"""What the app's own Python says, whatever the app does while it is imported."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.measure.profile.ask_app import Interface, ask_interface, has_module

WSGI = "def app(environ, start_response): return []\n"
ASGI = "async def app(scope, receive, send): pass\n"
APPS = [
    (WSGI, "app:app", False),
    (ASGI, "app:app", True),
    ("class App:\n    async def __call__(self, scope, receive, send): pass\napp = App()\n", "app:app", True),
    ("class App:\n    def __call__(self, environ, start_response): return []\napp = App()\n", "app:app", False),
    ("class App:\n    def __call__(self, scope, receive, send): return 1\napp = App()\n", "app:app", True),
    ("class App:\n    def __init__(self, scope): pass\n    def __await__(self): yield\n", "app:App", True),
    ("class Made:\n    def wsgi(self, environ, start_response): return []\napplication = Made().wsgi\n", "app", False),
    (
        "def make(name, *, kind='x'):\n    async def app(scope, receive, send): pass\n    return app\n",
        "app:make('a')",
        True,
    ),
    ("print('x' * 100_000)\nimport sys; sys.stdout.close()\n" + WSGI, "app:app", False),
]


def ask(directory: Path, text: str, target: str = "app:app", timeout_seconds: float = 60.0) -> Interface:
    (directory / "app.py").write_text(text)
    return ask_interface(sys.executable, target, directory, os.environ, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize(("text", "target", "asgi"), APPS)
def test_the_interface_is_told_by_the_app_itself(text: str, target: str, asgi: bool, tmp_path: Path) -> None:
    assert ask(tmp_path, text, target) == Interface(asgi=asgi)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("import os\nos.environ['SHOP_SECRET']\n", "KeyError: 'SHOP_SECRET'"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("import os\nos._exit(3)\n", "importing it ended the process"),
        ("app = 3\n", "AppImportError: Application object must be callable."),
    ],
)
def test_an_app_that_cannot_be_imported_says_why(text: str, problem: str, tmp_path: Path) -> None:
    assert ask(tmp_path, text) == Interface(asgi=None, problem=problem)


class Held:
    """A named pipe that the app opens; it tells when all processes that have it open are gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.opening = f"import os, time\nheld = open({str(path)!r}, 'wb')\nheld.write(b'x')\nheld.flush()\n"
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def opened_and_let_go(self) -> bool:
        """Whether it was opened, and is let go by all within a few seconds."""
        seen = b""
        while select.select([self.reader], [], [], 10.0)[0]:
            data = os.read(self.reader, 10)
            if not data:
                return seen == b"x"
            seen += data
        return False


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    made = Held(tmp_path / "held")
    yield made
    os.close(made.reader)


def test_an_import_that_never_ends_is_ended(tmp_path: Path, held: Held) -> None:
    answer = ask(tmp_path, f"{held.opening}time.sleep(600)\n", timeout_seconds=2.0)
    assert answer == Interface(asgi=None, problem="it was not imported within 2 s")
    assert held.opened_and_let_go()


def test_children_that_the_app_starts_are_ended_with_it(tmp_path: Path, held: Held) -> None:
    assert ask(tmp_path, f"{held.opening}if os.fork() == 0:\n    time.sleep(600)\n{WSGI}") == Interface(asgi=False)
    assert held.opened_and_let_go()


def test_children_in_a_session_of_their_own_are_ended_with_it(tmp_path: Path, held: Held) -> None:
    child = "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n"
    assert ask(tmp_path, f"{held.opening}{child}{WSGI}") == Interface(asgi=False)
    assert held.opened_and_let_go()


def test_a_python_that_is_none_says_so(tmp_path: Path) -> None:
    answer = ask_interface("/no/python", "app:app", tmp_path, os.environ)
    assert answer == Interface(asgi=None, problem="/no/python cannot be run: it is not an executable file")


def test_what_is_installed_is_told_without_importing_it() -> None:
    assert has_module(sys.executable, "gunicorn")
    assert not has_module(sys.executable, "no_such_module")
    assert not has_module("/no/python", "gunicorn")
