"""One connection under TLS, driven by the same poller as a plain one; a new connection makes a whole handshake."""

from __future__ import annotations

import errno
import socket
import ssl

from advisor.load.connection import GOES_ON, Address, Connection, Target
from advisor.load.samples import Kind
from advisor.load.spec import LoadSpec
from advisor.load.target import host_of, is_loopback
from gunicorn_conf.errors import BadInput, ServerFailed

# A handshake takes two or three turns of the network and some milliseconds of both CPUs.
_HANDSHAKE_SECONDS = 5.0
_WAITING = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def client_context(spec: LoadSpec) -> ssl.SSLContext:
    """What a client checks: on another machine the certificate; on this one it is for another name anyway."""
    context = ssl.create_default_context()
    if is_loopback(spec.url):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def check_handshake(spec: LoadSpec, family: int, address: Address) -> None:
    """Make one handshake, so that what is wrong with it is said, and not counted as broken connections.

    Raises BadInput for a certificate that cannot be verified, and ServerFailed when there is no TLS.
    """
    context = client_context(spec)
    with socket.socket(family, socket.SOCK_STREAM) as plain:
        plain.settimeout(_HANDSHAKE_SECONDS)
        try:
            plain.connect(address)
        except OSError:
            return  # the load shows it
        try:
            context.wrap_socket(plain, server_hostname=host_of(spec.url)).close()
        except ssl.SSLCertVerificationError as error:
            raise BadInput(
                f"the certificate of {spec.url} cannot be verified",
                why=error.verify_message,
                hint="use the name that it was issued for, or measure where the server runs",
            ) from error
        except OSError as error:
            raise ServerFailed(
                f"{spec.url} does not answer over TLS",
                why=getattr(error, "reason", None) or error.strerror or "no handshake within the time",
                hint="check the address: perhaps it is http://",
            ) from error


class TlsConnection(Connection):
    """The same with a handshake first, which sending and reading make by themselves."""

    __slots__ = ("context", "name")

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        super().__init__()
        self.context = context
        self.name = name

    def open(self, family: int, address: Address, *, no_delay: bool) -> Kind | None:
        """Begin to connect; says what failed, if it failed at once."""
        try:
            plain = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            return Kind.LOCAL
        plain.setblocking(False)
        if no_delay:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = self.context.wrap_socket(plain, server_hostname=self.name, do_handshake_on_connect=False)
        self.socket = wrapped
        self.fd = wrapped.fileno()
        self.served = False
        self.unsent = b""
        number = wrapped.connect_ex(address)
        if number and number != errno.EINPROGRESS:
            wrapped.close()
            return self.kind_of(OSError(number, ""))
        return None

    def send(self, target: Target) -> Kind | None:
        """Send a request as far as it goes; the rest stays in ``unsent``. Says what failed, if it failed at once."""
        self.target = target
        self.reader = None
        self.keep = False
        self.fresh = False
        self.unsent = target.data
        try:
            self.flush()
        except OSError as error:
            return self.kind_of(error)
        return None

    def advance(self) -> int:
        """Send and read as far as it goes; gives the outcome, or GOES_ON.

        While the handshake lasts, only sending is tried: reading might end it too, and the request would stay unsent.
        """
        if self.unsent:
            try:
                self.flush()
            except OSError as error:
                return self.broke(error)
            if self.unsent:
                return GOES_ON
        return super().advance()

    def waits(self, error: OSError) -> bool:
        """Whether there is only nothing to read, or no room to send: TLS may need the one for the other."""
        return isinstance(error, _WAITING)

    def kind_of(self, error: OSError) -> Kind:
        """How a request ended that this error broke; the numbers of TLS's errors are no errno."""
        return Kind.RESET if isinstance(error, ssl.SSLError) else super().kind_of(error)
