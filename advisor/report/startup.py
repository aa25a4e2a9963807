"""Startup files as terminal text: what was sized, the files, the steps, fragments, and what to know."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.report.columns import columns, wrap
from advisor.report.rule import shown_figure
from advisor.units import count, show_bytes, show_cpus
from gunicorn_conf.platforms import Platform
from gunicorn_conf.write.startup import AppKind, Server, Startup, Step

_RULE_WIDTH = 78


def startup_text(startup: Startup, server: Server, *, width: int, written: Sequence[str] = ()) -> str:
    """The whole answer; files and fragments that were ``written`` are named, the others shown as they are.

    What is to be copied is never wrapped or indented.
    """
    lines = [*columns(_facts(startup, server), width=width, indent=0), ""]
    for file in startup.files:
        if file.path not in written:
            lines += [_rule(file.path + (" (executable)" if file.executable else "")), *file.text.splitlines(), ""]
    lines += ["To do", *_steps(startup.steps, width), ""]
    for fragment in startup.fragments:
        if fragment.file_name is None or fragment.file_name not in written:
            lines += [_rule(fragment.title), *fragment.text.splitlines(), ""]
    for title, texts in (("To know", startup.explanations), ("Warnings", startup.warnings)):
        if texts:
            lines += [title, *(line for text in texts for line in wrap(text, width=width, indent=4, first="- ")), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def startups_text(places: Sequence[tuple[str, Platform]], *, width: int) -> str:
    """What each platform promises and limits, each figure with its source."""
    lines: list[str] = []
    for name, place in places:
        rows = [
            ("gives up on a request after", shown_figure(place.request_timeout_seconds)),
            ("from SIGTERM to SIGKILL", shown_figure(place.stop_window_seconds)),
            ("keeps an idle connection for", shown_figure(place.idle_timeout_seconds)),
        ]
        lines += [f"{name}: {place.title}", *columns(rows, width=width), ""]
    lines += wrap("gcadvise startup NAME writes the files; gcadvise rule NAME says more.", width=width, indent=0)
    return "\n".join(lines) + "\n"


def size_text(server: Server) -> str:
    """Workers and threads, and what they need."""
    workers = count(server.workers, "worker")
    if server.app.kind is AppKind.ASGI:
        text = f"{workers} of {server.worker_class}, an event loop each"
    elif server.threads > 1:
        slots = count(server.workers * server.threads, "request")
        text = f"{workers} × {count(server.threads, 'thread')}, {server.worker_class}: {slots} at once"
    else:
        text = f"{workers}, {server.worker_class}: {count(server.workers, 'request')} at once"
    if server.needed_memory_bytes is not None:
        text += f"; about {show_bytes(server.needed_memory_bytes)}"
    return text


def _facts(startup: Startup, server: Server) -> list[tuple[str, str]]:
    app, interface = server.app, server.app.kind.value.upper()
    what = f"{interface}, {app.framework}" if app.framework else interface
    machine = [] if server.cpus is None else [show_cpus(server.cpus)]
    if server.memory_bytes is not None:
        machine.append(show_bytes(server.memory_bytes))
    rows = [
        ("Platform", startup.platform),
        ("App", f"{app.target} ({what}; {app.source})"),
        ("Gunicorn", str(server.release)),
    ]
    return [*rows, *([("Sized for", ", ".join(machine))] if machine else []), ("Size", size_text(server))]


def _steps(steps: Sequence[Step], width: int) -> list[str]:
    lines: list[str] = []
    for number, step in enumerate(steps, 1):
        lines += wrap(step.title, width=width, indent=5, first=f"{number}. ".rjust(5))
        if step.text:
            lines += wrap(step.text, width=width, indent=5)
        lines += [f"       {line}" for command in step.commands for line in command.splitlines()]
    return lines


def _rule(title: str) -> str:
    return f"── {title} ".ljust(_RULE_WIDTH, "─")
