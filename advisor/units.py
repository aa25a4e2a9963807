"""Bytes, CPUs and counts as people write them, read and shown the same way everywhere."""

from __future__ import annotations

import math
import re

from gunicorn_conf.errors import BadInput

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

# Binary suffixes are powers of 1024; M and G alone follow Docker and systemd, where 512M is 512 MiB;
# MB and GB are decimal, as on a disk.
_FACTORS = {
    "": 1,
    "b": 1,
    "k": KIB,
    "ki": KIB,
    "kib": KIB,
    "kb": 1000,
    "m": MIB,
    "mi": MIB,
    "mib": MIB,
    "mb": 1000**2,
    "g": GIB,
    "gi": GIB,
    "gib": GIB,
    "gb": 1000**3,
    "t": 1024 * GIB,
    "ti": 1024 * GIB,
    "tib": 1024 * GIB,
    "tb": 1000**4,
}
# Below this, two decimals would leave less than two digits.
_SMALL = 0.1
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<suffix>[a-z]*)", re.IGNORECASE)


def parse_bytes(text: str) -> int:
    """Read a size such as ``512MiB``, ``1.75GiB``, ``2G`` or ``536870912`` (bytes).

    Raises BadInput when it is not a positive size.
    """
    match = _SIZE.fullmatch(text.strip())
    factor = _FACTORS.get(match["suffix"].lower()) if match else None
    if match is None or factor is None:
        raise BadInput(
            f"{text!r} is not a size of memory",
            why="a size is a number and a unit",
            hint="write it as 512MiB, 1.75GiB, 2G, or a number of bytes",
        )
    size = round(float(match["number"]) * factor)
    if size <= 0:
        raise BadInput(f"{text!r} is not a size of memory", why="it is zero", hint="give a size above zero")
    return size


def parse_seconds(text: str) -> float:
    """Read a duration such as ``200ms``, ``0.2s`` or ``0.2`` (seconds), in seconds.

    Raises BadInput when it is not a positive duration.
    """
    number, factor = text.strip().lower(), 1.0
    for suffix, in_seconds in (("ms", 0.001), ("s", 1.0)):
        if number.endswith(suffix):
            number, factor = number[: -len(suffix)].rstrip(), in_seconds
            break
    try:
        seconds = float(number) * factor
    except ValueError:
        seconds = math.nan
    if not (0 < seconds < math.inf):
        raise BadInput(
            f"{text!r} is not a duration",
            why="a duration is a positive number, with ms or s behind it or nothing for seconds",
            hint="write it as 200ms or 0.2",
        )
    return seconds


def show_bytes(size: int) -> str:
    """Show a size with three significant digits: ``560 MiB``, ``1.75 GiB``, ``800 B``."""
    for unit, factor in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if abs(size) >= factor:
            value = size / factor
            digits = 0 if value >= 100 else 1 if value >= 10 else 2
            return f"{value:,.{digits}f}".rstrip("0").rstrip(".") + f" {unit}" if digits else f"{value:,.0f} {unit}"
    return f"{size} B"


def show_number(value: float) -> str:
    """Show a number without needless zeros: ``0.5``, ``2``, ``1,234.25``; a small one with two digits: ``0.0015``."""
    digits = 2 if value == 0 or abs(value) >= _SMALL else 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def show_cpus(cpus: float) -> str:
    """A CPU budget with its noun: ``1 CPU``, ``0.5 CPUs``, ``64 CPUs``."""
    return f"{show_number(cpus)} CPU" + ("" if cpus == 1 else "s")


def show_duration(seconds: float) -> str:
    """A duration in the unit that people use for it: ``200 ms``, ``1.5 s``."""
    return f"{show_number(seconds * 1000)} ms" if seconds < 1 else f"{show_number(seconds)} s"


def sentence(text: str) -> str:
    """The text as a sentence: it begins with a capital letter and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 worker``, ``1,290 workers``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
