"""What to start: the Python, the app, the configuration and the environment of a server under test."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# The app that is measured when the user names none.
SAMPLE_APP = "sample_app:app"

# Variables by which a platform configures Gunicorn; gcadvise's own experiments must not depend on them.
CONFIGURING_VARIABLES = ("WEB_CONCURRENCY", "PORT", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """One server to start.

    ``app`` (``module:variable``) may be None: then the arguments or the configuration's ``wsgi_app`` name it, or
    else the sample app is served. ``chdir`` is where Gunicorn runs and looks for ``gunicorn.conf.py``; None is the
    sample app's own directory, where there is none.
    """

    python: str = sys.executable
    app: str | None = None
    config: Path | None = None
    arguments: tuple[str, ...] = ()
    chdir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: own_environment())

    @property
    def gunicorn_arguments(self) -> list[str]:
        """The command line after ``gunicorn``."""
        config = [] if self.config is None else ["--config", str(self.config.absolute())]
        return [*config, *self.arguments, *([] if self.app is None else [self.app])]

    @property
    def directory(self) -> Path:
        """Where Gunicorn runs."""
        return sample_app_directory() if self.chdir is None else self.chdir


def sample_app_directory() -> Path:
    """Where the sample app's package is."""
    import importlib.util

    spec = importlib.util.find_spec("sample_app")  # finds, but does not import: Flask is heavy
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the sample app is not installed beside gcadvise")
    return Path(spec.origin).parent


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what configures Gunicorn: for measurements of gcadvise's own."""
    given = os.environ if environment is None else environment
    return {name: value for name, value in given.items() if name not in CONFIGURING_VARIABLES}
