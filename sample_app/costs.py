"""Spends what an endpoint promises to spend: waiting, computing, memory."""

from __future__ import annotations

import enum
import mmap
import random
import time

# Long enough that reading the clock costs little beside the work, short enough to stop within 0.1 ms of the target.
_STEPS_BETWEEN_LOOKS = 500


# One request in ten waits 5.5 times as long as the mean, the others half as long: 0.1 × 5.5 + 0.9 × 0.5 = 1.
_LONG_SHARE = 0.1
_LONG = 5.5
_SHORT = 0.5


class Spread(enum.Enum):
    """How the waits of single requests are spread around their mean."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    BIMODAL = "bimodal"


def draw(mean_seconds: float, spread: Spread) -> float:
    """The wait of one request, in seconds; over many requests the mean is ``mean_seconds``."""
    match spread:
        case Spread.FIXED:
            return mean_seconds
        case Spread.EXPONENTIAL:
            return random.expovariate(1 / mean_seconds) if mean_seconds else 0.0
        case Spread.BIMODAL:
            return mean_seconds * (_LONG if random.random() < _LONG_SHARE else _SHORT)


def wait(seconds: float) -> None:
    """Wait as a request to a database or another service does: without using the CPU."""
    time.sleep(seconds)


def burn(milliseconds: float) -> None:
    """Compute in pure Python until this thread has used so much CPU time.

    Waiting for a core or for the GIL adds nothing to it.
    """
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        for _ in range(_STEPS_BETWEEN_LOOKS):
            pass


def allocate(mebibytes: float) -> bytearray:
    """Memory of that size with every page touched, so that it is really there."""
    block = bytearray(int(mebibytes * 1024 * 1024))
    for page in range(0, len(block), mmap.PAGESIZE):
        block[page] = 1
    return block
