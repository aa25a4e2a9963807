"""The program of one generator's process, run with nothing but the standard library and the folders of two packages.

::

    python -I -S child.py FD FOLDER...

FD is one end of a socket to gcadvise: a task comes in, "ready" goes out; the moment to begin comes in, the result goes
out. Once gcadvise closes its end, whatever the reason, the process ends.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from advisor.load.connection import Address
    from advisor.load.spec import LoadSpec

# Anything that comes in while a load runs ends it.
STOP = "stop"
READY = "ready"


class Task(NamedTuple):
    """Which share of which load a process generates, and where the server is."""

    spec: LoadSpec
    number: int
    family: int
    address: Address


def generate(descriptor: int) -> None:
    """Do what is asked for at the other end."""
    from multiprocessing.connection import Connection

    from advisor.load.generator import Share

    pipe = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):  # the other end is gone: nobody wants the result
        spec, number, family, address = pipe.recv()
        try:
            share = Share(spec, number=number, family=family, address=address, stop_fd=descriptor)
        except Exception as error:
            pipe.send(error)
            return
        pipe.send(READY)
        begin = pipe.recv()
        pipe.send(share.run(begin))


if __name__ == "__main__":
    sys.path += sys.argv[2:]
    generate(int(sys.argv[1]))
