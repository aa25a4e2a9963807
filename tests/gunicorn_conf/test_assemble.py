"""Files in, subjects out: pairing, precedence, releases, the app's kind, the deployment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.assemble import Circumstances, assemble
from gunicorn_conf.place import Source
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Known, Unknown
from tests.gunicorn_conf.read.readers import effective, subject, subjects

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\n"


# Pairing


@pytest.mark.parametrize(
    ("command_file", "command", "conf_file"),
    [
        ("Procfile", "web: gunicorn -c gunicorn.conf.py a:b", "gunicorn.conf.py"),
        ("Procfile", "web: gunicorn --config=config/web.py a:b", "config/web.py"),
        ("Procfile", "web: gunicorn -c file:gunicorn.conf.py a:b", "gunicorn.conf.py"),
        ("Procfile", "web: gunicorn -c python:app.gunicorn_conf a:b", "app/gunicorn_conf.py"),
        ("Procfile", "web: gunicorn a:b", "gunicorn.conf.py"),
        ("Dockerfile", DOCKERFILE + "CMD gunicorn -c /app/gunicorn.conf.py a:b", "gunicorn.conf.py"),
        ("docker/Dockerfile", DOCKERFILE + "CMD gunicorn -c /etc/gunicorn/conf.py a:b", "docker/gunicorn/conf.py"),
        ("docker/Dockerfile", DOCKERFILE + "CMD gunicorn -c gunicorn_conf.py a:b", "src/gunicorn_conf.py"),
        ("docker/Dockerfile", DOCKERFILE + "CMD gunicorn a:b", "gunicorn.conf.py"),
        ("start.sh", "cd src && gunicorn a:b", "src/gunicorn.conf.py"),
        ("start.sh", "cd /app/src && gunicorn -c gunicorn.conf.py a:b", "src/gunicorn.conf.py"),
        (
            "app.service",
            "[Service]\nWorkingDirectory=/srv/app\nExecStart=/x/gunicorn -c /srv/app/conf.py a:b",
            "conf.py",
        ),
        ("Procfile", "web: GUNICORN_CMD_ARGS='-c other.py' gunicorn a:b", "other.py"),
        ("Procfile", "web: GUNICORN_CMD_ARGS='-c other.py' gunicorn -c mine.py a:b", "mine.py"),
    ],
)
def test_a_command_is_paired_with_the_file_that_it_loads(command_file: str, command: str, conf_file: str) -> None:
    files = {command_file: command, conf_file: "workers = 7\n"}
    found = subject(files)
    assert found.conf is not None
    assert found.conf.path == conf_file
    assert found.config.value("workers") == Known(value=7)
    assert found.command is not None


def test_of_two_files_the_nearer_one_is_loaded() -> None:
    files = {
        "a/Procfile": "web: gunicorn -c gunicorn.conf.py x:y",
        "a/gunicorn.conf.py": "workers = 1\n",
        "b/Procfile": "web: gunicorn -c gunicorn.conf.py x:y",
        "b/gunicorn.conf.py": "workers = 2\n",
    }
    assert [effective(one)["workers"] for one in subjects(files)] == [1, 2]


def test_chdir_does_not_change_where_the_default_file_is_looked_up() -> None:
    with_command, alone = subjects(
        {"Procfile": "web: gunicorn --chdir src a:b", "src/gunicorn.conf.py": "workers = 7\n"}
    )
    assert (with_command.conf, alone.command) == (None, None)


def test_a_file_that_is_named_and_not_at_hand_leaves_settings_unknown() -> None:
    found = subject({"start.sh": "exec gunicorn -c missing.py -t 30 a:b"})
    assert found.config.value("workers") == Unknown(why="missing.py is not at hand")
    assert found.config.value("timeout") == Known(value=30)


def test_options_in_a_variable_leave_settings_unknown() -> None:
    found = subject({"start.sh": "exec gunicorn $OPTS a:b"})
    assert found.config.value("workers") == Unknown(why="$OPTS may hold further options")


def test_without_anything_undecided_the_default_holds() -> None:
    assert subject({"start.sh": "exec gunicorn a:b"}).config.value("workers") == Known(value=1)


def test_a_file_that_no_command_names_is_a_subject_alone() -> None:
    found = subjects(
        {"Procfile": "web: gunicorn -c one.py a:b", "one.py": "workers = 1\n", "gunicorn.conf.py": "workers = 2\n"}
    )
    assert [(one.command is not None, one.conf.path if one.conf else None) for one in found] == [
        (True, "one.py"),
        (False, "gunicorn.conf.py"),
    ]


def test_a_file_that_does_not_parse_leaves_settings_unknown() -> None:
    found = subject({"gunicorn.conf.py": "workers = {{ workers }\n"})
    assert found.conf is not None
    assert found.conf.problem is not None
    assert isinstance(found.config.value("workers"), Unknown)


def test_precedence_is_gunicorns() -> None:
    files = {
        "start.sh": "export WEB_CONCURRENCY=1 GUNICORN_CMD_ARGS='-w 3'\nexec gunicorn -c gunicorn.conf.py -w 4 a:b",
        "gunicorn.conf.py": "workers = 2\n",
    }
    found = subject(files).config.all("workers")
    assert [(one.source, one.value) for one in found] == [
        (Source.VARIABLE, Known(value=1)),
        (Source.FILE, Known(value=2)),
        (Source.CMD_ARGS, Known(value=3)),
        (Source.COMMAND_LINE, Known(value=4)),
    ]


def test_given_variables_reach_the_file_the_command_and_gunicorn() -> None:
    files = {"gunicorn.conf.py": "import os\ntimeout = int(os.environ.get('T', '30'))\n"}
    found = subject(files, {"T": "9", "WEB_CONCURRENCY": "3", "GUNICORN_CMD_ARGS": "-k gthread"})
    assert found.config.value("timeout") == Known(value=9)
    assert found.config.value("workers") == Known(value=3)


def test_an_app_in_cmd_args_is_a_problem() -> None:
    found = subject({"Procfile": "web: GUNICORN_CMD_ARGS='-w 3 a:b' gunicorn"})
    assert found.command is not None
    assert [one.kind for one in found.command.problems] == ["app-in-variable"]


def test_a_module_beside_gives_constants() -> None:
    files = {"gunicorn.conf.py": "from limits import N\nworkers = N\n", "limits.py": "N = 5\n"}
    assert subject(files).config.value("workers") == Known(value=5)


# Releases and requirements


@pytest.mark.parametrize(
    ("name", "text", "release", "source"),
    [
        ("requirements.txt", "gunicorn==21.2.0\n", "21.2.0", "pinned in requirements.txt"),
        (
            "requirements.txt",
            "Gunicorn[gevent] == 21.2.0 ; python_version > '3.8'  # why\n",
            "21.2.0",
            "pinned in requirements.txt",
        ),
        (
            "requirements.txt",
            "gunicorn>=20,<22\n",
            "21.2.0",
            "the newest known that fits gunicorn>=20,<22 in requirements.txt",
        ),
        (
            "requirements.txt",
            "gunicorn~=22.0\n",
            "22.0.0",
            "the newest known that fits gunicorn~=22.0 in requirements.txt",
        ),
        (
            "requirements.txt",
            "gunicorn==23.*\n",
            "23.0.0",
            "the newest known that fits gunicorn==23.* in requirements.txt",
        ),
        ("requirements.txt", "gunicorn\n", str(NEWEST_KNOWN), "the newest known; requirements.txt names no version"),
        (
            "requirements/production.txt",
            "gunicorn==22.0.0 \\\n    --hash=sha256:00\n",
            "22.0.0",
            "pinned in requirements/production.txt",
        ),
        ("requirements.txt", "flask\n", str(NEWEST_KNOWN), "the newest known; no requirements name one"),
        ("poetry.lock", '[[package]]\nname = "gunicorn"\nversion = "20.1.0"\n', "20.1.0", "pinned in poetry.lock"),
        (
            "uv.lock",
            'version = 1\n\n[[package]]\nname = "gunicorn"\nversion = "23.0.0"\nsource = {}\n',
            "23.0.0",
            "pinned in uv.lock",
        ),
        ("Pipfile.lock", '{"default": {"gunicorn": {"version": "==22.0.0"}}}', "22.0.0", "pinned in Pipfile.lock"),
        ("pyproject.toml", '[project]\ndependencies = ["gunicorn==25.1.0"]\n', "25.1.0", "pinned in pyproject.toml"),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\ngunicorn = "^21.2"\n',
            "21.2.0",
            "the newest known that fits gunicorn>=21.2,<22 in pyproject.toml",
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\ngunicorn = {version = "22.0.0", extras = ["gevent"]}\n',
            "22.0.0",
            "pinned in pyproject.toml",
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    flask\n    gunicorn==22.0.0\n",
            "22.0.0",
            "pinned in setup.cfg",
        ),
        ("pyproject.toml", "not toml [", str(NEWEST_KNOWN), "the newest known; no requirements name one"),
    ],
)
def test_the_release_in_use(name: str, text: str, release: str, source: str) -> None:
    found = subject({"Procfile": "web: gunicorn a:b", name: text})
    assert (str(found.release), found.release_source) == (release, source)


def test_a_lock_is_worth_more_than_a_declaration() -> None:
    files = {
        "Procfile": "web: gunicorn a:b",
        "pyproject.toml": '[project]\ndependencies = ["gunicorn>=20"]\n',
        "uv.lock": '[[package]]\nname = "gunicorn"\nversion = "22.0.0"\n',
    }
    assert subject(files).release == Release(22)


def test_the_nearest_requirements_count() -> None:
    files = {
        "a/Procfile": "web: gunicorn a:b",
        "a/requirements.txt": "gunicorn==21.2.0\n",
        "b/Procfile": "web: gunicorn a:b",
        "requirements.txt": "gunicorn==22.0.0\n",
    }
    assert [one.release for one in subjects(files)] == [Release(21, 2), Release(22)]


def test_what_is_declared_beside_gunicorn() -> None:
    found = subject(
        {"gunicorn.conf.py": "", "requirements.txt": "-r base.txt\ngunicorn[gevent]==22.0.0\nFlask_Login==1.0\n"}
    )
    assert found.requirements is not None
    assert dict(found.requirements.packages) == {"gunicorn": "22.0.0", "gevent": None, "flask-login": "1.0"}


def test_a_release_that_is_given_wins() -> None:
    sources = [
        SourceFile(path="gunicorn.conf.py", text=""),
        SourceFile(path="requirements.txt", text="gunicorn==22.0.0"),
    ]
    (found,) = assemble(sources, Circumstances(release=Release(23)))
    assert (found.release, found.release_source) == (Release(23), "given")


def test_a_setting_that_the_release_does_not_know_is_not_in_effect() -> None:
    found = subject({"gunicorn.conf.py": "http_parser = 'fast'\n", "requirements.txt": "gunicorn==22.0.0"})
    assert found.config.get("http_parser") is None
    assert found.conf is not None
    assert found.conf.name("http_parser") is not None


# The app's kind


@pytest.mark.parametrize(
    ("target", "source", "kind"),
    [
        ("main:app", "from fastapi import FastAPI\napp = FastAPI()\n", "asgi"),
        ("main:app", "import fastapi as f\napp: f.FastAPI = f.FastAPI()\n", "asgi"),
        ("main:app", "from flask import Flask\napp = Flask(__name__)\n", "wsgi"),
        ("main:app", "from quart import Quart\nif True:\n    app = Quart(__name__)\n", "asgi"),
        ("main", "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n", "wsgi"),
        (
            "main:application",
            "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
            "asgi",
        ),
        ("main:app", "def app(environ, start_response):\n    return []\n", "wsgi"),
        ("main:app", "async def app(scope, receive, send):\n    pass\n", "asgi"),
        ("main:create_app", "from flask import Flask\ndef create_app():\n    return Flask('x')\n", "factory"),
        ("main:create_app", "def create_app(config=None):\n    return x\n", "factory"),
        (
            "main:create_app()",
            "from flask import Flask\ndef create_app():\n    app = Flask('x')\n    return app\n",
            "wsgi",
        ),
        ("main:app", "from flask import Flask\ndef create():\n    return Flask('x')\napp = create()\n", "wsgi"),
        (
            "main:app",
            "from flask import Flask\nfrom whitenoise import WhiteNoise\napp = WhiteNoise(Flask('x'))\n",
            "wsgi",
        ),
        (
            "main:app",
            "from asgiref.wsgi import WsgiToAsgi\nfrom flask import Flask\napp = WsgiToAsgi(Flask('x'))\n",
            "asgi",
        ),
        ("main:app", "from somewhere import app\n", None),
        ("main:app", "app = object()\n", None),
        ("main:app", "app = app\n", None),
        ("main:app", "this is no python", None),
        ("main:other", "app = 1\n", None),
        ("elsewhere:app", "from flask import Flask\napp = Flask('x')\n", None),
    ],
)
def test_the_kind_of_the_app(target: str, source: str, kind: str | None) -> None:
    found = subject({"Procfile": f"web: gunicorn '{target}'", "main.py": source})
    assert found.app_kind == kind


def test_an_app_that_is_imported_is_followed() -> None:
    files = {
        "Procfile": "web: gunicorn wsgi:app",
        "wsgi.py": "from shop.web import app\n",
        "shop/web.py": "from .factory import create\napp = 1\n",
        "shop/factory.py": "",
    }
    assert subject(files).app_kind is None
    files["shop/web.py"] = "from .core import app\n"
    files["shop/core.py"] = "from flask import Flask\napp = Flask('x')\n"
    assert subject(files).app_kind == "wsgi"


def test_the_app_may_be_named_by_the_file() -> None:
    files = {"gunicorn.conf.py": "wsgi_app = 'main:app'\n", "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}
    assert subject(files).app_kind == "asgi"


# The deployment


def test_what_is_given_of_the_deployment_wins() -> None:
    sources = [SourceFile(path="Dockerfile", text=DOCKERFILE + "USER app\nCMD gunicorn a:b")]
    given_here = Deployment(root=True, memory_bytes=1, sources={"root": "given"})
    (found,) = assemble(sources, Circumstances(deployment=given_here))
    assert (found.deployment.root, found.deployment.memory_bytes, found.deployment.container) == (True, 1, True)
    assert found.deployment.sources["root"] == "given"


def test_the_platform_brings_its_promises() -> None:
    sources = [SourceFile(path="gunicorn.conf.py", text="")]
    (found,) = assemble(sources, Circumstances(deployment=Deployment(platform="heroku")))
    assert (found.deployment.container, found.deployment.proxy) == (True, True)
    assert found.deployment.stop_window_seconds is not None
    assert "Heroku" in found.deployment.sources["stop_window_seconds"]


@pytest.mark.parametrize(
    ("name", "text", "proxy"),
    [
        ("nginx.conf", "location / { proxy_pass http://app; }", True),
        ("conf/nginx/nginx.conf", "http { }", None),
        ("Caddyfile", "example.com {\n  reverse_proxy app:8000\n}", True),
    ],
)
def test_a_proxy_beside(name: str, text: str, proxy: bool | None) -> None:
    assert subject({"gunicorn.conf.py": "", name: text}).deployment.proxy is proxy


def test_a_script_that_chooses_among_files_loads_the_one_at_hand() -> None:
    script = (
        "if [ -f /app/gunicorn_conf.py ]; then\n  CONF=/app/gunicorn_conf.py\nelse\n  CONF=/other/default_conf.py\nfi\n"
        'exec gunicorn -c "$CONF" a:b\n'
    )
    found = subject({"start.sh": script, "docker/default_conf.py": "workers = 7\n"})
    assert found.conf is not None
    assert found.config.value("workers") == Known(value=7)


def test_a_file_that_is_context_is_judged_only_with_the_command_that_loads_it() -> None:
    conf = SourceFile(path="gunicorn.conf.py", text="workers = 7\n", is_context=True)
    other = SourceFile(path="other.gunicorn.py", text="workers = 8\n", is_context=True)
    (found,) = assemble([SourceFile(path="start.sh", text="exec gunicorn a:b\n"), conf, other])
    assert found.conf is not None
    assert found.conf.path == "gunicorn.conf.py"


def test_a_file_that_takes_all_names_of_another_leaves_settings_unknown() -> None:
    found = subject({"start.sh": "exec gunicorn a:b\n", "gunicorn.conf.py": "from elsewhere import *\n"})
    assert isinstance(found.config.value("workers"), Unknown)
    assert found.config.undecided is not None


def test_a_file_that_could_not_be_read_leaves_settings_unknown_and_says_why() -> None:
    files = [
        SourceFile(path="start.sh", text="exec gunicorn a:b\n"),
        SourceFile(path="gunicorn.conf.py", text="", problem="Permission denied"),
    ]
    (found,) = assemble(files)
    assert found.conf is not None
    assert found.conf.problem == "Permission denied"
    assert isinstance(found.config.value("workers"), Unknown)


def test_a_script_that_is_too_large_to_be_read_is_a_subject_of_its_own() -> None:
    found = subject({"start.sh": "echo hello\n" * 5_000 + "exec gunicorn a:b\n"})
    assert found.unread is not None
    assert "no more than 40,960 are read" in found.unread.why
    assert found.place == found.unread.place


def test_nothing_in_nothing_out() -> None:
    assert assemble([]) == ()


@given(
    st.dictionaries(
        st.sampled_from(
            ["gunicorn.conf.py", "pyproject.toml", "requirements.txt", "poetry.lock", "Pipfile.lock", "a.py", "x.yml"]
        ),
        st.text(max_size=80),
    )
)
def test_any_files_are_assembled(files: dict[str, str]) -> None:
    subjects({**files, "Procfile": "web: gunicorn a:b"})
