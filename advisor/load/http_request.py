"""Writes requests as the bytes that go over the wire, once before the run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from advisor.load.spec import Connections, LoadRequest
from gunicorn_conf.errors import BadInput

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_TARGET = re.compile(r"/[!-~]*")  # origin form: from a slash on, no space, no control character
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
# These decide how a request ends and whether the connection lives: they are the engine's to say.
_OWN_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding"})
# May be sent again when a kept-alive connection turns out to be closed: RFC 9110, section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One request ready to be sent."""

    data: bytes
    head_only: bool
    idempotent: bool


def wire_request(request: LoadRequest, *, authority: str, connections: Connections) -> WireRequest:
    """The bytes of a request to ``authority`` (host and port). Raises BadInput for what HTTP does not allow."""
    if not _TOKEN.fullmatch(request.method) or request.method == "CONNECT":
        raise BadInput(
            f"{request.method!r} is not a method that can be sent",
            why="a method is one word, and CONNECT is for proxies",
            hint="use GET, POST or another that the app serves",
        )
    if not _TARGET.fullmatch(request.path):
        raise BadInput(
            f"{request.path!r} is not a path",
            why="a path begins with / and has neither spaces nor characters beyond ASCII",
            hint="write it as /slow?seconds=2, other characters percent-encoded",
        )
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {authority}"]
    for name, value in request.headers:
        _check_header(name, value)
        lines.append(f"{name}: {value}")
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(request.body)}")
    if connections is Connections.NEW:
        lines.append("Connection: close")
    return WireRequest(
        data="\r\n".join([*lines, "", ""]).encode("latin-1") + request.body,
        head_only=request.method == "HEAD",
        idempotent=request.method in _IDEMPOTENT,
    )


def _check_header(name: str, value: str) -> None:
    if name.lower() in _OWN_HEADERS:
        raise BadInput(
            f"the header {name} cannot be chosen",
            why="it is derived from the address, the body and the kind of connection",
            hint="leave it out",
        )
    if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise BadInput(
            f"{name!r}: {value!r} is not a header",
            why="a name is one word, and a value is one line of Latin-1",
            hint="write it as name: value",
        )
