"""The functions and methods that are evaluated: builtins, and those of the standard library that configurations use.

Each takes and returns plain values and is bounded; whatever is not listed here is not evaluated.
"""

from __future__ import annotations

import ast
import math
import posixpath
from collections.abc import Callable, Mapping

from gunicorn_conf.read.evaluate_limits import MAX_WIDTH, Refused
from gunicorn_conf.read.evaluate_operators import Items, check_format, plain
from gunicorn_conf.value import Literal

Function = Callable[..., Literal]

# Calls that give the number of CPUs of the host.
CPU_COUNTS = frozenset(
    {"os.cpu_count", "os.process_cpu_count", "multiprocessing.cpu_count", "psutil.cpu_count", "joblib.cpu_count"}
)
# Calls that give the CPUs themselves, to be counted with len().
CPU_SETS = frozenset({"os.sched_getaffinity"})
# os.sysconf names that are a number of CPUs.
CPU_CONFIGURATION = frozenset({"SC_NPROCESSORS_ONLN", "SC_NPROCESSORS_CONF"})


def _safe_round(number: float, digits: int | None = None) -> Literal:
    if digits is not None and abs(digits) > MAX_WIDTH:
        raise Refused(f"it is rounded to more than {MAX_WIDTH} places")
    return round(number, digits)


def _safe_format(value: Literal, spec: str = "") -> str:
    check_format(spec)
    return format(value, spec)


def _needs_absolute(path: str) -> str:
    if not posixpath.isabs(path):
        raise Refused("it depends on the directory that Gunicorn is started in")
    return posixpath.normpath(path)


def _no_expansion(path: str) -> str:
    if path.startswith("~") or "$" in path:
        raise Refused("it depends on the user or the environment that Gunicorn is started with")
    return path


def _strtobool(text: str) -> int:
    """distutils.util.strtobool, which Python 3.12 removed."""
    word = text.lower()
    if word in ("y", "yes", "t", "true", "on", "1"):
        return 1
    if word in ("n", "no", "f", "false", "off", "0"):
        return 0
    raise ValueError(f"invalid truth value {text!r}")


def _level_name(level: Literal) -> Literal:
    import logging

    return logging.getLevelName(level) if isinstance(level, (int, str)) else f"Level {level}"


def _dumps(value: Literal, **options: Literal) -> str:
    import json

    if set(options) - {"indent", "sort_keys", "ensure_ascii", "separators"} or options.get("indent", 0) not in range(9):
        raise Refused("json.dumps() with these options is not evaluated")
    return json.dumps(value, **options)  # type: ignore[arg-type]  # checked by json itself


def _loads(text: str) -> Literal:
    import json

    loaded: Literal = json.loads(text)
    return loaded


def _pow(base: Literal, exponent: Literal) -> Literal:
    from gunicorn_conf.read.evaluate_operators import BINARY

    return BINARY[ast.Pow](base, exponent)


# The classes that isinstance() may be asked for.
CLASSES: Mapping[str, type] = {
    f"builtins.{kind.__name__}": kind for kind in (bool, int, float, str, bytes, list, tuple, dict, set)
}

FUNCTIONS: Mapping[str, Function] = {
    "builtins.abs": abs,
    "builtins.all": all,
    "builtins.any": any,
    "builtins.ascii": ascii,
    "builtins.bin": bin,
    "builtins.bool": bool,
    "builtins.chr": chr,
    "builtins.dict": dict,
    "builtins.divmod": divmod,
    "builtins.enumerate": lambda items, start=0: Items(enumerate(items, start)),
    "builtins.float": float,
    "builtins.format": _safe_format,
    "builtins.frozenset": frozenset,
    "builtins.hex": hex,
    "builtins.int": int,
    "builtins.len": len,
    "builtins.list": list,
    "builtins.max": max,
    "builtins.min": min,
    "builtins.oct": oct,
    "builtins.ord": ord,
    "builtins.pow": _pow,
    "builtins.range": range,
    "builtins.repr": repr,
    "builtins.reversed": lambda items: Items(reversed(items)),
    "builtins.round": _safe_round,
    "builtins.set": set,
    "builtins.sorted": sorted,
    "builtins.str": str,
    "builtins.sum": sum,
    "builtins.tuple": tuple,
    "builtins.zip": lambda *items: Items(zip(*items, strict=False)),
    "ast.literal_eval": ast.literal_eval,
    "copy.copy": lambda value: value.copy() if isinstance(value, (list, dict, set)) else value,
    "distutils.util.strtobool": _strtobool,
    "json.dumps": _dumps,
    "json.loads": _loads,
    "logging.getLevelName": _level_name,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.log": math.log,
    "math.log2": math.log2,
    "math.sqrt": math.sqrt,
    "math.trunc": math.trunc,
    "os.fspath": str,
    "os.path.abspath": _needs_absolute,
    "os.path.basename": posixpath.basename,
    "os.path.dirname": posixpath.dirname,
    "os.path.expanduser": _no_expansion,
    "os.path.expandvars": _no_expansion,
    "os.path.isabs": posixpath.isabs,
    "os.path.join": posixpath.join,
    "os.path.normpath": posixpath.normpath,
    "os.path.realpath": _needs_absolute,
    "os.path.split": posixpath.split,
    "os.path.splitext": posixpath.splitext,
    "setuptools._distutils.util.strtobool": _strtobool,
}

# Names in modules whose value is the same on every machine that Gunicorn runs on.
CONSTANTS: Mapping[str, Literal] = {
    "logging.CRITICAL": 50,
    "logging.DEBUG": 10,
    "logging.ERROR": 40,
    "logging.INFO": 20,
    "logging.NOTSET": 0,
    "logging.WARNING": 30,
    "math.pi": math.pi,
    "os.curdir": ".",
    "os.extsep": ".",
    "os.linesep": "\n",
    "os.name": "posix",
    "os.pardir": "..",
    "os.pathsep": ":",
    "os.sep": "/",
    "os.path.sep": "/",
    "signal.SIGHUP": 1,
    "signal.SIGINT": 2,
    "signal.SIGKILL": 9,
    "signal.SIGQUIT": 3,
    "signal.SIGTERM": 15,
    "ssl.CERT_NONE": 0,
    "ssl.CERT_OPTIONAL": 1,
    "ssl.CERT_REQUIRED": 2,
    "stat.S_IRWXU": 0o700,
    "sys.version_info.major": 3,
    "typing.TYPE_CHECKING": False,
}


# Functions of the standard library that change what they are given.
CHANGING = ("random.shuffle", "heapq.", "bisect.insort", "operator.", "functools.reduce")


# Functions that go through what an iterator gives.
_GOES_THROUGH = frozenset(
    ("builtins." + name)
    for name in (
        *("all", "any", "dict", "enumerate", "frozenset", "len", "list"),
        *("max", "min", "set", "sorted", "sum", "tuple", "zip"),
    )
)


def function(path: str, positional: int, names: tuple[str, ...]) -> Function:
    """A function of FUNCTIONS that takes its keyword arguments after the positional ones, and plain values alone."""

    def run(*values: Literal) -> Literal:
        if path in _GOES_THROUGH:
            values = tuple(list(value) if isinstance(value, Items) else value for value in values)
        plain(*values)
        return FUNCTIONS[path](*values[:positional], **dict(zip(names, values[positional:], strict=True)))

    return run
