"""Memory shared with a server's workers, in which each counts its requests."""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path

# For each worker its process id and its requests, two numbers of 8 bytes, as the launcher's Counters writes them.
_PLACE_BYTES = 16
# More workers than this would have to be started, one after another, before the first place is used again.
_PLACES = 4096


class RequestCounters:
    """The counters of all workers of one server; workers that have ended stay in them."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):  # not a file, whose pages a slow disk would hold up while they are written
            self.descriptor = os.memfd_create("gcadvise-requests")
        else:
            self.descriptor, path = tempfile.mkstemp(prefix="gcadvise-")
            Path(path).unlink()
        os.ftruncate(self.descriptor, _PLACES * _PLACE_BYTES)
        self._memory = mmap.mmap(self.descriptor, _PLACES * _PLACE_BYTES)

    def read(self) -> dict[int, int]:
        """The requests that each worker has begun, by process id."""
        with memoryview(self._memory) as all_bytes, all_bytes.cast("Q") as numbers:
            return {numbers[first]: numbers[first + 1] for first in range(0, len(numbers), 2) if numbers[first]}

    def close(self) -> None:
        """Give the memory back; the server's processes keep theirs."""
        self._memory.close()
        os.close(self.descriptor)
