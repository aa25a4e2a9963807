"""Runs a load: checks it, shares it among generators, and puts together what they measured."""

from __future__ import annotations

import ipaddress
import operator
import socket
import time
import urllib.parse
from collections.abc import Sequence

from advisor.load.connection import Address
from advisor.load.generator import Share, ShareResult
from advisor.load.limits import OpenFiles, check_open_files, check_spec
from advisor.load.result import LoadResult
from advisor.load.samples import Samples
from advisor.load.spec import LoadSpec
from gunicorn_conf.errors import BadInput

_HTTP_PORT = 80
# To see which of the addresses of a name listens; on this machine that is known at once.
_PROBE_SECONDS = 1.0


def run_load(spec: LoadSpec) -> LoadResult:
    """Send a load to a server on this machine and give what came of every request.

    One generator runs in this process, several in one process each. Ctrl-C ends the run with what was measured so
    far, marked as interrupted. Raises BadInput for a load that is out of bounds or not for this machine, and
    DoesNotFit for more clients than the limit of open files lets connect.
    """
    check_spec(spec)
    files = check_open_files(spec)
    family, address = _resolve(spec.url)
    if spec.generators == 1:
        shares: Sequence[ShareResult] = [Share(spec, number=0, family=family, address=address).run(time.perf_counter())]
    else:
        from advisor.load.processes import run_shares

        shares = run_shares(spec, family=family, address=address)
    return _together(shares, files)


def _together(shares: Sequence[ShareResult], files: OpenFiles) -> LoadResult:
    samples = Samples()
    for share in shares:
        samples.extend(share.samples)
    finished = samples.finished_seconds()
    window_seconds = max(share.window_seconds for share in shares)
    in_time = (when <= window_seconds for when in finished)
    return LoadResult(
        samples=samples,
        started=sum(share.started for share in shares),
        unfinished=sum(share.unfinished for share in shares),
        dropped_connections=sum(share.dropped_connections for share in shares),
        answered_in_window=sum(map(operator.and_, in_time, samples.answered())),
        window_seconds=window_seconds,
        elapsed_seconds=max(finished, default=0.0),
        interrupted=any(share.interrupted for share in shares),
        generators=tuple(share.use for share in shares),
        open_files=files,
    )


def _resolve(url: str) -> tuple[int, Address]:
    """The family and the address of a server on this machine, given as ``http://`` with a host and perhaps a port."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http":
        raise BadInput(
            f"{url} cannot be sent load",
            why="load is sent over HTTP without TLS",
            hint="measure the server that stands behind TLS, by its http:// address",
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise BadInput(
            f"{url} is more than the address of a server",
            why="the paths are those of the requests",
            hint="give scheme, host and port alone, such as http://127.0.0.1:8000",
        )
    assert parts.hostname is not None  # the check of the address has seen it
    found: list[tuple[int, Address]] = []
    for family, _, _, _, address in socket.getaddrinfo(
        parts.hostname, parts.port or _HTTP_PORT, type=socket.SOCK_STREAM
    ):
        host, port = address[:2]
        if isinstance(host, str) and isinstance(port, int) and ipaddress.ip_address(host).is_loopback:
            found.append((int(family), (host, port)))
    if not found:
        raise BadInput(
            f"{parts.hostname} has no address on this machine",
            why="it is resolved to addresses elsewhere",
            hint="use 127.0.0.1",
        )
    for kind, server in found[1:] and found:  # localhost may be both 127.0.0.1 and ::1, with a server on one
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_SECONDS)
            if probe.connect_ex(server) == 0:
                return kind, server
    return found[0]
