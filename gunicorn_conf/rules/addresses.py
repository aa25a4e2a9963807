"""What Gunicorn makes of an address in bind (gunicorn/util.py, parse_address, the same from 20.1.0 to 27.0.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gunicorn_conf.value import Literal

_DEFAULT_PORT = "8000"
_MOST_PORTS = 65_535


class Address(NamedTuple):
    """An address that could be read: of a TCP socket, or neither host nor port for a Unix socket or a descriptor."""

    host: str | None = None
    port: int | None = None


class BadAddress(NamedTuple):
    """One that could not."""

    why: str
    """Completes "..., because"."""
    right: str | None = None
    """What was probably meant, where it can be told."""


def read_address(text: str) -> Address | BadAddress:
    """Read one entry of bind as Gunicorn does when it opens its sockets."""
    if text.startswith("unix:"):
        return Address() if text.removeprefix("unix:").strip("/") else BadAddress("the path after unix: is empty")
    if text.startswith("fd://"):
        return Address() if _is_number(text[5:]) else BadAddress(f"{text[5:]!r} is not the number of a descriptor")
    # As Gunicorn does it: a second tcp:// ends the address.
    host, port = _split(text.split("tcp://")[1] if text.startswith("tcp://") else text)
    if not _is_number(port):
        return BadAddress(_why_no_port(text, port), _meant(text))
    number = int(port)
    if not 0 <= number <= _MOST_PORTS:
        return BadAddress(f"port {number} is not between 0 and {_MOST_PORTS}")
    return Address(host.lower(), number)


def entries(value: Literal) -> tuple[str, ...]:
    """The addresses of a value of bind that are text, without white space around them."""
    if isinstance(value, str):
        return (value.strip(),) if value else ()
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return tuple(entry.strip() for entry in value if isinstance(entry, str))
    return ()


def _split(netloc: str) -> tuple[str, str]:
    if "[" in netloc and "]" in netloc:
        return netloc.split("]")[0][1:], [*netloc.split("]:"), _DEFAULT_PORT][1]
    if ":" in netloc:
        host, port = netloc.split(":")[:2]
        return host, port
    return netloc or "0.0.0.0", _DEFAULT_PORT


def _is_number(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _why_no_port(text: str, port: str) -> str:
    if "$" in port or "{" in port:
        return f"nothing puts the value of {port} in its place here"
    if "://" in text:
        return f"Gunicorn takes no {text.partition('://')[0]}:// in front of an address"
    if "," in text:
        return "Gunicorn does not take several addresses in one string"
    if _is_ipv6(text):
        return "an IPv6 address needs square brackets"
    return f"{port!r} is not a port number"


def _meant(text: str) -> str | None:
    """The right text, as a Python expression."""
    found = re.fullmatch(r"https?://([^/\s]+)/?", text)
    if found:
        return _checked(found[1])
    if "," in text:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return repr(parts).replace("'", '"') if all(isinstance(read_address(part), Address) for part in parts) else None
    if _is_ipv6(text):
        return f'"[{text}]:{_DEFAULT_PORT}"'
    return None


def _checked(text: str) -> str | None:
    return f'"{text}"' if isinstance(read_address(text), Address) else None


def _is_ipv6(text: str) -> bool:
    return text.count(":") > 1 and re.fullmatch(r"[0-9a-fA-F:.]+", text) is not None
