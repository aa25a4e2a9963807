"""What a platform needs to start Gunicorn, as data: files, steps, fragments of other files, and what to know.

A platform's module under ``startups/`` makes a Startup from a Server: a pure function, nothing is read or written.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from gunicorn_conf.plan_sizes import PlanSize
from gunicorn_conf.read.oryx import OryxStart
from gunicorn_conf.release import Release

CONF_NAME = "gunicorn.conf.py"


class AppKind(enum.Enum):
    """What Gunicorn calls: the two interfaces need different worker classes."""

    WSGI = "wsgi"
    ASGI = "asgi"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that is started."""

    target: str
    """``module:variable``, as it was given or found; not quoted for anything."""
    kind: AppKind
    framework: str | None
    """``flask``, ``django``, ``fastapi``, ...; None where it is not known."""
    source: str
    """How it is known, as shown text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Gunicorn as it is to run: the app, the configuration file, and the values in it that platforms must agree with.

    None of the values is Gunicorn's default unless it is written out; a value that is not known is None.
    """

    name: str
    """Of the app or service: a unit, a container, a task is called so; not quoted for anything."""
    app: App
    conf: str
    """The text of gunicorn.conf.py. It holds every setting, so that no script repeats one; PORT and WEB_CONCURRENCY
    win in it where they are set."""
    bind_port: int
    workers: int
    threads: int
    worker_class: str
    timeout_seconds: int | None
    graceful_timeout_seconds: int | None
    keepalive_seconds: int | None
    release: Release
    """Of the Gunicorn that will run."""
    cpus: float | None
    """The CPU budget that the configuration was made for."""
    memory_bytes: int | None
    """The memory that the configuration was made for."""
    needed_memory_bytes: int | None
    """What the app needs of it with all its workers."""
    flags: tuple[str, ...] = ()
    """Words for the command line that a file of the user's own leaves out and the platform needs (``--bind``, ...);
    none for a recommended file, which holds everything. They are part of ``arguments``."""

    def arguments(self, conf_path: str) -> tuple[str, ...]:
        """The words behind ``gunicorn``, for a configuration file at this path; none is quoted for anything."""
        end = ("--",) if self.app.target.startswith("-") else ()  # or it would be taken for an option
        return ("-c", conf_path, *self.flags, *end, self.app.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How a script finds the number of workers when it starts: the least of what CPUs, memory and ``most`` allow."""

    per_cpu: int
    """Workers for each CPU ..."""
    plus: int
    """... and so many more."""
    most: int | None
    """No more than these, whatever the machine (database connections, a demand that was stated)."""
    memory_share: float
    """The app's share of the memory."""
    arbiter_bytes: int
    worker_bytes: int
    """One worker with its threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may say besides; each platform takes what concerns it. All have a default."""

    scaling: Scaling | None = None
    """Find the number of workers when the script starts (``--detect``); None pins it to the server's."""
    plan_size: PlanSize | None = None
    """The App Service plan size that was named."""
    apps_in_plan: int = 1
    """How many apps and slots share the App Service plan."""
    python_version: str | None = None
    """Of the Python that will run it, such as ``3.12``."""
    oryx: OryxStart | None = None
    """What App Service would start by itself; None where the app's directory was not looked at."""
    health_path: str | None = None
    """A path that answers 200 when the app is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutFile:
    """A file for the user to keep."""

    path: str
    """Relative to the directory where the files are put."""
    text: str
    """To be written as UTF-8 with LF line ends."""
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that the user runs or sets by hand."""

    title: str
    text: str = ""
    commands: tuple[str, ...] = ()
    """Each can be pasted as it is; upper-case words are for the user to replace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A part of a file that is the user's own, such as a Bicep resource or an nginx location."""

    title: str
    language: str
    """As a Markdown code fence names it: ``bicep``, ``json``, ``nginx``, ``yaml``."""
    text: str
    file_name: str | None = None
    """Where it makes sense as a file of its own; it is written with the files then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """All that a platform needs."""

    platform: str
    """As ``startups.registry.WRITERS`` names it."""
    files: tuple[OutFile, ...]
    steps: tuple[Step, ...]
    fragments: tuple[Fragment, ...] = ()
    explanations: tuple[str, ...] = ()
    """What the platform's documentation leaves out; a sentence or two each."""
    warnings: tuple[str, ...] = ()
    stop_window_seconds: int | None = None
    """From SIGTERM to SIGKILL, where the files and commands set it; None is the platform's own."""


Writer = Callable[[Server, Options], Startup]
