"""Asks the app's own Python what its source does not tell: whether it is WSGI or ASGI, and what is installed there.

The app is imported in a child process, as Gunicorn imports it. Whatever it does there, this returns in time, and all
that it has started is ended with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.measure.profile.watched import watched

# As long as a server may take to start: it is the same import.
IMPORT_SECONDS = 60.0
# A Python starts in 0.02 s, and in a second or two from a slow disk.
INSTALLED_SECONDS = 10.0
# Longer than any answer: what comes beyond is not listened to.
_LONGEST_ANSWER_BYTES = 64 * 1024

# Gunicorn's own import, so that factories are called with what is in the parentheses (gunicorn/util.py, import_app).
# What tells the interface is what uvicorn looks at too (uvicorn/config.py, Config.load).
_INTERFACE = """
import inspect, json, os, sys
answer, target = int(sys.argv[1]), sys.argv[2]
os.set_inheritable(answer, False)
def tell(**fields):
    os.write(answer, (json.dumps(fields) + "\\n").encode())
try:
    sys.path.insert(0, os.getcwd())
    from gunicorn.util import import_app
    app = import_app(target)
    if inspect.isclass(app):
        asgi = hasattr(app, "__await__")
    else:
        call = app if inspect.isfunction(app) or inspect.ismethod(app) else type(app).__call__
        asgi = inspect.iscoroutinefunction(call)
        if not asgi:
            try:
                given = list(inspect.signature(app).parameters.values())
                needed = [one for one in given if one.default is one.empty and one.kind in (0, 1)]
                asgi = len(needed) == 3
            except (TypeError, ValueError):
                pass
    tell(interface="asgi" if asgi else "wsgi")
except BaseException as error:
    tell(problem=type(error).__name__ + ": " + str(error)[:500])
os._exit(0)
"""

_INSTALLED = """
import importlib.util, json, os, sys
installed = importlib.util.find_spec(sys.argv[2]) is not None
os.write(int(sys.argv[1]), (json.dumps({"installed": installed}) + "\\n").encode())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What an app is called with; ``asgi`` is None where it could not be told, and ``problem`` then says why."""

    asgi: bool | None
    problem: str = ""


def ask_interface(
    python: str,
    target: str,
    directory: Path,
    environment: Mapping[str, str],
    *,
    timeout_seconds: float = IMPORT_SECONDS,
) -> Interface:
    """Whether the app ``target`` (``module:variable``) is ASGI, told by importing it in ``directory``."""
    answer = _ask([python, "-c", _INTERFACE], target, directory, environment, timeout_seconds)
    if isinstance(answer, str):
        return Interface(asgi=None, problem=answer)
    if "interface" in answer:
        return Interface(asgi=answer["interface"] == "asgi")
    return Interface(asgi=None, problem=str(answer.get("problem", "")))


def has_module(python: str, module: str, *, timeout_seconds: float = INSTALLED_SECONDS) -> bool:
    """Whether a Python has a module, without importing it; False where it gives no answer."""
    answer = _ask([python, "-c", _INSTALLED], module, Path("/"), os.environ, timeout_seconds)
    return not isinstance(answer, str) and answer.get("installed") is True


def _ask(
    command: list[str], question: str, directory: Path, environment: Mapping[str, str], timeout_seconds: float
) -> dict[str, object] | str:
    """The answer of a child process, or the sentence that says why there is none."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} cannot be run: it is not an executable file"
    reader, writer = os.pipe()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, reader)
        try:
            stack.enter_context(
                watched(
                    [*command, str(writer), question], directory=directory, environment=environment, files=(writer,)
                )
            )
        except (OSError, ValueError) as error:
            return f"{command[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
        finally:
            os.close(writer)
        line = _line(reader, timeout_seconds)
    if line is None:
        return f"it was not imported within {timeout_seconds:g} s"
    try:
        answer = json.loads(line)
    except ValueError:
        return "importing it ended the process"
    return answer if isinstance(answer, dict) else "importing it ended the process"


def _line(reader: int, timeout_seconds: float) -> bytes | None:
    """What is written until a line ends or nobody can write any more; None when that takes too long."""
    deadline = time.monotonic() + timeout_seconds
    text = b""
    while b"\n" not in text and len(text) < _LONGEST_ANSWER_BYTES:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return None
        chunk = os.read(reader, 4096)
        if not chunk:
            break
        text += chunk
    return text.partition(b"\n")[0]
