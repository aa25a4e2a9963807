"""Startup files as JSON: ``gcadvise.startup/1``, described by schemas/startup.json."""

from __future__ import annotations

from collections.abc import Sequence

from gunicorn_conf.platforms import Figure, Platform
from gunicorn_conf.write.startup import Server, Startup


def startup_json(startup: Startup, server: Server, written: Sequence[str] = ()) -> dict[str, object]:
    """The body of the envelope; ``written`` are the relative paths of what was written."""
    app = server.app
    return {
        "platform": startup.platform,
        "app": {"target": app.target, "kind": app.kind.value, "framework": app.framework, "source": app.source},
        "server": {
            "name": server.name,
            "gunicorn": str(server.release),
            "workers": server.workers,
            "threads": server.threads,
            "worker_class": server.worker_class,
            "timeout_seconds": server.timeout_seconds,
            "graceful_timeout_seconds": server.graceful_timeout_seconds,
            "keepalive_seconds": server.keepalive_seconds,
            "cpus": server.cpus,
            "memory_bytes": server.memory_bytes,
            "needed_memory_bytes": server.needed_memory_bytes,
        },
        "files": [
            {"path": file.path, "executable": file.executable, "written": file.path in written, "text": file.text}
            for file in startup.files
        ],
        "steps": [{"title": step.title, "text": step.text, "commands": list(step.commands)} for step in startup.steps],
        "fragments": [
            {
                "title": one.title,
                "language": one.language,
                "file_name": one.file_name,
                "written": one.file_name is not None and one.file_name in written,
                "text": one.text,
            }
            for one in startup.fragments
        ],
        "explanations": list(startup.explanations),
        "warnings": list(startup.warnings),
    }


def startups_json(places: Sequence[tuple[str, Platform]]) -> dict[str, object]:
    """The body of the envelope for ``--list``."""
    return {
        "platforms": [
            {
                "name": name,
                "title": place.title,
                "container": place.container,
                "default_port": place.default_port,
                "sets": list(place.sets),
                "request_timeout_seconds": _figure(place.request_timeout_seconds),
                "stop_window_seconds": _figure(place.stop_window_seconds),
                "idle_timeout_seconds": _figure(place.idle_timeout_seconds),
                "notes": list(place.notes),
            }
            for name, place in places
        ]
    }


def _figure(figure: Figure | None) -> dict[str, object] | None:
    if figure is None:
        return None
    return {"value": figure.value, "source": figure.source, "date": figure.date, "verified": figure.verified}
