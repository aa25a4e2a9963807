"""What workers, threads and the arbiter need, and how much of the host's memory they may have."""

from __future__ import annotations

from advisor.facts import Fact
from advisor.host.host import Host
from advisor.sizing.constraints import Constraints
from advisor.units import KIB, MIB, show_bytes, show_number

# Caches, the kernel's socket buffers and other processes need the rest; a container is killed at 100 %.
USABLE_SHARE = 0.85
# The arbiter with Gunicorn loaded but no app: the intercept of the sum of PSS over 2, 4 and 8 Flask workers was
# 21.5 MB, the slope 16 MB a worker.
ARBITER_BYTES = 20 * MIB
# A thread that has served requests keeps its touched stack pages and the app's thread-locals: 0.1 to 1 MB.
THREAD_BYTES = 512 * KIB


def plan_bytes(workers: int, threads: int, worker_bytes: int) -> int:
    """The memory of a whole plan: arbiter + workers × (worker + threads × thread)."""
    return ARBITER_BYTES + workers * (worker_bytes + threads * THREAD_BYTES)


def budget(host: Host, constraints: Constraints) -> Fact[int]:
    """The bytes that this app may use in all; unknown when the host's memory is."""
    return host.memory_bytes.map(lambda size: int(USABLE_SHARE * constraints.memory_share * size))


def show_budget(host: Host, constraints: Constraints) -> str:
    """The arithmetic of the budget, ``0.85 × 1.75 GiB``."""
    share = f" × {show_number(constraints.memory_share)}" if constraints.memory_share < 1 else ""
    return f"{show_number(USABLE_SHARE)}{share} × {show_bytes(host.memory_bytes.value or 0)}"
