"""A release of Gunicorn, such as 27.0.1, that can be compared."""

from __future__ import annotations

import re
from typing import NamedTuple

from gunicorn_conf.errors import BadInput

_PATTERN = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class Release(NamedTuple):
    """A release of Gunicorn; compares by its numbers."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Release:
        """Read ``"27.0.1"`` or ``"25.1"``; a suffix such as ``rc1`` is ignored.

        Raises BadInput when the text does not begin with a number.
        """
        match = _PATTERN.match(text.strip())
        if match is None:
            raise BadInput(
                f"{text!r} is not a release of Gunicorn",
                why="a release is written as numbers and dots",
                hint="write it as 27.0.1 or 25.3",
            )
        return cls(*(int(part or 0) for part in match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


# The releases that gcadvise supports; the newest is assumed where none can be seen.
OLDEST_SUPPORTED = Release(20, 1, 0)
NEWEST_KNOWN = Release(27, 0, 1)
