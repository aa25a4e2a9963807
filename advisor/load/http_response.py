"""Reads HTTP/1.1 responses as they come in, split anywhere; bodies are counted, not kept.

The framing is that of RFC 9112, section 6.3: no body (HEAD, 204, 304), chunked, Content-Length, or until the
connection closes. Interim responses (1xx) are passed over.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

# As much as nginx and Apache take by default for all header lines together, doubled.
MOST_HEAD_BYTES = 65536
# The size in hexadecimal and extensions, or one line of a trailer.
MOST_LINE_BYTES = 8192
# Heads differ by their date once a second; this many are remembered, then all are forgotten.
_REMEMBERED_HEADS = 256

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_NO_BODY_STATUSES = frozenset({204, 304})
_SWITCHING_PROTOCOLS = 101


class MalformedResponse(Exception):
    """What came is not one HTTP/1.1 response."""


class ShortResponse(Exception):
    """The connection was closed within a response; ``begun`` says whether any byte of it had come."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("the connection was closed within a response")
        self.begun = begun


class Framing(enum.Enum):
    """How the end of a body is known."""

    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Status line and header lines of a response, as far as they matter to its end and the connection's."""

    status: int
    framing: Framing
    length: int
    keep_alive: bool


class _State(enum.Enum):
    HEAD = enum.auto()
    LENGTH = enum.auto()
    CHUNK_LINE = enum.auto()
    CHUNK_DATA = enum.auto()
    CHUNK_END = enum.auto()
    TRAILER = enum.auto()
    UNTIL_CLOSE = enum.auto()
    DONE = enum.auto()


class ResponseReader:
    """Takes the bytes of one response, in any pieces.

    After ``feed`` or ``close`` returned True the response is whole, and ``status``, ``keep_alive`` (whether the
    connection may serve another request) and ``body_bytes`` are final.
    """

    __slots__ = ("_head_only", "_left", "_pending", "_state", "body_bytes", "keep_alive", "status")

    def __init__(self, *, head_only: bool = False) -> None:
        """``head_only`` says that the request was a HEAD."""
        self._head_only = head_only
        self._state = _State.HEAD
        self._pending = b""
        self._left = 0
        self.status = 0
        self.keep_alive = False
        self.body_bytes = 0

    @property
    def begun(self) -> bool:
        """Whether any byte has come, interim responses included."""
        return self._state is not _State.HEAD or bool(self._pending) or self.status != 0

    def feed(self, data: bytes) -> bool:
        """Take more bytes; True when the response is whole. Raises MalformedResponse, also for bytes beyond its end."""
        data = self._pending + data if self._pending else data
        self._pending = b""
        while data:
            match self._state:
                case _State.HEAD | _State.CHUNK_LINE | _State.CHUNK_END | _State.TRAILER:
                    rest = self._take_text(data)
                    if rest is None:
                        self._pending = data
                        return False
                    data = rest
                case _State.LENGTH | _State.CHUNK_DATA:
                    taken = min(self._left, len(data))
                    self._left -= taken
                    self.body_bytes += taken
                    data = data[taken:]
                    if not self._left:
                        self._state = _State.DONE if self._state is _State.LENGTH else _State.CHUNK_END
                case _State.UNTIL_CLOSE:
                    self.body_bytes += len(data)
                    return False
                case _State.DONE:
                    raise MalformedResponse("bytes after the end of the response")
        return self._state is _State.DONE

    def close(self) -> None:
        """Take the end of the connection: return when it is the end of the response, else raises ShortResponse."""
        if self._state is not _State.UNTIL_CLOSE:
            raise ShortResponse(begun=self.begun)
        self._state = _State.DONE

    def _take_text(self, data: bytes) -> bytes | None:
        """Take a head or a line from the front; returns the rest, or None when it is not all there yet."""
        if self._state is _State.HEAD:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                _check_beginning(data)
                return None
            self._begin(read_head(data[:end]))
            return data[end + 4 :]
        end = data.find(b"\r\n")
        if end < 0:
            if len(data) > MOST_LINE_BYTES + 1 or (self._state is _State.CHUNK_END and data != b"\r"):
                raise MalformedResponse("a chunk that does not end")
            return None
        if end > MOST_LINE_BYTES:
            raise MalformedResponse("a line that does not end")
        self._take_line(data[:end])
        return data[end + 2 :]

    def _begin(self, head: Head) -> None:
        self.status = head.status
        if head.status < 200:
            if head.status == _SWITCHING_PROTOCOLS:
                raise MalformedResponse("the server changed to another protocol, which nobody asked for")
            return
        self.keep_alive = head.keep_alive
        self._left = head.length
        if self._head_only or head.status in _NO_BODY_STATUSES:
            self._state = _State.DONE
        elif head.framing is Framing.CHUNKED:
            self._state = _State.CHUNK_LINE
        elif head.framing is Framing.UNTIL_CLOSE:
            self._state = _State.UNTIL_CLOSE
            self.keep_alive = False
        else:
            self._state = _State.LENGTH if head.length else _State.DONE

    def _take_line(self, line: bytes) -> None:
        match self._state:
            case _State.CHUNK_LINE:
                found = _CHUNK_LINE.fullmatch(line)
                if found is None:
                    raise MalformedResponse("a chunk without a size")
                self._left = int(found[1], 16)
                self._state = _State.CHUNK_DATA if self._left else _State.TRAILER
            case _State.CHUNK_END:
                if line:
                    raise MalformedResponse("a chunk longer than its size")
                self._state = _State.CHUNK_LINE
            case _:
                if not line:
                    self._state = _State.DONE
                elif not _FIELD.fullmatch(line):
                    raise MalformedResponse("a trailer that is no header line")


_remembered: dict[bytes, Head] = {}


def read_head(data: bytes) -> Head:
    """Read a head, without the empty line that ends it. Raises MalformedResponse."""
    known = _remembered.get(data)
    if known is not None:
        return known
    head = _read_head(data)
    if len(_remembered) >= _REMEMBERED_HEADS:
        _remembered.clear()
    _remembered[data] = head
    return head


def _read_head(data: bytes) -> Head:
    if len(data) > MOST_HEAD_BYTES:
        raise MalformedResponse("a head without an end")
    first, *lines = data.split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise MalformedResponse("no status line of HTTP/1")
    lengths: set[bytes] = set()
    codings: list[bytes] = []
    options: set[bytes] = set()
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise MalformedResponse("a line in the head that is no header")
        name, value = field[1].lower(), field[2].lower()
        if name == b"content-length":
            lengths.update(_elements(value))
        elif name == b"transfer-encoding":
            codings += _elements(value)
        elif name == b"connection":
            options.update(_elements(value))
    status = int(status_line[2])
    keep_alive = b"close" not in options and (status_line[1] == b"1" or b"keep-alive" in options)
    if codings:
        # It overrides Content-Length; one that does not end in chunked lasts until the connection closes.
        framing = Framing.CHUNKED if codings[-1] == b"chunked" else Framing.UNTIL_CLOSE
        return Head(status=status, framing=framing, length=0, keep_alive=keep_alive and not lengths)
    if not lengths:
        return Head(status=status, framing=Framing.UNTIL_CLOSE, length=0, keep_alive=keep_alive)
    # 18 digits are more bytes than anything holds, and few enough that reading the number costs nothing.
    if len(lengths) > 1 or not all(length.isdigit() and len(length) <= 18 for length in lengths):
        raise MalformedResponse("a Content-Length that is no number, or two that differ")
    return Head(status=status, framing=Framing.LENGTH, length=int(lengths.pop()), keep_alive=keep_alive)


def _elements(value: bytes) -> list[bytes]:
    return [element.strip() for element in value.split(b",")]


def _check_beginning(data: bytes) -> None:
    """Raise MalformedResponse when no head can begin so: garbage need not be waited out."""
    begin = b"HTTP/1."
    if data[: len(begin)] != begin[: len(data)] or len(data) > MOST_HEAD_BYTES + 3:
        raise MalformedResponse("no status line of HTTP/1")
