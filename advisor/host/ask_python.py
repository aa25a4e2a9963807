"""Asks another Python for its version and its Gunicorn, by running it once; whatever it is, this returns in time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import NamedTuple

# A Python starts in 0.02 s, and in a second or two from a slow disk; after this one it is taken for something else.
TIMEOUT_SECONDS = 10.0

# The answer is one short line; a program that says much more is not a Python, and is not listened to.
_LONGEST_OUTPUT_BYTES = 64 * 1024

_MARK = "gcadvise-answer"

# Runs under any Python, 2 included. Folders named by an empty path are the working directory, whose modules
# (a json.py of the user's) must not be run.
_QUESTION = f"""
import sys
sys.path = [path for path in sys.path if path]
try:
    from importlib.metadata import version
    release = version("gunicorn")
except Exception:
    release = "-"
gil = getattr(sys, "_is_gil_enabled", lambda: True)()
sys.stdout.write("\\n{_MARK} %d.%d.%d %d %s\\n" % (tuple(sys.version_info[:3]) + (not gil, release)))
"""


class Answer(NamedTuple):
    """What an interpreter says of itself."""

    version: str
    free_threaded: bool
    gunicorn: str
    """Its release, empty when it is not installed."""


def ask_python(path: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Answer | str:
    """The answer of the interpreter at ``path``; or, when it gives none, the sentence that says why."""
    try:
        # A session of its own, so that all it may start can be ended with it.
        process = subprocess.Popen(
            [path, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"{path} cannot be run: {getattr(error, 'strerror', None) or error}"
    try:
        output, ended = _listen(process, timeout_seconds)
    finally:
        _end(process)
    for line in reversed(output.decode(errors="replace").splitlines()):
        words = line.split()
        if len(words) == 4 and words[0] == _MARK:
            return Answer(words[1], words[2] == "1", "" if words[3] == "-" else words[3])
    if not ended:
        return f"{path} gave no answer within {timeout_seconds:g} s"
    return f"{path} did not answer as a Python does"


def _listen(process: subprocess.Popen[bytes], timeout_seconds: float) -> tuple[bytes, bool]:
    """What it prints until it closes its output or prints too much, and whether it did so in time."""
    assert process.stdout is not None
    end = time.monotonic() + timeout_seconds
    output = b""
    while len(output) <= _LONGEST_OUTPUT_BYTES:
        left = end - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            return output, False
        chunk = os.read(process.stdout.fileno(), 8192)
        if not chunk:
            break
        output += chunk
    return output, True


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all of it has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
