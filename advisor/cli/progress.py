"""What a long command says on standard error while it works."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

import typer

# A terminal's line is drawn anew so often: as the time left is shown in seconds, more would show nothing.
_REDRAW_SECONDS = 1.0
_CLEAR_LINE = "\r\x1b[K"
# Of a terminal that does not say how wide it is.
_USUAL_WIDTH = 80


def progress(line: str) -> None:
    """One line a phase, on standard error, so that standard output stays the answer alone."""
    typer.echo(line, err=True)


class Meter:
    """The phases of a measurement with the time left: one line that is rewritten on a terminal, else one line a phase.

    To be used as a context; at its end the line on the terminal is cleared.
    """

    def __init__(
        self, *, stream: TextIO | None = None, terminal: bool | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = _is_terminal(self._stream) if terminal is None else terminal
        self._clock = clock
        self._text = ""
        self._ends: float | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Meter:
        if self._terminal:
            self._thread = threading.Thread(target=self._redraw, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._write(_CLEAR_LINE)

    def phase(self, text: str, *, left_seconds: float | None = None) -> None:
        """What begins now; ``left_seconds`` is how long all that is still to come will take, as far as is known."""
        with self._lock:
            self._text = text
            self._ends = None if left_seconds is None else self._clock() + left_seconds
        if self._terminal:
            self.draw()
        else:
            self._write(self._line() + "\n")

    def note(self, text: str) -> None:
        """A line that stays."""
        self._write(f"{_CLEAR_LINE if self._terminal else ''}{text}\n")
        if self._terminal:
            self.draw()

    def draw(self) -> None:
        """Write the line of a terminal anew, with the time that is left now."""
        line = self._line()
        if line:
            self._write(_CLEAR_LINE + line[: _width(self._stream) - 1])

    def _redraw(self) -> None:
        while not self._over.wait(_REDRAW_SECONDS):
            self.draw()

    def _line(self) -> str:
        with self._lock:
            left = None if self._ends is None else max(self._ends - self._clock(), 0.0)
            return self._text if left is None else f"{self._text}; {left_text(left)}"

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._terminal = False  # nobody reads it any more; the measurement goes on


def left_text(seconds: float) -> str:
    """The time left in words: ``about 40 s left``, ``about 2 min 10 s left``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not whole:
        return "nearly done"
    shown = f"{rest} s" if not minutes else f"{minutes} min" + (f" {rest} s" if rest else "")
    return f"about {shown} left"


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH
