"""A server from the user's own file: its values, what cannot be told, and what the command line must add."""

from __future__ import annotations

import pytest

from gunicorn_conf.config import Config
from gunicorn_conf.platforms import platform
from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.release import Release
from gunicorn_conf.write.existing import Existing, existing_server, follows_web_concurrency, runs_asgi
from gunicorn_conf.write.startup import App, AppKind

APP = App(target="app:app", kind=AppKind.WSGI, framework=None, source="given by the test")
COMPLETE = (
    'bind = "0.0.0.0:9000"\ntimeout = 90\ngraceful_timeout = 8\nworker_tmp_dir = "/dev/shm"\naccesslog = "-"\n'
    "control_socket_disable = True\n"
)


def config(text: str, release: str = "27.0.1") -> Config:
    return Config(release=Release.parse(release), assigned=read_conf("gunicorn.conf.py", text)[1])


def existing(text: str, place: str = "app-service", release: str = "27.0.1", cpus: float | None = 2.0) -> Existing:
    return existing_server(
        name="shop",
        app=APP,
        text=text,
        config=config(text, release),
        place=platform(place),
        cpus=cpus,
        memory_bytes=None,
    )


def test_a_complete_file_adds_nothing() -> None:
    found = existing(COMPLETE + 'workers = 3\nworker_class = "gthread"\nthreads = 4\n')
    server = found.server
    assert (server.workers, server.threads, server.worker_class, server.bind_port) == (3, 4, "gthread", 9000)
    assert (server.timeout_seconds, server.graceful_timeout_seconds, server.keepalive_seconds) == (90, 8, 2)
    assert (server.flags, found.unknown, server.conf) == ((), (), COMPLETE + server.conf[len(COMPLETE) :])


@pytest.mark.parametrize(
    ("place", "release", "flags"),
    [
        (
            "app-service",
            "27.0.1",
            ("--timeout", "240", "--graceful-timeout", "4", "--access-logfile", "-", "--no-control-socket"),
        ),
        ("app-service", "23.0.0", ("--timeout", "240", "--graceful-timeout", "4", "--access-logfile", "-")),
        ("docker", "23.0.0", ("--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-")),
        ("heroku", "23.0.0", ("--timeout", "40", "--graceful-timeout", "25", "--access-logfile", "-")),
        ("bare", "27.0.1", ("--bind", "127.0.0.1:8000", "--timeout", "70", "--graceful-timeout", "70")),
        ("cloud-run", "23.0.0", ("--timeout", "0", "--graceful-timeout", "8", "--access-logfile", "-")),
    ],
)
def test_what_an_empty_file_leaves_out_is_given_on_the_command_line(
    place: str, release: str, flags: tuple[str, ...]
) -> None:
    server = existing("", place, release).server
    assert server.flags == flags
    given = dict(zip(flags[::2], flags[1::2], strict=False))
    assert str(server.timeout_seconds) == given.get("--timeout", "30")  # platforms agree with what really holds
    assert str(server.graceful_timeout_seconds) == given.get("--graceful-timeout", "30")
    assert server.arguments("c.py") == ("-c", "c.py", *flags, "app:app")


def test_a_value_of_the_file_is_never_overruled() -> None:
    text = 'timeout = 5\ngraceful_timeout = 30\naccesslog = None\ncontrol_socket = "/tmp/x"\nbind = "127.0.0.1:1"\n'
    assert existing(text).server.flags == ()


def test_a_number_that_follows_the_cpus_is_what_it_is_here() -> None:
    text = "import os\nworkers = os.cpu_count() * 2 + 1\n"
    assert existing(text, cpus=4.0).server.workers == 9
    assert existing(text, cpus=4.0).unknown == ()
    assert existing(text, cpus=None).server.workers == 1
    assert "workers cannot be told" in existing(text, cpus=None).unknown[0]


def test_what_cannot_be_told_is_said() -> None:
    found = existing("import shop\nbind = shop.address\nthreads = shop.threads\n")
    assert (found.server.threads, found.server.bind_port) == (1, 8000)
    assert len(found.unknown) == 2


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("", True),
        ("workers = 4\n", False),
        ('import os\nworkers = int(os.environ.get("WEB_CONCURRENCY", 4))\n', True),
    ],
)
def test_whether_web_concurrency_counts(text: str, follows: bool) -> None:
    assert follows_web_concurrency(config(text)) is follows


@pytest.mark.parametrize(
    ("name", "asgi"), [("uvicorn_worker.UvicornWorker", True), ("asgi", True), ("gthread", False), ("sync", False)]
)
def test_the_worker_class_tells_the_interface(name: str, asgi: bool) -> None:
    assert runs_asgi(config(f'worker_class = "{name}"\n')) is asgi


def test_a_target_that_looks_like_an_option_stands_behind_two_dashes() -> None:
    app = App(target="-x:app", kind=AppKind.WSGI, framework=None, source="given by the test")
    server = existing_server(
        name="x", app=app, text="", config=config(COMPLETE), place=platform("docker"), cpus=1.0, memory_bytes=None
    ).server
    assert server.arguments("c.py") == ("-c", "c.py", "--", "-x:app")
