"""What the startup files of several platforms share: the command, the file, the time to stop, the health check."""

from __future__ import annotations

import math

from gunicorn_conf.platforms import platform
from gunicorn_conf.release import Release
from gunicorn_conf.write.conf_py import quoted
from gunicorn_conf.write.quote import LONGEST_NAME, slug
from gunicorn_conf.write.startup import CONF_NAME, Options, OutFile, Server, Step

# gunicorn/config.py, GracefulTimeout.
_DEFAULT_GRACEFUL_SECONDS = 30
# From the last worker's end to the arbiter's: on_exit, the pidfile, the sockets. Rule GC309 wants as much.
_LEAST_MARGIN_SECONDS = 2
_MARGIN_SECONDS = 5
# gunicorn/arbiter.py, reload: "wait for old workers to terminate to prevent double SIGTERM", in 24.1.1 and later.
_RELOAD_WAITS_SINCE = Release(24, 1)
# The longest that a health check waits; a probe that takes longer says that every slot is busy.
HEALTH_TIMEOUT_SECONDS = 5
_MIB = 1024**2
# Packages that a worker class needs, by the beginning of its name; Gunicorn brings none of them along.
_PACKAGES = (
    ("gevent", "gevent"),
    ("eventlet", "eventlet"),
    ("tornado", "tornado"),
    ("uvicorn.workers.", "uvicorn"),
    ("uvicorn_worker.", "uvicorn-worker"),
    ("aiohttp.", "aiohttp"),
)


def name_of(server: Server) -> str:
    """The server's name as every platform takes it."""
    return slug(server.name)


def name_notes(server: Server) -> tuple[str, ...]:
    """What to tell of the name where it had to be changed."""
    name = name_of(server)
    if name == server.name:
        return ()
    if f"{server.name}-app" == name:
        return (f"It is called {name} here: {server.name} alone is too short for Docker, or taken by the system.",)
    return (f"It is called {name} here: names have up to {LONGEST_NAME} lower-case letters, digits and hyphens.",)


def conf_file(server: Server) -> OutFile:
    """The configuration, beside the other files."""
    return OutFile(path=CONF_NAME, text=server.conf)


def command(server: Server, *, program: str = "gunicorn", conf: str = CONF_NAME) -> tuple[str, ...]:
    """The words that start Gunicorn: every setting is in the file that ``-c`` names."""
    return (program, *server.arguments(conf))


def slots(server: Server) -> int:
    """How many requests are worked on at once."""
    return server.workers * server.threads


def is_threaded(server: Server) -> bool:
    """Whether the slots are threads; an event loop has no such bound."""
    return server.worker_class in ("sync", "gthread", "gunicorn.workers.ggthread.ThreadWorker")


def graceful_seconds(server: Server) -> int:
    """How long running requests get when Gunicorn stops."""
    found = server.graceful_timeout_seconds
    return _DEFAULT_GRACEFUL_SECONDS if found is None else found


def stop_seconds(server: Server, *, usual: int | None = None) -> int:
    """How long whoever stops Gunicorn must wait before it kills; the usual time where that is enough."""
    graceful = graceful_seconds(server)
    if usual is not None and graceful + _LEAST_MARGIN_SECONDS <= usual:
        return usual
    return graceful + _MARGIN_SECONDS


def usual_stop_seconds(name: str) -> int | None:
    """The platform's own time from SIGTERM to SIGKILL."""
    window = platform(name).stop_window_seconds
    return None if window is None else window.value


def mebibytes(size_bytes: int) -> int:
    """Whole mebibytes, rounded up."""
    return math.ceil(size_bytes / _MIB)


def number(value: float) -> str:
    """A number of CPUs: ``2``, ``0.5``."""
    return repr(round(value, 3)).removesuffix(".0")


def sum_of_memory(server: Server) -> int | None:
    """The memory that a limit must allow: what the configuration was made for, else what the app is thought to need."""
    return server.memory_bytes if server.memory_bytes is not None else server.needed_memory_bytes


def health_check(server: Server, options: Options) -> tuple[str, ...]:
    """A command for a container's health check, in Python, for slim images have no curl.

    With a path it asks for it; without one it only connects.
    """
    port = f"int(os.environ.get('PORT') or {server.bind_port})"
    if options.health_path is None:
        program = (
            f"import os, socket; socket.create_connection(('127.0.0.1', {port}), {HEALTH_TIMEOUT_SECONDS}).close()"
        )
    else:
        path = quoted(health_path(options.health_path))
        program = (
            f"import os, urllib.request as r; port = {port}; "
            f"r.urlopen(f'http://127.0.0.1:{{port}}' + {path}, timeout={HEALTH_TIMEOUT_SECONDS})"
        )
    return ("python", "-c", program)


def health_path(given: str) -> str:
    """The path as it goes over the wire: it begins with a slash, and holds nothing that ends a line or a word."""
    from urllib.parse import quote

    return quote(given if given.startswith("/") else f"/{given}", safe="/?&=%:,;@+~!*().-_")


def health_notes(server: Server, options: Options) -> tuple[str, ...]:
    """What a user should know of the health check."""
    if options.health_path is None:
        return (
            (
                "The health check only connects, for no path was given (--health-path): the kernel accepts a "
                "connection even when every worker hangs."
            ),
        )
    if server.app.framework == "django":
        return (
            (
                "Django answers 400 to the health check unless ALLOWED_HOSTS holds the host that it is asked by: "
                "127.0.0.1, or the address of the container."
            ),
        )
    return ()


def requirements_step(server: Server) -> Step:
    """What must be installed beside the app."""
    package = next((package for start, package in _PACKAGES if server.worker_class.startswith(start)), None)
    needed = f"gunicorn=={server.release}"
    return Step(
        title="Have these in requirements.txt",
        text=f"{needed}, the release that the configuration was made for"
        + (f", and {package}, which the {server.worker_class} worker needs." if package else "."),
    )


def reload_notes(server: Server) -> tuple[str, ...]:
    """What a reload does to a stop that follows it at once."""
    if server.release < _RELOAD_WAITS_SINCE:
        return ()
    return (
        (
            f"A stop during a reload waits until the former workers have finished, up to {graceful_seconds(server)} s "
            "more: since 24.1 Gunicorn looks at no other signal meanwhile."
        ),
    )


def trusted_proxy_note(who: str) -> str:
    """Why the app sees http behind a front end that ends TLS, and what to do."""
    return (
        f"Behind {who} the app sees http and the front end's address, for Gunicorn trusts X-Forwarded-Proto from "
        "127.0.0.1 alone. Where nothing but the front end can reach the container, set FORWARDED_ALLOW_IPS=*."
    )
