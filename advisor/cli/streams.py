"""Standard output and standard error that never fail: whatever their encoding is, and whoever has stopped reading."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from typing import TextIO

from gunicorn_conf.errors import BadInput

# What is written where a stream cannot encode a character.
_LOOK_ALIKES = {"×": "x", "÷": "/", "−": "-", "–": "-", "±": "+-", "◄": "<", "…": "...", "│": "|", "─": "-"}
_HANDLER = "gcadvise.look_alikes"
# A pipe or a file has no width; this is readable there.
_PLAIN_WIDTH = 100
_WIDEST = 120


def make_safe() -> None:
    """Let both streams replace what they cannot encode, instead of failing at the first ×."""
    codecs.register_error(_HANDLER, _look_alikes)
    for stream in (sys.stdout, sys.stderr):
        # A program that was started without the stream has None there; a test may have put something else in place.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def width() -> int:
    """Columns for an answer: the terminal's, or COLUMNS; at most so many as can be read in a line."""
    return min(_WIDEST, shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns)


def answer(text: str) -> None:
    """Write the answer of a command, text that ends its last line, to standard output.

    A reader that has gone away, such as ``head -1``, has what it wanted: that is no failure, and the command's exit
    code stays what it is. Raises BadInput when it cannot be written for another reason, such as a full disk.
    """
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise _cannot_write("it is closed")
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _give_up(stream)
    except OSError as error:
        _give_up(stream)
        raise _cannot_write(error.strerror or str(error)) from error


def _give_up(stream: TextIO) -> None:
    """Lead the stream nowhere, so that the flush at the end of the process cannot fail either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _cannot_write(why: str) -> BadInput:
    return BadInput("the answer cannot be written to standard output", why=why, hint="lead the output elsewhere")


def _look_alikes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    failed = error.object[error.start : error.end]
    return "".join(_LOOK_ALIKES.get(character, "?") for character in failed), error.end
