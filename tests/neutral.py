"""The environment that tests run in: nothing of the machine's that gcadvise, Gunicorn or Flask would act on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

COLUMNS = "100"  # wide enough that no line of a test's expected text wraps by chance, and the same everywhere

# Read by Gunicorn, by Flask, by the terminal libraries, or by the detection of platforms and supervisors.
_NAMES = {
    "AWS_EXECUTION_ENV",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "DYNO",
    "DYNO_RAM",
    "FORCE_COLOR",
    "FORWARDED_ALLOW_IPS",
    "GITHUB_ACTIONS",
    "GUNICORN_CMD_ARGS",
    "INVOCATION_ID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NO_COLOR",
    "NOTIFY_SOCKET",
    "PORT",
    "PY_COLORS",
    "TERMINAL_WIDTH",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "VIRTUAL_ENV",
    "WEB_CONCURRENCY",
    "WEB_CONCURRENCY_SET_BY",
    "XDG_RUNTIME_DIR",
    "container",
}
_PREFIXES = ("ECS_", "FLASK_", "GCADVISE_", "KUBERNETES_", "K_", "PYTHON", "WEBSITE_", "WEBSITES_")


def is_of_this_machine(name: str) -> bool:
    """Whether an environment variable could change what gcadvise, Gunicorn or Flask does."""
    return name in _NAMES or name.startswith(_PREFIXES)


def child_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small, complete environment for a child process; ``extra`` comes on top."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    return {
        "PATH": path,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "COLUMNS": COLUMNS,
        **(extra or {}),
    }
