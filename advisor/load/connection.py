"""One connection and the request on it: opens, sends, reads, and says how the request ended."""

from __future__ import annotations

import errno
import socket

# The socket type beneath socket.socket, without its layer in Python, which costs 3 µs for each new connection.
from _socket import socket as RawSocket  # noqa: N812  (it is a class)

from advisor.load.http_request import WireRequest
from advisor.load.http_response import MalformedResponse, ResponseReader, ShortResponse
from advisor.load.samples import Kind, kind_of_status, outcome

# What is read at once: most responses whole, and little enough that the buffer costs nothing.
READ_BYTES = 16384
# Returned instead of an outcome while the request goes on.
GOES_ON = -1
# A request above the smallest usual segment may be split, and its last part would wait for an acknowledgement.
ONE_SEGMENT_BYTES = 1400
_SOCKET_TYPE = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
_OUT_OF_OUR_OWN = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN}
)

Address = tuple[str, int]


class Target:
    """One kind of request as it is sent, and the last whole response to it.

    A response of the same bytes ends at the same place and says the same, so it need not be read again.
    """

    __slots__ = ("data", "head_only", "idempotent", "known", "known_keep", "known_outcome", "number", "size")

    def __init__(self, request: WireRequest, *, number: int) -> None:
        self.data = request.data
        self.size = len(request.data)
        self.head_only = request.head_only
        self.idempotent = request.idempotent
        self.number = number
        self.known: bytes | None = None
        self.known_outcome = 0
        self.known_keep = False

    def failed(self, kind: Kind) -> int:
        """The outcome of a request of this kind that failed so."""
        return outcome(kind, 0, self.number)


class Connection:
    """A connection, and the request that is under way on it, if any.

    ``due`` and ``sent`` are moments of ``time.perf_counter``. ``fresh`` says that a request is sent entirely and
    nothing of the response has come: the state in which most responses arrive whole.
    """

    __slots__ = (
        "due",
        "fd",
        "fresh",
        "keep",
        "reader",
        "retried",
        "sent",
        "served",
        "socket",
        "target",
        "unsent",
        "write_watched",
    )

    def __init__(self) -> None:
        self.socket: RawSocket
        self.fd = -1
        self.due = 0.0
        self.sent = 0.0
        self.target: Target | None = None
        self.fresh = False
        self.reader: ResponseReader | None = None
        self.unsent = b""
        self.keep = False
        self.served = False
        self.retried = False
        self.write_watched = False

    def open(self, family: int, address: Address, *, no_delay: bool) -> Kind | None:
        """Begin to connect; says what failed, if it failed at once. Large requests need ``no_delay``."""
        try:
            self.socket = RawSocket(family, _SOCKET_TYPE, 0)
        except OSError:
            return Kind.LOCAL
        if not hasattr(socket, "SOCK_NONBLOCK"):
            self.socket.setblocking(False)
        self.fd = self.socket.fileno()
        self.served = False
        self.unsent = b""
        if no_delay:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = self.socket.connect_ex(address)
        if number and number != errno.EINPROGRESS:
            self.socket.close()
            return self.kind_of(OSError(number, ""))
        return None

    def send(self, target: Target) -> Kind | None:
        """Send a request as far as it goes; the rest stays in ``unsent``. Says what failed, if it failed at once."""
        self.target = target
        self.reader = None
        self.keep = False
        try:
            count = self.socket.send(target.data)
        except BlockingIOError:  # not connected yet
            count = 0
        except OSError as error:
            return self.kind_of(error)
        if count == target.size:
            self.fresh = True
        else:
            self.fresh = False
            self.unsent = target.data[count:]
        return None

    def flush(self) -> None:
        """Send what is left of the request, as far as it goes.

        When the server takes no more, the response tells why, or the end of the connection does.
        """
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except OSError as error:
            if self.waits(error):
                return
            self.unsent = b""
            if error.errno == errno.ECONNREFUSED and self.target is not None:
                raise  # no connection came about, so there is nothing to read
        self.fresh = self.reader is None

    def advance(self) -> int:
        """Send and read as far as it goes; gives the outcome, or GOES_ON."""
        assert self.target is not None
        try:
            if self.unsent:
                self.flush()
            while True:
                ended = self.take(self.socket.recv(READ_BYTES))
                if ended != GOES_ON:
                    return ended
        except OSError as error:
            return self.broke(error)

    def broke(self, error: OSError) -> int:
        """What an error of the socket means: GOES_ON when there is only nothing to read yet."""
        assert self.target is not None
        if self.waits(error):
            return GOES_ON
        begun = self.reader is not None and self.reader.begun
        return self.target.failed(Kind.SHORT if begun else self.kind_of(error))

    def waits(self, error: OSError) -> bool:
        """Whether there is only nothing to read, or no room to send."""
        return isinstance(error, BlockingIOError)

    def kind_of(self, error: OSError) -> Kind:
        """How a request ended that this error broke."""
        if error.errno == errno.ECONNREFUSED:
            return Kind.REFUSED
        return Kind.LOCAL if error.errno in _OUT_OF_OUR_OWN else Kind.RESET

    def take(self, data: bytes) -> int:
        """Take what was read, where nothing at all is the connection's end; gives the outcome, or GOES_ON."""
        target = self.target
        assert target is not None
        reader = self.reader
        whole_at_once = reader is None
        if reader is None:
            reader = self.reader = ResponseReader(head_only=target.head_only)
            self.fresh = False
        try:
            if not data:
                reader.close()
                return outcome(kind_of_status(reader.status), reader.status, target.number)
            if not reader.feed(data):
                return GOES_ON
        except MalformedResponse:
            return target.failed(Kind.MALFORMED)
        except ShortResponse as end:
            return target.failed(Kind.SHORT if end.begun else Kind.RESET)
        self.keep = reader.keep_alive and not self.unsent
        ended = outcome(kind_of_status(reader.status), reader.status, target.number)
        if whole_at_once and not self.unsent:
            target.known, target.known_outcome, target.known_keep = data, ended, self.keep
        return ended
