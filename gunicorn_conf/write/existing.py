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
        timeout_seconds=config.whole_number("timeout"),
        graceful_timeout_seconds=config.whole_number("graceful_timeout"),
        keepalive_seconds=config.whole_number("keepalive"),
        release=config.release,
        cpus=cpus,
        memory_bytes=memory_bytes,
        needed_memory_bytes=None,
        flags=tuple(_flags(config, place, config.release)),
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
    limit = place.request_timeout_seconds
    default = config.whole_number("timeout")
    if config.get("timeout") is None and limit is not None and default is not None and default <= limit.value:
        yield from ("--timeout", str(limit.value + _TIMEOUT_MARGIN_SECONDS))
    if not place.container:
        return
    if config.get("accesslog") is None:
        yield from ("--access-logfile", "-")
    sets_socket = config.get("control_socket_disable") is not None or config.get("control_socket") is not None
    if not sets_socket and supports("control_socket_disable", release):
        yield "--no-control-socket"
