"""Addresses are read as gunicorn/util.py, parse_address, reads them."""

from __future__ import annotations

import pytest
from gunicorn.util import parse_address
from hypothesis import example, given
from hypothesis import strategies as st

from gunicorn_conf.rules.addresses import Address, BadAddress, read_address

PARTS = [
    "unix:",
    "fd://",
    "tcp://",
    "http://",
    "/",
    "//",
    "[",
    "]",
    ":",
    "::",
    "0",
    "1",
    "80",
    "8000",
    ",",
    "a",
    "h.b",
    "]:",
]


@given(st.one_of(st.lists(st.sampled_from(PARTS), max_size=6).map("".join), st.text(max_size=12)))
@example("8000")
@example("")
@example("localhost:")
@example("[::1]:90")
@example("tcp://[::1]")
def test_it_reads_what_gunicorn_reads(text: str) -> None:
    try:
        expected = parse_address(text)
    except RuntimeError:
        expected = None
    read = read_address(text)
    if expected is None:
        assert isinstance(read, BadAddress)
    elif isinstance(expected, tuple):
        in_range = 0 <= expected[1] <= 65_535
        assert read == Address(*expected) if in_range else isinstance(read, BadAddress)
    else:
        # A path or the number of a descriptor; an empty path is no socket.
        assert read == Address() or not str(expected).strip("/")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("http://0.0.0.0:80", '"0.0.0.0:80"'),
        ("https://a/", '"a"'),
        ("http://a:80/path", None),
        ("a:1, b:2", '["a:1", "b:2"]'),
        ("a:1,b:c", None),
        ("::", '"[::]:8000"'),
        ("a:", None),
    ],
)
def test_it_says_what_was_probably_meant(text: str, right: str | None) -> None:
    read = read_address(text)
    assert isinstance(read, BadAddress)
    assert read.right == right
