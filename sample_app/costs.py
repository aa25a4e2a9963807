"""Spends what an endpoint promises to spend: waiting, computing, memory."""

from __future__ import annotations

import mmap
import time

# Long enough that reading the clock costs little beside the work, short enough to stop within 0.1 ms of the target.
_STEPS_BETWEEN_LOOKS = 500


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
