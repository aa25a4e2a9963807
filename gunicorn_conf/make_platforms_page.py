"""Writes docs/platforms.md from platforms.toml: ``python -m gunicorn_conf.make_platforms_page``.

A command for those who work on gcadvise; a test says when the page is out of date.
"""

from __future__ import annotations

from pathlib import Path

from gunicorn_conf.platforms import PLATFORM_NAMES, Figure, Platform, platform

PAGE = Path(__file__).parent.parent / "docs" / "platforms.md"

_HEAD = """\
# Platforms: what each promises and limits

gcadvise takes these figures into account when it recommends settings. Each has its source and the date of that
source (or of the day it was read, where it carries none). "Not verified" means that the figure is from elsewhere than
the vendor's own document or code, or that the document says it of something close by. A figure that is missing is
unknown, and nothing is derived from it.

This page is made from `gunicorn_conf/platforms.toml` by `python -m gunicorn_conf.make_platforms_page`.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_HEAD, *(_section(platform(name)) for name in PLATFORM_NAMES)])


def _section(about: Platform) -> str:
    where = "traffic comes from outside the container" if about.container else "a reverse proxy on the same machine"
    lines = [
        f"## {about.title}",
        "",
        f"`--platform {about.name}`. Binds to {about.bind_host} ({where}), port {about.default_port} unless PORT says "
        "otherwise." + (f" The platform sets {', '.join(about.sets)}." if about.sets else ""),
        "",
    ]
    figures = (
        ("The front end gives up on a request after", about.request_timeout_seconds),
        ("From SIGTERM to SIGKILL", about.stop_window_seconds),
        ("The front end keeps an idle connection for", about.idle_timeout_seconds),
    )
    rows = [_row(what, figure) for what, figure in figures if figure]
    if rows:
        lines += ["| What | Value | Source | Date |", "|---|---|---|---|", *rows, ""]
    lines += [f"- {note}" for note in about.notes]
    return "\n".join(lines) + "\n"


def _row(what: str, figure: Figure) -> str:
    value = f"{figure.value} s" + ("" if figure.verified else ", not verified")
    return f"| {what} | {value} | {figure.source} | {figure.date} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
