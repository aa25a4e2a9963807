"""gunicorn.conf.py by executing it, in a child process of its own: only where the user asks for that.

The child has its own session, an environment of only what is given, an empty working directory and bounds on time,
memory, processes and the size of files. That keeps accidents small; it is not a sandbox for hostile code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.rules.subject import ConfFile, Function, Name
from gunicorn_conf.settings import SettingType, settings
from gunicorn_conf.value import Known, Literal, Unknown, Value

if TYPE_CHECKING:
    import subprocess
    from typing import TypedDict

    class _Answer(TypedDict):
        names: list[tuple[str, _Encoded]]
        failure: str | None


_Encoded: TypeAlias = "dict[str, object]"
_CHILD = Path(__file__).with_name("execute_child.py")
# Address space, not memory in use: an interpreter with a few large packages maps some hundred MiB.
MEMORY_BYTES = 512 * 1024 * 1024
SECONDS = 5.0
# What the child may answer; a configuration has some kilobytes.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024


def execute(
    path: str,
    text: str,
    *,
    python: str,
    environment: Mapping[str, str],
    directory: str,
    seconds: float = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> tuple[ConfFile, tuple[Assigned, ...]]:
    """Read a configuration file by running it with ``python``; ``directory`` is where its neighbours are imported from.

    The values are those of this machine and this environment; the places are those of the text. Modules that are not
    installed are stood in for, and what comes of them is unknown. Where the file fails or takes too long, its
    ``failure`` says so and the values are those of static evaluation.
    """
    conf, assigned = read_conf(path, text, environment=environment)
    if conf.problem is not None:
        return conf, assigned
    answer = _run(path, text, python, environment, directory, seconds, memory_bytes)
    if isinstance(answer, str):
        return replace(conf, failure=answer, failure_place=Place(path=path)), assigned
    if answer["failure"] is not None:
        place = conf.failure_place or Place(path=path)
        return replace(conf, failure=answer["failure"], failure_place=place), assigned
    return _combined(conf, assigned, answer)


def _combined(conf: ConfFile, assigned: tuple[Assigned, ...], answer: _Answer) -> tuple[ConfFile, tuple[Assigned, ...]]:
    """The places of static evaluation with the values of execution."""
    by_name = {one.name: one for one in assigned}
    names: list[Name] = []
    functions: list[Function] = []
    found: list[Assigned] = []
    whole = Place(path=conf.path)
    for name, encoded in answer["names"]:
        value = _value(name, encoded)
        before = conf.name(name)
        if "stand" in encoded and before is not None:
            # Static evaluation may know more of it: the path that a class is imported from.
            value = before.value
        known = before or Name(
            name=name, value=value, place=whole, statement=whole, value_place=None, text="", read_elsewhere=False
        )
        if name in settings():
            one = by_name.get(name) or Assigned(
                name=name, value=value, source=Source.FILE, place=whole, value_place=whole, text=""
            )
            found.append(replace(one, value=value, conditional=False, variables=()))
        if name in settings() or not ({"module", "function", "class"} & set(encoded)):
            names.append(replace(known, value=value, conditional=False))
        if "function" in encoded or conf.function(name) is not None:
            functions.append(_function(name, encoded, conf.function(name), known.place))
    conf = replace(
        conf, names=tuple(names), functions=tuple(functions), incomplete=None, failure=None, failure_place=None
    )
    return conf, tuple(found)


def _function(name: str, encoded: _Encoded, seen: Function | None, place: Place) -> Function:
    bounds = encoded.get("function")
    least, most = bounds if isinstance(bounds, list) else (None, None)
    if seen is not None:
        return replace(seen, least=least, most=most)
    return Function(name=name, place=place, least=least, most=most)


def _value(name: str, encoded: _Encoded) -> Value:
    """A value that the child wrote."""
    is_class = name in settings() and settings()[name].types[-1][1] is SettingType.CLASS
    if "class" in encoded and is_class:
        return Known(value=encoded["class"])
    try:
        return Known(value=_decoded(encoded))
    except _NotPlain as error:
        return Unknown(why=str(error))


class _NotPlain(Exception):
    """What the child could not write down; the text completes "unknown, because ..."."""


def _decoded(encoded: _Encoded) -> Literal:
    ((kind, content),) = encoded.items()
    match kind, content:
        case "value", _:
            return content
        case "int", str():
            return int(content, 16)
        case "float", str():
            return float(content)
        case "list", list():
            return [_decoded(one) for one in content]
        case "tuple", list():
            return tuple(_decoded(one) for one in content)
        case "set", list():
            return {_decoded(one) for one in content}
        case "dict", list():
            return {_decoded(key): _decoded_in_dict(one) for key, one in content}
        case "stand", str():
            raise _NotPlain(f"it comes of {content}, which is not installed")
        case "function", _:
            raise _NotPlain("it is a function")
        case "class", str():
            raise _NotPlain(f"it is the class {content}")
        case "module", str():
            raise _NotPlain(f"it is the module {content}")
        case _:
            raise _NotPlain(str(content))


def _decoded_in_dict(encoded: _Encoded) -> Literal:
    """A value of a dict: classes by their path, as logging.config.dictConfig takes them."""
    path = encoded.get("class") or encoded.get("stand")
    return path if isinstance(path, str) else _decoded(encoded)


def _run(
    path: str, text: str, python: str, environment: Mapping[str, str], directory: str, seconds: float, memory_bytes: int
) -> _Answer | str:
    """What the child answers, or why it does not."""
    import json
    import math
    import subprocess
    import tempfile

    reading, writing = os.pipe()
    request = {
        "path": path,
        "text": text,
        "directory": str(Path(directory).absolute()),
        "memory_bytes": memory_bytes,
        "seconds": math.ceil(seconds),
        "answer": writing,
    }
    with (
        tempfile.TemporaryDirectory(prefix="gcadvise-", ignore_cleanup_errors=True) as empty,
        open(reading, "rb", buffering=0) as pipe,
    ):
        try:
            child = subprocess.Popen(
                [python, "-I", "-B", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                cwd=empty,
                pass_fds=(writing,),
                start_new_session=True,
            )
        except OSError as error:
            return f"{python} cannot be started: {error.strerror}"
        finally:
            os.close(writing)
        try:
            _send(child, json.dumps(request).encode())
            content = _receive(pipe.fileno(), seconds)
        finally:
            _end(child)
    if content is None:
        return f"it takes more than {seconds:g} seconds to execute"
    try:
        answer: _Answer = json.loads(content)
    except ValueError:
        return f"the process that executes it ended (exit status {child.returncode})"
    return answer


def _send(child: subprocess.Popen[bytes], request: bytes) -> None:
    import contextlib

    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


def _receive(descriptor: int, seconds: float) -> bytes | None:
    """All that comes until the other end is closed; None when that takes too long."""
    import select
    import time

    deadline = time.monotonic() + seconds
    content = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        part = os.read(descriptor, 65_536)
        content += part
        if not part or len(content) > _MAX_ANSWER_BYTES:
            return bytes(content)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child with all processes of its session that are left."""
    import contextlib
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
