"""Finds the address of a server that may be sent load."""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
from collections.abc import Sequence

from advisor.load.connection import Address
from advisor.load.spec import LoadSpec
from advisor.load.target import is_loopback, is_tls
from gunicorn_conf.errors import BadInput

_PORTS = {"http": 80, "https": 443}
# To see which of the addresses of a name listens: on this machine that is known at once, elsewhere within a second
# unless it would be too slow to measure.
_PROBE_SECONDS = 1.0


def resolve(spec: LoadSpec) -> tuple[int, Address]:
    """The family and the address of a load's server, given as a scheme, a host and perhaps a port.

    The spec has been checked. Raises BadInput when it cannot be resolved, when a name that should be this machine is
    another one, and when a certificate cannot be verified; ServerFailed when there is no TLS where there should be.
    """
    url = spec.url
    parts = urllib.parse.urlsplit(url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadInput(
            f"{url} is more than the address of a server",
            why="the paths are those of the requests",
            hint="give scheme, host and port alone, such as http://127.0.0.1:8000",
        )
    assert parts.hostname is not None  # the check of the address has seen it
    addresses = _addresses(parts.hostname, parts.port or _PORTS[parts.scheme], this_machine=is_loopback(url))
    found = _listening(addresses)
    if is_tls(url):
        from advisor.load.tls import check_handshake

        check_handshake(spec, *found)
    return found


def _listening(found: Sequence[tuple[int, Address]]) -> tuple[int, Address]:
    """The first address on which something listens: localhost may be both 127.0.0.1 and ::1, with a server on one."""
    for kind, server in found[1:] and found:
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_SECONDS)
            if probe.connect_ex(server) == 0:
                return kind, server
    return found[0]


def _addresses(host: str, port: int, *, this_machine: bool) -> list[tuple[int, Address]]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"{host} cannot be found",
            why=getattr(error, "strerror", None) or "it is not a name that can be looked up",
            hint="check the name, or give the address in numbers",
        ) from error
    found: list[tuple[int, Address]] = []
    for family, _, _, _, address in answers:
        name, number = address[:2]
        if not isinstance(name, str) or not isinstance(number, int):
            continue
        if not this_machine or ipaddress.ip_address(name).is_loopback:
            found.append((int(family), (name, number)))
    if not found:
        raise BadInput(
            f"{host} has no address on this machine",
            why="it is resolved to addresses elsewhere",
            hint="use 127.0.0.1",
        )
    return found
