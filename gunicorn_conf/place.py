"""Where something stands in a file, and from which kind of source a value comes."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of a file; lines and columns count from 1, and the end is exclusive.

    ``path`` is as the user named it, relative where they named it so. Line None is the file as a whole.
    """

    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class Source(enum.Enum):
    """The places that Gunicorn takes a setting from, weakest first (gunicorn/app/base.py, load_config)."""

    DEFAULT = "Gunicorn's default"
    VARIABLE = "environment variable"
    """WEB_CONCURRENCY, PORT and FORWARDED_ALLOW_IPS, which only replace a default."""
    FILE = "configuration file"
    CMD_ARGS = "GUNICORN_CMD_ARGS"
    COMMAND_LINE = "command line"

    @property
    def rank(self) -> int:
        """Higher wins."""
        return list(Source).index(self)
