"""The child process of execute.py: runs a configuration file and writes what it bound.

It runs without gcadvise, in the Python that Gunicorn runs in. It gets its request as JSON on standard input and writes
the answer as JSON to the file descriptor that is named in it.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

# Items of one list or dict, and how deeply they may nest, that are handed back.
MAX_ITEMS = 4096
MAX_NESTING = 40


class Stand:
    """Stands for whatever a module that is not installed would hold."""

    def __init__(self, path: str) -> None:
        object.__setattr__(self, "_path", path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Stand(self._path + "." + name)

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __call__(self, *values: Any, **named: Any) -> Any:  # noqa: D102
        # A decorator gives back what it decorates.
        if len(values) == 1 and not named and isinstance(values[0], types.FunctionType):
            return values[0]
        return Stand(self._path + "()")

    def __getitem__(self, key: object) -> Stand:
        return Stand(self._path + "[]")

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, item: object) -> bool:
        return False

    def __enter__(self) -> Stand:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()

    def _itself(self, *_others: object) -> Stand:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _itself
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __or__ = __ror__ = __neg__ = _itself


class StandModule(types.ModuleType):
    """Stands for a module that is not installed."""

    __path__ = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Stand(self.__name__ + "." + name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what no other finder does, except within the standard library and within modules that are there."""

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Accept every module whose package is not there, or stands for one that is not."""
        top = name.partition(".")[0]
        standard = getattr(sys, "stdlib_module_names", ())
        if top in standard or (top != name and not isinstance(sys.modules.get(top), StandModule)):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make a module that stands for the one that is missing."""
        return StandModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: there is nothing to run."""


def limit(memory_bytes: int, seconds: int) -> None:
    """Bound memory, CPU time, processes and files for this process and its children."""
    import resource

    for what, bound in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        # The surroundings may allow even less.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, bound))


def encoded(value: Any, depth: int = 0) -> dict[str, object]:
    """A value as JSON that keeps its type; {"unknown": why} for what cannot be written down."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return {"value": value}
    if kind is int:
        return {"int": hex(value)}
    if kind is float:
        return {"float": repr(value)}
    if depth > MAX_NESTING or (kind in (list, tuple, dict, set) and len(value) > MAX_ITEMS):
        return {"unknown": "it is too large"}
    if kind in (list, tuple, set):
        return {kind.__name__: [encoded(one, depth + 1) for one in value]}
    if kind is dict:
        return {"dict": [[encoded(key, depth + 1), encoded(one, depth + 1)] for key, one in value.items()]}
    if isinstance(value, int):
        return {"int": hex(int(value))}
    if kind is Stand:
        return {"stand": value._path}
    if isinstance(value, type):
        return {"class": value.__module__ + "." + value.__qualname__}
    if isinstance(value, types.ModuleType):
        return {"module": value.__name__}
    if callable(value):
        return {"function": arity(value)}
    return {"unknown": "it is an object of " + kind.__module__ + "." + kind.__qualname__}


def arity(function: Callable[..., object]) -> list[int | None]:
    """How many positional arguments a function needs and takes; None where not known or not bounded."""
    import inspect

    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [None, None]
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    any_number = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return [sum(one.default is one.empty for one in positional), None if any_number else len(positional)]


def main() -> None:
    """Run the file of the request, and answer."""
    request = json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogatepass"))
    limit(request["memory_bytes"], request["seconds"])
    sys.path.insert(0, request["directory"])
    sys.dont_write_bytecode = True
    sys.meta_path.append(Finder())
    module = types.ModuleType("__config__")
    module.__file__ = request["path"]
    sys.modules["__config__"] = module
    sys.argv = ["gunicorn"]
    failure = None
    try:
        exec(compile(request["text"], request["path"], "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:
        failure = type(error).__name__ + (": " + str(error)[:200] if str(error) else "")
    names = []
    for name, value in list(vars(module).items()):
        if not name.startswith("_"):
            try:
                names.append([name, encoded(value)])
            except BaseException as error:
                names.append([name, {"unknown": "looking at it fails: " + type(error).__name__}])
    answer = json.dumps({"names": names, "failure": failure}).encode()
    with open(request["answer"], "wb", buffering=0, closefd=False) as pipe:
        while answer:
            answer = answer[pipe.write(answer) :]
    os._exit(0)


main()
