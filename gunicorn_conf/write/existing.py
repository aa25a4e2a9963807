"""A Server from a gunicorn.conf.py of the user's own, read without executing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gunicorn_conf.config import Config
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release
from gunicorn_conf.settings import supports
from gunicorn_conf.value import PerHost
from gunicorn_conf.write.startup import App, Server

# A sync worker is replaced only when nobody waits for its answer any more.
_TIMEOUT_MARGIN_SECONDS = 10
_ASGI = ("asgi", "uvicorn")
# Where no file that is written here gives Gunicorn longer to stop than the platform does (5, 30 and 10 s), and how much
# earlier it must have stopped: a fifth, at most 5 s.
_FIXED_WINDOW = ("app-service", "heroku", "cloud-run")
_STOP_MARGIN_SECONDS = 5
# Docker, containerd and what builds on them mount a tmpfs at /dev/shm in every container.
_WITH_SHARED_MEMORY = ("docker", "kubernetes", "ecs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The server, and what could not be told of it."""

    server: Server
    unknown: tuple[str, ...]
    """Sentences: a value that the file computes, and what is taken for it."""


def runs_asgi(config: Config) -> bool:
    """Whether the worker class is one for ASGI apps."""
    return (config.worker_class or "").startswith(_ASGI)


def existing_server(
    *,
    name: str,
    app: App,
    text: str,
    config: Config,
    place: Platform,
    cpus: float | None,
    memory_bytes: int | None,
) -> Existing:
    """The server that a configuration file makes of an app on a platform."""
    unknown: list[str] = []
    flags = tuple(_flags(config, place, config.release))
    workers = _number(config, "workers", cpus, 1, unknown)
    threads = _number(config, "threads", cpus, 1, unknown)
    server = Server(
        name=name,
        app=app,
        conf=text,
        bind_port=_port(config, place, unknown),
        workers=workers,
        threads=threads,
        worker_class=config.worker_class or "sync",
        timeout_seconds=_with_flag(flags, "--timeout", config, "timeout"),
        graceful_timeout_seconds=_with_flag(flags, "--graceful-timeout", config, "graceful_timeout"),
        keepalive_seconds=config.whole_number("keepalive"),
        release=config.release,
        cpus=cpus,
        memory_bytes=memory_bytes,
        needed_memory_bytes=None,
        flags=flags,
    )
    return Existing(server=server, unknown=tuple(unknown))


def follows_web_concurrency(config: Config) -> bool:
    """Whether WEB_CONCURRENCY decides the number of workers."""
    winner = config.get("workers")
    return winner is None or "WEB_CONCURRENCY" in winner.variables


def _number(config: Config, name: str, cpus: float | None, otherwise: int, unknown: list[str]) -> int:
    found = config.whole_number(name)
    if found is not None:
        return found
    value = config.value(name)
    if isinstance(value, PerHost) and cpus is not None:
        at_host = value.at(max(1, int(cpus)))
        if isinstance(at_host, int):
            return at_host
    unknown.append(f"{name} cannot be told from the file without executing it; {otherwise} is taken for it here.")
    return otherwise


def _with_flag(flags: tuple[str, ...], flag: str, config: Config, name: str) -> int | None:
    """What the command line gives a setting, else the file."""
    return int(flags[flags.index(flag) + 1]) if flag in flags else config.whole_number(name)


def _port(config: Config, place: Platform, unknown: list[str]) -> int:
    if config.get("bind") is None:
        return place.default_port
    found = config.known("bind")
    first = found[0] if isinstance(found, (list, tuple)) and found else found
    if isinstance(first, str):
        port = first.rpartition(":")[2]
        if port.isdecimal() and ":" in first:
            return int(port)
    unknown.append(f"The port cannot be told from the file; {place.default_port} is taken for it here.")
    return place.default_port


def _flags(config: Config, place: Platform, release: Release) -> Iterator[str]:
    """What the platform needs and the file leaves to Gunicorn's default."""
    if config.get("bind") is None and "PORT" not in place.sets:  # with PORT, Gunicorn binds to 0.0.0.0:$PORT itself
        yield from ("--bind", f"{place.bind_host}:{place.default_port}")
    yield from _time_flags(config, place)
    window = place.stop_window_seconds
    if place.name in _FIXED_WINDOW and window is not None and config.get("graceful_timeout") is None:
        yield from ("--graceful-timeout", str(window.value - max(1, min(_STOP_MARGIN_SECONDS, window.value // 5))))
    if not place.container:
        return
    if config.get("worker_tmp_dir") is None and place.name in _WITH_SHARED_MEMORY:
        yield from ("--worker-tmp-dir", "/dev/shm")
    if config.get("accesslog") is None:
        yield from ("--access-logfile", "-")
    sets_socket = config.get("control_socket_disable") is not None or config.get("control_socket") is not None
    if not sets_socket and supports("control_socket_disable", release):
        yield "--no-control-socket"


def _time_flags(config: Config, place: Platform) -> Iterator[str]:
    """A timeout above that of the front end, and as long a time to finish where whoever stops Gunicorn waits for it."""
    default, limit, window = config.whole_number("timeout"), place.request_timeout_seconds, place.stop_window_seconds
    if config.get("timeout") is not None or default is None:
        return
    if place.name == "cloud-run":  # it may stop the CPU between requests, which looks like a dead worker
        yield from ("--timeout", "0")
        return
    if limit is None or default > limit.value:
        return
    seconds = limit.value + _TIMEOUT_MARGIN_SECONDS
    yield from ("--timeout", str(seconds))
    waits = place.name not in _FIXED_WINDOW and (window is None or window.value > seconds)
    if waits and config.get("graceful_timeout") is None and (config.worker_class or "sync") == "sync":
        yield from ("--graceful-timeout", str(seconds))
