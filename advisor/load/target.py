"""Which server may be sent requests: one on this machine, or one that the user names twice."""

from __future__ import annotations

import ipaddress
import urllib.parse

from gunicorn_conf.errors import BadInput


def host_of(url: str) -> str:
    """The host of an address. Raises BadInput when the address is not one of HTTP, or has a user name in it."""
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or not parts.hostname:
        raise BadInput(
            f"{url!r} is not the address of a server",
            why="it needs http:// or https://, and a host",
            hint="write it as http://127.0.0.1:8000/slow",
        )
    if parts.username is not None:
        raise BadInput(
            f"the address of {parts.hostname} has a user name in it",
            why="it would not be sent, but written into results, with the password",
            hint="leave it out; bench has --header 'Authorization: Basic ...'",
        )
    return parts.hostname


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine: 127.0.0.0/8, ::1 or localhost."""
    host = host_of(url)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_tls(url: str) -> bool:
    """Whether an address is one of HTTPS."""
    return urllib.parse.urlsplit(url).scheme == "https"


def check_allowed(url: str, allowed_host: str | None) -> None:
    """Raise BadInput when an address is on another machine and ``allowed_host`` does not name exactly its host."""
    host = host_of(url)
    if is_loopback(url) or (allowed_host is not None and allowed_host.lower() == host):
        return
    raise BadInput(
        f"{host} is not this machine",
        why="requests sent at the same moment are load, which its owner must have agreed to",
        hint=f"if you may do this, add --i-am-allowed-to-load {host}",
    )
