"""What the user allows and asks for, besides the host and the workload."""

from __future__ import annotations

from dataclasses import dataclass

# Beyond this a worker's threads mostly contend for its one GIL and its one accept loop; more only when asked for.
DEFAULT_MAX_THREADS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Bounds and wishes for a plan."""

    memory_share: float = 1.0
    """The share of the host's memory that this app may use, above 0 and at most 1."""
    max_db_connections: int | None = None
    """No more slots than this: each slot may hold one connection."""
    max_threads: int = DEFAULT_MAX_THREADS
    """No more threads than this in one worker."""
    max_requests: int | None = None
    """Restart a worker after about so many requests; None leaves it off."""
    preload: bool = False
    """Load the app before the workers fork."""
