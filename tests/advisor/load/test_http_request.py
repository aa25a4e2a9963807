"""Requests as they go over the wire, and what is no request."""

from __future__ import annotations

import pytest

from advisor.load.http_request import wire_request
from advisor.load.spec import Connections, LoadRequest
from gunicorn_conf.errors import BadInput


def _data(request: LoadRequest, connections: Connections = Connections.KEPT_ALIVE) -> bytes:
    return wire_request(request, authority="127.0.0.1:8000", connections=connections).data


def test_a_new_connection_is_announced_as_the_last_request_on_it() -> None:
    assert _data(LoadRequest(path="/a?b=1"), Connections.NEW) == (
        b"GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n"
    )
    assert _data(LoadRequest()) == b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"


def test_headers_and_body_are_sent_with_the_length_of_the_body() -> None:
    request = LoadRequest(method="POST", headers=(("Content-Type", "text/plain"),), body=b"\x00\xff")
    assert _data(request) == (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n\x00\xff"
    )


def test_a_post_without_a_body_says_so() -> None:
    assert b"Content-Length: 0\r\n" in _data(LoadRequest(method="POST"))


@pytest.mark.parametrize(
    "request_",
    [
        LoadRequest(path="no-slash"),
        LoadRequest(path="/a b"),
        LoadRequest(path="/a\r\nX: y"),
        LoadRequest(path="/ä"),
        LoadRequest(method="GET /"),
        LoadRequest(method=""),
        LoadRequest(method="CONNECT"),
        LoadRequest(headers=(("A b", "c"),)),
        LoadRequest(headers=(("A", "b\r\nC: d"),)),
        LoadRequest(headers=(("A", "\u0100"),)),
        LoadRequest(headers=(("content-length", "5"),)),
        LoadRequest(headers=(("Connection", "close"),)),
        LoadRequest(headers=(("Host", "elsewhere"),)),
    ],
)
def test_what_http_does_not_allow_is_refused(request_: LoadRequest) -> None:
    with pytest.raises(BadInput):
        _data(request_)
