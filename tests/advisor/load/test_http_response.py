"""The reader of responses: any split of the same bytes gives the same result, and no bytes break it."""

from __future__ import annotations

import http.client
import io
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.load.http_response import MOST_HEAD_BYTES, MalformedResponse, ResponseReader, ShortResponse


class Made(NamedTuple):
    """A valid response, and what a reader must say of it."""

    data: bytes
    status: int
    body_bytes: int
    keep_alive: bool
    head_only: bool
    until_close: bool


class Verdict(NamedTuple):
    """What came of feeding pieces: ``end`` is whole, unfinished or malformed."""

    end: str
    status: int = 0
    body_bytes: int = 0
    keep_alive: bool = False


_names = st.sampled_from(["Server", "Date", "X-Request-Id", "Set-Cookie", "content-type", "X-Content-Length"])
_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_bodies = st.binary(max_size=300)


@st.composite
def responses(draw: st.DrawFn) -> Made:
    """A valid response of any framing."""
    framing = draw(st.sampled_from(["length", "chunked", "until close", "none", "head"]))
    version = draw(st.sampled_from([b"1.0", b"1.1"])) if framing != "chunked" else b"1.1"
    status = draw(st.sampled_from([204, 304]) if framing == "none" else st.sampled_from([200, 201, 302, 404, 500, 599]))
    option = draw(st.sampled_from([b"", b"close", b"Keep-Alive", b"x-other, CLOSE"]))
    body = draw(_bodies)
    lines = [f"{name}: {value}".encode() for name, value in draw(st.lists(st.tuples(_names, _values), max_size=4))]
    if option:
        lines.append(b"Connection: " + option)
    sent = body
    if framing in ("length", "head"):
        lines.append(draw(st.sampled_from([b"Content-Length: %d", b"content-length:%d  "])) % len(body))
    if framing == "chunked":
        lines.append(draw(st.sampled_from([b"Transfer-Encoding: chunked", b"transfer-encoding: gzip, Chunked"])))
        sent = _chunked(draw, body)
    if framing in ("none", "head"):
        sent = body = b""
    lines = draw(st.permutations(lines))
    reason = draw(st.sampled_from([b"", b" ", b" OK", b" Not Really"]))
    head = b"\r\n".join([b"HTTP/" + version + b" %d" % status + reason, *lines, b"", b""])
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"])
    )
    closes = framing == "until close" or b"close" in option.lower() or (version == b"1.0" and option != b"Keep-Alive")
    return Made(interim + head + sent, status, len(body), not closes, framing == "head", framing == "until close")


def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    cuts = sorted(draw(st.sets(st.integers(1, max(len(body) - 1, 1)), max_size=4)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    extension = draw(st.sampled_from([b"", b";name=value", b' ; q="x"']))
    trailer = draw(st.sampled_from([b"", b"X-Checksum: 1\r\n", b"A: b\r\nC: d\r\n"]))
    chunks = b"".join(b"%x" % len(piece) + extension + b"\r\n" + piece + b"\r\n" for piece in pieces if piece)
    return chunks + draw(st.sampled_from([b"0", b"000"])) + b"\r\n" + trailer + b"\r\n"


def split(data: bytes, cuts: set[int]) -> list[bytes]:
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


def verdict(pieces: list[bytes], *, head_only: bool = False, closes: bool = False) -> Verdict:
    reader = ResponseReader(head_only=head_only)
    whole = False
    try:
        for piece in pieces:
            whole = reader.feed(piece)
        if closes:
            reader.close()
            whole = True
    except MalformedResponse:
        return Verdict("malformed")
    except ShortResponse as short:
        return Verdict("closed within" if short.begun else "closed before")
    return Verdict("whole" if whole else "unfinished", reader.status, reader.body_bytes, reader.keep_alive)


_cuts = st.sets(st.integers(0, 2000), max_size=12)


@given(made=responses(), cuts=_cuts)
def test_any_split_of_any_valid_response_gives_the_same_result(made: Made, cuts: set[int]) -> None:
    expected = Verdict("whole", made.status, made.body_bytes, made.keep_alive)
    assert verdict(split(made.data, cuts), head_only=made.head_only, closes=made.until_close) == expected
    single = [bytes([byte]) for byte in made.data]
    assert verdict(single, head_only=made.head_only, closes=made.until_close) == expected


@given(made=responses(), cuts=_cuts, place=st.integers(0, 2000), byte=st.integers(0, 255))
def test_any_split_of_a_damaged_response_gives_the_same_result(
    made: Made, cuts: set[int], place: int, byte: int
) -> None:
    place %= len(made.data)
    data = made.data[:place] + bytes([byte]) + made.data[place + 1 :]
    assert verdict(split(data, cuts), head_only=made.head_only) == verdict([data], head_only=made.head_only)


@given(data=st.binary(max_size=200), cuts=_cuts)
def test_no_bytes_break_the_reader(data: bytes, cuts: set[int]) -> None:
    assert verdict(split(data, cuts)) == verdict([data])


@given(made=responses(), length=st.integers(0, 2000))
def test_a_connection_that_ends_too_early_is_told_from_one_that_never_began(made: Made, length: int) -> None:
    if made.until_close:
        return
    part = made.data[: length % len(made.data)]
    assert verdict([part] if part else [], head_only=made.head_only, closes=True).end == (
        "closed within" if part else "closed before"
    )


@given(made=responses(), surplus=st.binary(min_size=1, max_size=20))
def test_bytes_after_the_end_are_refused(made: Made, surplus: bytes) -> None:
    if not made.until_close:
        assert verdict([made.data + surplus], head_only=made.head_only).end == "malformed"
        assert verdict([made.data, surplus], head_only=made.head_only).end == "malformed"


class _FakeSocket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


@given(made=responses())
def test_the_standard_library_reads_the_same(made: Made) -> None:
    if made.data.startswith(b"HTTP/1.1 103"):
        return  # which http.client takes for the answer
    theirs = http.client.HTTPResponse(_FakeSocket(made.data), method="HEAD" if made.head_only else "GET")  # type: ignore[arg-type]
    theirs.begin()
    if b"gzip" in made.data:
        return  # http.client knows chunked alone, and not as the last of several
    assert (theirs.status, len(theirs.read())) == (made.status, made.body_bytes)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * MOST_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 10_000,
    ],
)
def test_what_is_no_response_is_refused_at_once(data: bytes) -> None:
    assert verdict([data]).end == "malformed"


def test_equal_lengths_said_twice_are_one_length() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi"
    assert verdict([data]) == Verdict("whole", 200, 2, True)


def test_a_response_that_says_both_length_and_chunked_is_chunked_and_ends_the_connection() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    assert verdict([data]) == Verdict("whole", 200, 2, False)
