"""Servers as ``gcadvise startup`` makes them, and the files of a platform for them, in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.report.recommend_conf import recommend_conf
from advisor.sizing.constraints import Constraints
from advisor.units import GIB
from advisor.workload.workload import Kind
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.write.startup import App, AppKind, Options, OutFile, Server, Startup
from gunicorn_conf.write.startups.registry import WRITERS, place_of, writer
from tests.advisor.hosts import make_host, make_plan

# App Service is tested with its start in test_app_service*.py.
PLATFORMS = tuple(name for name in WRITERS if name != "app-service")
HEALTH = Options(python_version="3.12", health_path="/healthz")


def make_server(
    platform: str = "docker",
    *,
    kind: Kind = Kind.IO_BOUND,
    cpus: float = 2.0,
    memory: int = 2 * GIB,
    name: str = "shop",
    target: str = "shop.wsgi:app",
    release: Release = NEWEST_KNOWN,
    **changed: object,
) -> Server:
    """The server that is recommended for a platform; keywords such as ``memory_bytes=None`` replace fields."""
    host = make_host(cpus, memory, platform=place_of(platform), described=True, gunicorn=str(release))
    plan = make_plan(kind, host=host)
    server = Server(
        name=name,
        app=App(target=target, kind=AppKind.WSGI, framework="flask", source="given by the test"),
        conf=recommend_conf(plan, Constraints()),
        bind_port=int(str(plan.value("bind")).rpartition(":")[2]),
        workers=plan.workers,
        threads=plan.threads,
        worker_class=str(plan.value("worker_class")),
        timeout_seconds=_number(plan.value("timeout")),
        graceful_timeout_seconds=_number(plan.value("graceful_timeout")),
        keepalive_seconds=_number(plan.value("keepalive")),
        release=release,
        cpus=cpus,
        memory_bytes=memory,
        needed_memory_bytes=plan.capacity.memory_bytes,
    )
    return replace(server, **changed)  # type: ignore[arg-type]


def make_startup(platform: str, options: Options | None = None, server: Server | None = None) -> Startup:
    """A platform's startup files."""
    return writer(platform)(server or make_server(platform), options or Options())


def text_of(made: Startup, path: str) -> str:
    """The text of one file, or of the fragment that is written under this name."""
    texts = {file.path: file.text for file in made.files}
    texts |= {one.file_name: one.text for one in made.fragments if one.file_name is not None}
    return texts[path]


def put(made: Startup, directory: Path) -> None:
    """Write all files, and the fragments that are files of their own, into a directory."""
    fragments = [OutFile(path=one.file_name, text=one.text) for one in made.fragments if one.file_name is not None]
    for file in (*made.files, *fragments):
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="")
        if file.executable:
            path.chmod(0o755)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
