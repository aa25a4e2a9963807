"""The seam to the machine: the filesystem root, the environment, and what is not a file, all replaceable by a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# The longest of these files are /proc/cpuinfo (about 1.5 KB a CPU, and Linux has at most 8192 of them) and the
# mountinfo of a host with thousands of containers; what is longer is not read on.
LONGEST_FILE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A machine to look at: this one by default, or a folder that holds another one's /proc and /sys."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    affinity: Callable[[], int | None] | None = None
    """How many CPUs this process may run on; by default asked of the kernel, or read from a given root."""
    outside_linux: bool = not sys.platform.startswith("linux")
    """Whether there is no /proc and /sys to read, so that psutil is asked."""

    @property
    def is_this_machine(self) -> bool:
        """Whether the root is the real one, so that the kernel can be asked too."""
        return str(self.root) == "/"

    def path(self, path: str) -> str:
        """Where the absolute ``path`` of that machine lies on this one."""
        return path if self.is_this_machine else f"{self.root}/{path.lstrip('/')}"

    def read(self, path: str) -> str:
        """The text of a file; bytes that are not UTF-8 are kept as surrogates, so that a path in it can be opened.

        Raises OSError, and nothing else, when it cannot be read.
        """
        try:
            with open(self.path(path), "rb") as file:
                return file.read(LONGEST_FILE_BYTES).decode(errors="surrogateescape")
        except ValueError as error:  # a NUL, or a character that the filesystem's encoding does not have
            raise OSError(0, "not a valid path") from error

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory, as far as may be seen."""
        return os.path.exists(self.path(path))  # noqa: PTH110  (never raises, other than Path.exists before 3.12)

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder, sorted; none when it cannot be listed."""
        try:
            with os.scandir(self.path(path)) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except (OSError, ValueError):
            return []

    def writable(self, path: str) -> bool:
        """Whether this process may create files in the directory."""
        try:
            return os.access(self.path(path), os.W_OK | os.X_OK)
        except ValueError:
            return False


def why(path: str, error: OSError) -> str:
    """The sentence for a file that could not be read: ``cannot read /proc/meminfo: permission denied``."""
    reason = error.strerror or type(error).__name__
    return f"cannot read {shown(path)}: {reason[:1].lower()}{reason[1:]}"


# What is quoted of a file that is not understood: enough to recognise it, on one line.
_LONGEST_QUOTE = 60


def shown(text: str) -> str:
    """Text of a file made fit to print: what is not printable becomes ``?``."""
    return "".join(character if character.isprintable() else "?" for character in text)


def quoted(text: str) -> str:
    """The beginning of a file's content, in quotes and fit to print."""
    text = shown(text.strip())
    return f"'{text[:_LONGEST_QUOTE]}...'" if len(text) > _LONGEST_QUOTE else f"'{text}'"


# A 64-bit number has at most 20 digits; what is longer is no figure of the kernel's.
_MOST_DIGITS = 20


def whole_number(text: str) -> int | None:
    """A plain positive decimal number as the kernel writes it, else None."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    return int(text) or None
