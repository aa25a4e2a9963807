"""What a command that counts CPUs or finds a program prints, told without running it."""

from __future__ import annotations

import re

from gunicorn_conf.read.arithmetic import evaluate
from gunicorn_conf.value import Known, PerHost, Unknown, Value

# Commands that print the number of CPUs; what they print is what cpu_count() counts, or less by affinity.
_COUNTS_CPUS = re.compile(
    r"nproc(\s+--all)?|getconf\s+_NPROCESSORS_(ONLN|CONF)|grep\s+(-c\s+[\"']?\^?processor[\"']?\s+/proc/cpuinfo"
    r"|[\"']?\^?processor[\"']?\s+/proc/cpuinfo\s*\|\s*wc\s+-l)|sysctl\s+-n\s+hw\.(logical)?(ncpu|cpu)"
    r"|cat\s+/proc/cpuinfo\s*\|\s*grep\s+-c\s+[\"']?\^?processor[\"']?"
)
_PYTHON_COUNTS = re.compile(
    r"python[\d.]*\s+-c\s+(?P<quote>[\"'])\s*(from|import)\s+[\w\s,.]+;\s*print\((?P<expression>.*)\)\s*;?\s*(?P=quote)"
)
_CPU_COUNT = re.compile(r"(\w+\.)?cpu_count\(\)")
_FINDS_PROGRAM = re.compile(r"(which|command\s+-v|type\s+-p)\s+(?P<program>[\w./-]+)")


def counted_or_found(command: str) -> Value | None:
    """The value of ``$(command)`` where it counts CPUs or finds a program; None for any other command."""
    if _COUNTS_CPUS.fullmatch(command):
        return PerHost(expression=f"$({command})", at=str)
    match = _PYTHON_COUNTS.fullmatch(command)
    if match:
        formula = match["expression"].removeprefix("int(").rstrip(")") if "int(" in command else match["expression"]
        return _counted_by_python(match["expression"], command, formula)
    match = _FINDS_PROGRAM.fullmatch(command)
    return Known(value=match["program"]) if match else None


def _counted_by_python(expression: str, command: str, formula: str) -> Value:
    if not _CPU_COUNT.search(expression):
        return Unknown(why=f"$({shortened(command)}) is not executed")

    def at(cpus: int) -> str:
        return str(evaluate(_CPU_COUNT.sub(str(cpus), formula), no_names))

    try:
        at(1)
    except ValueError:
        return Unknown(why=f"$({shortened(command)}) is not executed")
    return PerHost(expression=f"$({command})", at=at)


def no_names(name: str) -> int:
    """The value of a variable in a formula that has none."""
    raise ValueError(name)


def shortened(text: str, most: int = 40) -> str:
    """The first line of a command as a message shows it."""
    first = text.partition("\n")[0]
    return first if len(first) <= most else first[: most - 3] + "..."
