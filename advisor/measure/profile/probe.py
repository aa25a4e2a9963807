"""Sends one request and keeps what came: the first look at an endpoint, before any load."""

from __future__ import annotations

import socket
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.load.http_request import wire_request
from advisor.load.http_response import MalformedResponse, ResponseReader, ShortResponse
from advisor.load.samples import Kind, kind_of_status
from advisor.load.spec import Connections, LoadRequest

_READ_BYTES = 65536
# The head is kept for what it says; a body is only counted. More than this is no answer but a stream.
MOST_ANSWER_BYTES = 256 * 1024 * 1024
_KEPT_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request and what came of it; ``status`` is 0 where no whole answer came.

    ``headers`` have names in lower case; ``size_bytes`` is all that came over the wire.
    """

    request: LoadRequest
    kind: Kind
    status: int
    headers: Mapping[str, str]
    size_bytes: int
    seconds: float

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("location")


def shown(request: LoadRequest) -> str:
    """``GET /path``."""
    return f"{request.method} {request.path}"


def probe(url: str, request: LoadRequest, *, timeout_seconds: float) -> Answer:
    """Send one request on a connection of its own and wait for the whole answer, ``timeout_seconds`` at most."""
    target = urllib.parse.urlsplit(url)
    assert target.hostname is not None
    wire = wire_request(request, authority=target.netloc, connections=Connections.NEW)
    reader = ResponseReader(head_only=wire.head_only)
    kept = bytearray()
    size = 0
    began = time.monotonic()
    deadline = began + timeout_seconds
    kind: Kind | None = None
    try:
        with socket.create_connection((target.hostname, target.port or 80), timeout=timeout_seconds) as connection:
            connection.sendall(wire.data)
            whole = False
            while not whole:
                connection.settimeout(max(deadline - time.monotonic(), 0.001))
                data = connection.recv(_READ_BYTES)
                if not data:
                    reader.close()
                    break
                size += len(data)
                if len(kept) < _KEPT_BYTES:
                    kept += data
                if size > MOST_ANSWER_BYTES or time.monotonic() > deadline:
                    kind = Kind.TIMEOUT
                    break
                whole = reader.feed(data)
    except TimeoutError:
        kind = Kind.TIMEOUT
    except ConnectionRefusedError:
        kind = Kind.REFUSED
    except OSError:
        kind = Kind.SHORT if reader.begun else Kind.RESET
    except ShortResponse as error:
        kind = Kind.SHORT if error.begun else Kind.RESET
    except MalformedResponse:
        kind = Kind.MALFORMED
    seconds = time.monotonic() - began
    if kind is not None:
        return Answer(request=request, kind=kind, status=0, headers={}, size_bytes=size, seconds=seconds)
    return Answer(
        request=request,
        kind=kind_of_status(reader.status),
        status=reader.status,
        headers=_headers(bytes(kept)),
        size_bytes=size,
        seconds=seconds,
    )


def _headers(data: bytes) -> dict[str, str]:
    """The header lines of the last head: interim responses (1xx) come before it."""
    head = data.partition(b"\r\n\r\n")[0]
    while head.startswith(b"HTTP/1.1 1"):
        data = data.partition(b"\r\n\r\n")[2]
        head = data.partition(b"\r\n\r\n")[0]
    lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
    return {name.lower(): value.strip() for name, _, value in lines}
