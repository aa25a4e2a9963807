"""Who can reach the addresses that Gunicorn opens, and whom a list of addresses trusts."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.addresses import Address, entries, read_address
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Literal, possibilities

_EVERYBODY = frozenset({"*", "0.0.0.0/0", "::/0"})
# Platforms on which nothing but their own front end reaches the container's port.
BEHIND_THEIR_FRONT_END = frozenset({"app-service", "heroku", "cloud-run"})


def addresses(value: Literal) -> Iterator[tuple[str, Address]]:
    """Each entry of a value of bind that Gunicorn can read, as it is written and as it is read."""
    for entry in entries(value):
        read = read_address(entry)
        if isinstance(read, Address):
            yield entry, read


def open_address(subject: Subject) -> str | None:
    """The first address of bind that other machines reach, Gunicorn's default included; None where none is known."""
    for value in possibilities(subject.config.value("bind")):
        for text, address in addresses(value):
            if address.host is not None and not is_loopback(address):
                return text
    return None


def unix_path(text: str) -> str | None:
    """The path of a Unix socket as Gunicorn reads it; None for any other address."""
    if not text.startswith("unix:"):
        return None
    path = text.removeprefix("unix:")
    # gunicorn/util.py, parse_address: "unix://path" is "unix:path".
    return path.removeprefix("//") if path.startswith("//") else path


def is_loopback(address: Address) -> bool:
    """Whether only processes of the same machine or container reach it."""
    host = address.host
    return host is not None and (host == "localhost" or host == "::1" or host.startswith("127."))


def listed(value: Literal) -> list[str]:
    """The entries of a list of addresses, which may be text with commas."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [part.strip() for part in parts if isinstance(part, str)]


def is_everybody(value: Literal) -> bool:
    """Whether a list of trusted addresses holds all that there are."""
    return not _EVERYBODY.isdisjoint(listed(value))


def shown_list(value: Literal) -> str:
    """A list of addresses as a message shows it."""
    return shown(",".join(listed(value)))
