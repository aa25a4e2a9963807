"""What the user says beside the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gunicorn_conf.config import Assigned
from gunicorn_conf.release import Release
from gunicorn_conf.rules.subject import ConfFile, Deployment


class ReadConf(Protocol):
    """Reads a configuration file: gunicorn_conf.read.conf_py.read_conf, or what stands in for it."""

    def __call__(  # noqa: D102
        self, path: str, text: str, *, environment: Mapping[str, str], neighbour: Callable[[str], str | None]
    ) -> tuple[ConfFile, tuple[Assigned, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the user says beside the files; it wins over what they say."""

    release: Release | None = None
    """The release of Gunicorn in use."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that are set where it runs (--env)."""
    deployment: Deployment = field(default_factory=Deployment)
    release_source: str = "given"
    """Where the release was taken from, as shown text."""
    fallback_release: Release | None = None
    """The release where neither it is given nor the files name one; else the newest known."""
    fallback_source: str = ""
    read_conf: ReadConf | None = None
    """Instead of reading configuration files without executing them."""
