"""What a rule looks at: the files as read, the effective configuration, and what is known of the deployment."""

from __future__ import annotations

import ast
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from gunicorn_conf.config import Assigned, Config
from gunicorn_conf.place import Place
from gunicorn_conf.release import Release
from gunicorn_conf.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A public top-level name that a configuration file binds (last binding)."""

    name: str
    value: Value
    place: Place
    """Of the name where it is bound."""
    statement: Place
    """Of the whole statement."""
    value_place: Place | None
    text: str
    """The value as it is written."""
    read_elsewhere: bool
    """Whether the file itself uses the name further down: a helper, not a setting."""
    imported: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A top-level function, or a name bound to one: perhaps a hook."""

    name: str
    place: Place
    """Of the name in its ``def`` line."""
    least: int | None
    """Positional arguments that it needs; None where it is not known (imported, decorated)."""
    most: int | None
    """Positional arguments that it takes; None where any number, or not known."""
    parameters: tuple[str, ...] = ()
    body: ast.AST | None = None
    """The ``def`` or ``lambda`` itself, for looking into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfFile:
    """A gunicorn.conf.py as read; with ``problem`` it could not be parsed, and only ``text`` holds something."""

    path: str
    text: str
    names: tuple[Name, ...] = ()
    functions: tuple[Function, ...] = ()
    tree: ast.Module | None = None
    problem: str | None = None
    problem_place: Place | None = None
    is_template: bool = False
    """Whether it could not be parsed because something is still to be filled into it."""
    incomplete: str | None = None
    """Why the file may set more than is seen (it takes every name of a module that was not read, executes a text);
    None when what is seen is all."""
    failure: str | None = None
    """The exception that loading the file certainly raises (``ZeroDivisionError: division by zero``), else None."""
    failure_place: Place | None = None

    def name(self, name: str) -> Name | None:
        """The name's last binding."""
        return next((one for one in self.names if one.name == name), None)

    def function(self, name: str) -> Function | None:
        """The function of this name."""
        return next((one for one in self.functions if one.name == name), None)


class Signals(enum.Enum):
    """How a command is started, and so whether SIGTERM reaches Gunicorn."""

    DIRECT = "no shell in between, or the shell is replaced by exec"
    BEHIND_SHELL = "a shell stays in between and does not pass signals on"
    UNKNOWN = "not to be told from the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionProblem:
    """An option of a command line that argparse rejects or misunderstands."""

    kind: str
    """``unknown`` (exit 2), ``ambiguous`` (exit 2), ``abbreviated``, ``swallows-app``, ``missing-value``,
    ``extra-positional``, ``app-in-variable`` (a positional in GUNICORN_CMD_ARGS)."""
    text: str
    place: Place
    meant: str | None = None
    """The option that was probably meant, or that the abbreviation stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One invocation of Gunicorn, wherever it was found."""

    file_kind: str
    """``shell``, ``dockerfile``, ``procfile``, ``systemd``, ``supervisor``, ``compose``, ``kubernetes`` or ``command``
    (given as such)."""
    place: Place
    text: str
    """The words after ``gunicorn`` as they are written."""
    assigned: tuple[Assigned, ...] = ()
    """Its options and those of GUNICORN_CMD_ARGS, in the order in which they stand; repeated options repeat."""
    app: Value | None = None
    """``module:variable`` as given; None when there is none on the command line."""
    app_place: Place | None = None
    problems: tuple[OptionProblem, ...] = ()
    environment: Mapping[str, Value] = field(default_factory=dict)
    """Variables that the file sets for this command."""
    directory: str | None = None
    """The working directory where the file says it (WORKDIR, cd, WorkingDirectory=), else None."""
    wrappers: tuple[str, ...] = ()
    """Launchers in front of Gunicorn: ``poetry run``, ``ddtrace-run``, ``tini``, ``python -m``, ..."""
    signals: Signals = Signals.UNKNOWN
    undecided: str | None = None
    """Why it may have further options that could not be read ("$OPTS may hold further options"), else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is known of where it will run; None is unknown. ``sources`` say why, by field name."""

    platform: str | None = None
    """A name of gunicorn_conf.platforms."""
    container: bool | None = None
    cpus: float | None = None
    """The CPU budget, a quota and not a count."""
    memory_bytes: int | None = None
    stop_window_seconds: float | None = None
    """From SIGTERM to SIGKILL."""
    idle_timeout_seconds: float | None = None
    """How long whoever is in front keeps an idle connection."""
    request_timeout_seconds: float | None = None
    """When whoever is in front gives up on a request."""
    proxy: bool | None = None
    """Whether a reverse proxy or load balancer is in front."""
    root: bool | None = None
    """Whether the process starts as root."""
    read_only_root: bool | None = None
    private_tmp: bool | None = None
    """Whether /tmp is its own, which others do not see (systemd's PrivateTmp=)."""
    tmp_in_memory: bool | None = None
    """Whether /tmp is a file system of its own in memory; False where it is one of its own on a disk."""
    supervisor: str | None = None
    """``systemd-notify``, ``systemd-simple``, ``systemd-forking``, ``supervisor``, ``container``, ..."""
    cpu_bound: bool | None = None
    """Whether the work was declared CPU-bound."""
    worker_memory_bytes: int | None = None
    max_db_connections: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The packages that a repository declares, lower-cased, with their pinned version where there is one."""

    packages: Mapping[str, str | None]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that speaks of Gunicorn and in which nothing was found, because it could not be read."""

    place: Place
    why: str
    is_template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One configuration to be judged: a file, a command, or both together."""

    release: Release
    release_source: str
    """Where the release was taken from, as shown text."""
    config: Config
    conf: ConfFile | None = None
    command: Command | None = None
    deployment: Deployment = field(default_factory=Deployment)
    requirements: Requirements | None = None
    app_kind: str | None = None
    """``wsgi`` or ``asgi``, where the app's source was found beside and tells it; ``factory`` when the target is a
    function that makes an app; else None."""
    overlooked_conf: str | None = None
    """A gunicorn.conf.py in the directory of the command's --chdir, which Gunicorn does not load since the command
    names no file and is started elsewhere."""
    unread: Unread | None = None
    """Set where there is neither a file nor a command to judge."""

    @property
    def place(self) -> Place:
        """Where a finding stands that is about the configuration as a whole."""
        if self.conf is not None:
            return Place(path=self.conf.path)
        if self.command is not None:
            return self.command.place
        if self.unread is not None:
            return self.unread.place
        return Place(path="<nothing>")
