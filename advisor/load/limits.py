"""What a load may ask for: every run is bounded in time, number and connections, and more so on a foreign host."""

from __future__ import annotations

import math
import resource
from dataclasses import dataclass

from advisor.load.spec import ClosedLoop, LoadSpec, OpenLoop
from advisor.load.target import check_allowed, is_loopback
from gunicorn_conf.errors import BadInput, DoesNotFit

# Linux gives out 28,232 ports for outgoing connections by default (ip_local_port_range 32768 to 60999).
MOST_CONNECTIONS = 20_000
# Above what one generator process sends with kept-alive connections on any machine that was tried.
MOST_RATE_PER_SECOND = 200_000.0
# An hour: also what fits the whole microseconds in which due times are kept (4,294 s).
MOST_SECONDS = 3600.0
MOST_TIMEOUT_SECONDS = 3600.0
# 320 MB of samples at 16 bytes each.
MOST_REQUESTS = 20_000_000
MOST_GENERATORS = 64
# The number of a request is kept in 18 bits, and far fewer are of use; it also bounds what is written beforehand.
MOST_KINDS_OF_REQUESTS = 1000
# A host that is not this machine may serve others too, whatever its owner has agreed to. These are set with care, not
# measured: a minute is enough to see a steady state; a small site with one worker serves some 100 requests a second,
# so that 200 fill it without drowning it; 64 clients fit the backlog of any server (Gunicorn's holds 2048).
MOST_FOREIGN_SECONDS = 60.0
MOST_FOREIGN_RATE_PER_SECOND = 200.0
MOST_FOREIGN_CLIENTS = 64
MOST_FOREIGN_REQUESTS = int(MOST_FOREIGN_SECONDS * MOST_FOREIGN_RATE_PER_SECOND)
# Standard streams, the poller, pipes, a server's log, and what the calling program has open.
_OTHER_FILES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFiles:
    """The limit of open files beside what one generator needs at worst.

    An open loop needs so many only when the server answers nothing until the timeout; a closed loop, always.
    """

    needed: int
    allowed: int

    @property
    def enough(self) -> bool:
        """Whether a lack of open files is ruled out."""
        return self.needed <= self.allowed


def check_spec(spec: LoadSpec) -> None:
    """Raise BadInput when a load is out of bounds, or for a host that was not allowed; NaN is out of bounds too."""
    check_allowed(spec.url, spec.allowed_host)
    if not is_loopback(spec.url):
        _check_foreign(spec)
    _check(
        0 < spec.seconds <= MOST_SECONDS, "time", f"{spec.seconds:g} s", f"above 0 and at most {MOST_SECONDS:,.0f} s"
    )
    _check(
        0 < spec.timeout_seconds <= MOST_TIMEOUT_SECONDS,
        "timeout",
        f"{spec.timeout_seconds:g} s",
        f"above 0 and at most {MOST_TIMEOUT_SECONDS:,.0f} s",
    )
    if spec.most_requests is not None:
        _check_count("number of requests", spec.most_requests, MOST_REQUESTS)
    _check_count("number of generators", spec.generators, MOST_GENERATORS)
    _check_count("number of kinds of requests", len(spec.requests), MOST_KINDS_OF_REQUESTS)
    for request in spec.requests:
        _check(0 < request.weight < float("inf"), "weight", f"{request.weight:g}", "a number above 0")
    match spec.loop:
        case ClosedLoop(clients=clients):
            _check_count("number of clients", clients, MOST_CONNECTIONS)
            _check(clients >= spec.generators, "number of clients", f"{clients:,}", "at least one for each generator")
        case OpenLoop(rate_per_second=rate):
            _check(
                0 < rate <= MOST_RATE_PER_SECOND,
                "rate",
                f"{rate:g} requests/s",
                f"above 0 and at most {MOST_RATE_PER_SECOND:,.0f} requests/s",
            )
            requests = rate * spec.seconds
            _check(
                requests <= MOST_REQUESTS,
                "rate over that time",
                f"{requests:,.0f} requests",
                f"{MOST_REQUESTS:,} at most",
            )


def most_requests(spec: LoadSpec) -> int:
    """How many requests a run may have at most, all generators together; bounds the memory for samples too."""
    most = MOST_REQUESTS
    if not is_loopback(spec.url):  # by its length, so that several runs together stay within the ceiling too
        most = max(1, min(MOST_FOREIGN_REQUESTS, int(MOST_FOREIGN_RATE_PER_SECOND * spec.seconds)))
    return most if spec.most_requests is None else min(spec.most_requests, most)


def check_foreign_runs(spec: LoadSpec, runs: int) -> None:
    """Raise BadInput when so many runs of one command are too much together for a host that is not this machine.

    The ceiling of requests holds for their sum as well: ``most_requests`` bounds each by its length.
    """
    seconds = runs * spec.seconds
    if is_loopback(spec.url) or seconds <= MOST_FOREIGN_SECONDS:
        return
    fitting = int(MOST_FOREIGN_SECONDS // spec.seconds)
    each = math.floor(10 * MOST_FOREIGN_SECONDS / runs) / 10
    fewer = f"--restarts {fitting}, or " if fitting else ""
    raise BadInput(
        f"{runs} runs of {spec.seconds:g} s are {seconds:g} s of load on another machine",
        why=f"it gets {MOST_FOREIGN_SECONDS:g} s at most from one command, warm-ups included",
        hint=f"choose {fewer}--seconds and --warm-up of {each:g} s together at most",
    )


def least_gap_seconds(spec: LoadSpec) -> float:
    """What must lie between two requests of one generator in a closed loop; 0 on this machine."""
    return 0.0 if is_loopback(spec.url) else spec.generators / MOST_FOREIGN_RATE_PER_SECOND


def _check_foreign(spec: LoadSpec) -> None:
    """Raise BadInput when a load is too much for a host that is not this machine."""
    _check_at_most("time", spec.seconds, MOST_FOREIGN_SECONDS, "s")
    match spec.loop:
        case ClosedLoop(clients=clients):
            _check_at_most("number of clients", clients, MOST_FOREIGN_CLIENTS, "clients")
        case OpenLoop(rate_per_second=rate):
            _check_at_most("rate", rate, MOST_FOREIGN_RATE_PER_SECOND, "requests/s")


def _check_at_most(what: str, value: float, most: float, unit: str) -> None:
    if not value <= most:
        raise BadInput(
            f"{value:g} {unit} is not a {what} that a load on another machine may have",
            why="it may serve others too, so it gets a bounded load whoever agreed to it",
            hint=f"choose {most:g} {unit} at most, or measure where the server runs",
        )


def check_open_files(spec: LoadSpec) -> OpenFiles:
    """Compare what the run needs with the limit of open files.

    The soft limit is what counts: raising it is the user's decision, since the server's processes would inherit it.
    Raises DoesNotFit for a closed loop whose clients could not all connect.
    """
    files = OpenFiles(needed=connections_at_worst(spec) + _OTHER_FILES, allowed=_soft_limit())
    if isinstance(spec.loop, ClosedLoop) and not files.enough:
        raise DoesNotFit(
            f"{spec.loop.clients:,} clients do not fit the limit of open files",
            why=f"a process needs {files.needed:,} here, and may open {files.allowed:,}",
            hint=f"raise the limit with `ulimit -n {files.needed}`, or use fewer clients",
        )
    return files


def connections_at_worst(spec: LoadSpec) -> int:
    """How many connections one generator can have at once."""
    match spec.loop:
        case ClosedLoop(clients=clients):
            total = clients
        case OpenLoop(rate_per_second=rate):
            total = int(rate * min(spec.timeout_seconds, spec.seconds)) + 1
    if spec.most_requests is not None:
        total = min(total, spec.most_requests)
    share = -(-total // spec.generators)
    return min(share, MOST_CONNECTIONS)


def _soft_limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS + _OTHER_FILES if soft == resource.RLIM_INFINITY else soft


def _check_count(what: str, count: int, most: int) -> None:
    _check(1 <= count <= most, what, f"{count:,}", f"1 to {most:,}")


def _check(holds: bool, what: str, value: str, allowed: str) -> None:
    if not holds:
        raise BadInput(
            f"{value} is not a {what} that a load may have",
            why="every load is bounded in time and number",
            hint=f"choose {allowed}",
        )
