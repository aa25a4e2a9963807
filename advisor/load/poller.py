"""Waits for sockets: epoll, with waits exact to microseconds, or what ``selectors`` finds where there is none."""

from __future__ import annotations

import contextlib
import select
import selectors
import sys
from collections.abc import Iterator
from typing import Protocol

# The bits of epoll and of poll; `selectors` has others, which are translated.
READ = 0x001
WRITE = 0x004
# More than this many events are taken in the next turn.
_MOST_EVENTS = 256
# select.select() takes no descriptor at or above FD_SETSIZE.
_MOST_SELECTABLE = 1024
# linux/prctl.h
_PR_SET_TIMERSLACK = 29
_PR_GET_TIMERSLACK = 30
_TIMER_SLACK_NANOSECONDS = 1000


class Poller(Protocol):
    """Tells which sockets are ready.

    A socket may be reported only once until nothing more is there to be read or written, so whoever is told must go
    on until that is so.
    """

    def register(self, fd: int, events: int) -> None:
        """Watch a socket for READ, or READ | WRITE."""

    def modify(self, fd: int, events: int) -> None:
        """Watch a socket for something else; what is true already is reported again."""

    def unregister(self, fd: int) -> None:
        """Watch a socket no longer; needed before it is closed."""

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Wait at most so long (a millisecond more or less) and tell what is ready."""

    def wait_exactly(self, seconds: float) -> list[tuple[int, int]]:
        """The same, exact to about 0.1 ms."""

    def close(self) -> None:
        """Give everything back."""


class EpollPoller:
    """Linux's epoll, edge-triggered.

    Its own wait counts in milliseconds, which would bunch the requests of an open loop, so exact waits are those of
    select() on epoll's descriptor. A socket that is closed is watched no longer, by itself.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._selectable = self._epoll.fileno() < _MOST_SELECTABLE

    def register(self, fd: int, events: int) -> None:
        """Watch a socket."""
        self._epoll.register(fd, events | select.EPOLLET)

    def modify(self, fd: int, events: int) -> None:
        """Watch a socket for something else."""
        self._epoll.modify(fd, events | select.EPOLLET)

    def unregister(self, fd: int) -> None:
        """Nothing: closing is enough, and one system call less."""

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Wait at most so long."""
        return self._epoll.poll(max(seconds, 0.0), _MOST_EVENTS)

    def wait_exactly(self, seconds: float) -> list[tuple[int, int]]:
        """Wait at most so long, exactly."""
        if seconds > 0:
            if not self._selectable:  # hundreds of files were open before: spin the last millisecond
                return self._epoll.poll(max(seconds - 0.001, 0.0), _MOST_EVENTS)
            select.select([self._epoll.fileno()], (), (), seconds)
        return self._epoll.poll(0, _MOST_EVENTS)

    def close(self) -> None:
        """Close epoll's descriptor."""
        self._epoll.close()


class SelectorPoller:
    """The best that this system has, through the standard library's ``selectors``."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int, events: int) -> None:
        """Watch a socket."""
        self._selector.register(fd, _selector_events(events))

    def modify(self, fd: int, events: int) -> None:
        """Watch a socket for something else."""
        self._selector.modify(fd, _selector_events(events))

    def unregister(self, fd: int) -> None:
        """Watch a socket no longer."""
        self._selector.unregister(fd)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Wait at most so long."""
        return [
            (key.fd, (READ if events & selectors.EVENT_READ else 0) | (WRITE if events & selectors.EVENT_WRITE else 0))
            for key, events in self._selector.select(max(seconds, 0.0))
        ]

    wait_exactly = wait

    def close(self) -> None:
        """Close the selector."""
        self._selector.close()


def best_poller() -> Poller:
    """Epoll where there is one."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()


@contextlib.contextmanager
def exact_timers() -> Iterator[None]:
    """Let Linux wake this thread when it is due, and not up to 50 µs later as it does by default to save power."""
    if sys.platform != "linux":
        yield
        return
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    before = prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    prctl(_PR_SET_TIMERSLACK, _TIMER_SLACK_NANOSECONDS, 0, 0, 0)
    try:
        yield
    finally:
        if before > 0:
            prctl(_PR_SET_TIMERSLACK, before, 0, 0, 0)


def _selector_events(events: int) -> int:
    return (selectors.EVENT_READ if events & READ else 0) | (selectors.EVENT_WRITE if events & WRITE else 0)
