"""Turns signals into an orderly end, so that whatever was started is stopped."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
# What a shell reports for a process that a signal ended: 128 + the signal's number.
_SIGNAL_EXIT_BASE = 128


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise SystemExit(143) at SIGTERM and SystemExit(129) at SIGHUP for the time of the block.

    A signal that is ignored (``nohup``) stays ignored. Outside the main thread, where no handler can be set, the
    block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, _end)
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let the block come to its end before Ctrl-C, SIGTERM or SIGHUP has its effect: for starting and stopping.

    The block must be short. Outside the main thread, where no handler can be set, it runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_SIGNALS)}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, lambda number, _frame: waiting.append(number))
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_SIGNAL_EXIT_BASE + number)
