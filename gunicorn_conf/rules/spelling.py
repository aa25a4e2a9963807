"""Which setting of Gunicorn a misspelt or borrowed name was meant to be."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

from gunicorn_conf.settings import SettingType, settings

# What people write for a setting although it does not resemble its name. The command line's own spellings
# (access_logfile, pid, env, preload, ...) are added from the catalogue.
ALIASES: Mapping[str, str] = {
    "access_file": "accesslog",
    "access_log_file": "accesslog",
    "access_logs": "accesslog",
    "autoreload": "reload",
    "auto_reload": "reload",
    "background": "daemon",
    "daemonize": "daemon",
    "error_file": "errorlog",
    "error_log_file": "errorlog",
    "forwarded_ips": "forwarded_allow_ips",
    "keepalive_timeout": "keepalive",
    "keep_alive_timeout": "keepalive",
    "log_format": "access_log_format",
    "logfile": "errorlog",
    "logging_config": "logconfig_dict",
    "logging_level": "loglevel",
    "logging_config_dict": "logconfig_dict",
    "max_connections": "worker_connections",
    "max_worker_connections": "worker_connections",
    "n_threads": "threads",
    "num_threads": "threads",
    "n_workers": "workers",
    "num_workers": "workers",
    "number_of_workers": "workers",
    "nworkers": "workers",
    "pid_path": "pidfile",
    "process_name": "proc_name",
    "request_timeout": "timeout",
    "shutdown_timeout": "graceful_timeout",
    "graceful_shutdown_timeout": "graceful_timeout",
    "ssl_ca_certs": "ca_certs",
    "ssl_certfile": "certfile",
    "ssl_keyfile": "keyfile",
    "thread_count": "threads",
    "threads_count": "threads",
    "worker_class_name": "worker_class",
    "worker_count": "workers",
    "worker_max_connections": "worker_connections",
    "worker_max_requests": "max_requests",
    "worker_num": "workers",
    "worker_number": "workers",
    "worker_processes": "workers",
    "worker_thread": "threads",
    "worker_threads": "threads",
    "worker_timeout": "timeout",
    "worker_type": "worker_class",
    "workers_count": "workers",
    "workers_num": "workers",
    "wsgi": "wsgi_app",
    "wsgi_application": "wsgi_app",
}
HOOK_ALIASES: Mapping[str, str] = {
    "on_ready": "when_ready",
    "on_shutdown": "on_exit",
    "on_start": "on_starting",
    "on_startup": "on_starting",
    "on_worker_exit": "worker_exit",
    "server_ready": "when_ready",
    "worker_init": "post_worker_init",
}
# Options of uvicorn's own command line (uvicorn/main.py), which its worker class for Gunicorn does not read, and the
# setting that does the same where there is one.
OF_UVICORN: Mapping[str, str | None] = {
    "date_header": None,
    "limit_concurrency": None,
    "limit_max_requests": "max_requests",
    "proxy_headers": None,
    "server_header": None,
    "timeout_graceful_shutdown": "graceful_timeout",
    "timeout_keep_alive": "keepalive",
    "ws_max_size": None,
    "ws_ping_interval": None,
    "ws_ping_timeout": None,
}
# Names that are often a variable of the file's author: not enough for an error.
AMBIGUOUS = frozenset({"env", "log_format", "max_connections", "name", "pid", "request_timeout", "wsgi"})

# They count on the command line only, so nobody means them in a file.
_COMMAND_ONLY = frozenset({"config", "check_config", "print_config", "default_proc_name"})
_SHORT = 5
_LIMIT_SHORT = 1.0
_LIMIT = 2.0
# One letter for another makes another word more often than a letter too many: host and port, bind and kind.
_SUBSTITUTION = 1.5


@functools.cache
def near_setting(name: str) -> str | None:
    """The setting that a name in lower case was meant to be: an alias, or one that differs by a slip of the hand."""
    return _near(name, _aliases(), _values())


@functools.cache
def near_hook(name: str) -> str | None:
    """The hook that a function's name was meant to be."""
    return _near(name, HOOK_ALIASES, _hooks())


@functools.cache
def _aliases() -> Mapping[str, str]:
    # The options' own names, such as --access-logfile for accesslog, are what a file's author remembers.
    from_flags = {
        flag[2:].replace("-", "_"): one.name
        for one in settings().values()
        for flag in one.flags
        if flag.startswith("--")
    }
    return {
        name: meant for name, meant in from_flags.items() if meant not in _COMMAND_ONLY and name[:3] != "no_"
    } | dict(ALIASES)


@functools.cache
def _hooks() -> tuple[str, ...]:
    return tuple(one.name for one in settings().values() if one.types[-1][1] is SettingType.HOOK)


@functools.cache
def _values() -> tuple[str, ...]:
    hooks = set(_hooks())
    return tuple(name for name in settings() if name not in hooks and name not in _COMMAND_ONLY)


def _near(name: str, aliases: Mapping[str, str], names: Iterable[str]) -> str | None:
    if name in aliases:
        return aliases[name]
    limit = _LIMIT_SHORT if len(name) <= _SHORT else _LIMIT
    best, meant = limit + 1, None
    for one in names:
        if abs(len(one) - len(name)) > limit or one[0] not in name[:2] + name[-1]:
            continue
        # Letters that only one of them has: each costs at least half an edit.
        if len(set(one) ^ set(name)) > 2 * limit:
            continue
        distance = _distance(name, one)
        if distance <= limit and distance < best:
            best, meant = distance, one
    return meant


def _distance(one: str, other: str) -> float:
    """Edits between two words: a letter more, a letter less or two neighbours exchanged count 1, another letter 1.5."""
    oldest: list[float] = []
    older: list[float] = []
    row = [float(index) for index in range(len(other) + 1)]
    for i, letter in enumerate(one):
        oldest, older, row = older, row, [i + 1.0]
        for j, wanted in enumerate(other):
            if letter == wanted:
                row.append(older[j])
                continue
            cost = min(older[j + 1] + 1, row[j] + 1, older[j] + _SUBSTITUTION)
            if i and j and letter == other[j - 1] and one[i - 1] == wanted:
                cost = min(cost, oldest[j - 1] + 1)
            row.append(cost)
    return row[-1]
