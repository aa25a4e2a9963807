"""Follows what a worker has of its own while it serves, and bounds it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.host.system import System
from advisor.measure.process_sampler import read_tree
from advisor.measure.profile.mix import growth_bytes_per_request
from advisor.units import KIB, MIB

# What a worker gets in its first dozens of requests, such as a memory pool of the interpreter, looks like growth with
# each of them: a plain ASGI app was taken to grow by 2.3 MiB in 1,000 requests after 72 of them, and not at all after
# 2,400 (measured). After so many, the least that is taken for growth comes to less than a mebibyte in 1,000 requests.
_ENOUGH_REQUESTS = 200
# A worker that has grown by so much needs fewer: twice what the kernel may put in place of small pages at once.
_PLAIN_BYTES = 4 * MIB
# Of so few the median step is a single one.
_FEWEST_REQUESTS = 20


class Growth:
    """The growth of one worker, which may be ``most_bytes``.

    How it grows steadily is told by endpoint, from what follows ``settle``: the first requests import modules and fill
    caches.
    """

    def __init__(self, worker: int, most_bytes: int) -> None:
        self._worker = worker
        self._most_bytes = most_bytes
        self._first_bytes = self._bytes = own_bytes(worker) or 0
        self._served = 0
        self._settled = False
        self._steps: dict[int, list[tuple[int, int]]] = {}
        self.curve: list[tuple[int, int]] = [(0, 0)]
        """By how many bytes the worker had grown after how many requests."""

    def look(self, served: int, endpoint: int) -> None:
        """Read the worker's memory after so many more requests to one endpoint."""
        now = own_bytes(self._worker)
        if now is None:
            return
        if self._settled:
            steps = self._steps.setdefault(endpoint, [(0, 0)])
            steps.append((steps[-1][0] + served, steps[-1][1] + now - self._bytes))
        self._served += served
        self._bytes = now
        self.curve.append((self._served, self.grown_bytes))

    def settle(self) -> None:
        """The warm-up is over."""
        self._settled = True

    @property
    def requests(self) -> int:
        """How many requests there were since the warm-up."""
        return sum(steps[-1][0] for steps in self._steps.values())

    @property
    def grown_bytes(self) -> int:
        """By how much the worker has grown since its start."""
        return self._bytes - self._first_bytes

    @property
    def grown_per_request(self) -> float:
        """The same for each request that there was, whatever the reason."""
        return max(self.grown_bytes, 0) / max(self._served, 1)

    @property
    def too_much(self) -> bool:
        """Whether the worker has grown by all that it may."""
        return self.grown_bytes > self._most_bytes

    def per_request(self, endpoint: int) -> float | None:
        """By how much each such request makes the worker grow; 0 where not steadily, None for too few to tell."""
        return steady_growth(self._steps.get(endpoint, [(0, 0)]))

    def bounded(self, most: int) -> int:
        """At most so many requests, and no more than it takes to grow by what is left, as it looks so far."""
        if self.grown_per_request <= 0:
            return most
        return max(min(most, int((self._most_bytes - self.grown_bytes) / self.grown_per_request) + 1), 1)


def steady_growth(steps: Sequence[tuple[int, int]]) -> float | None:
    """The bytes that each request adds, 0 where they do not; ``steps`` are pairs of requests served and bytes grown.

    None where there were too few requests to tell.
    """
    requests, grown = steps[-1]
    if requests < _FEWEST_REQUESTS or (requests < _ENOUGH_REQUESTS and grown < _PLAIN_BYTES):
        return None
    return growth_bytes_per_request(steps)


def own_bytes(worker: int) -> int | None:
    """What a worker has of its own now, or all that it holds where the system tells no more; None when it is gone."""
    tree = read_tree(worker)
    memory = None if tree is None else tree.arbiter.memory
    if memory is None:
        return None
    own = memory.uss_bytes.value
    return memory.rss_bytes if own is None else own


def greatest_bytes(pid: int) -> int:
    """The most memory that a process ever had at once, at its start included; 0 where the system does not tell."""
    try:
        status = System().read(f"/proc/{pid}/status")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * KIB if found else 0
