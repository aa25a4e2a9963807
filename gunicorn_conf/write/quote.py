"""Quotes words for the formats that startup files are written in; nothing that is quoted here can break out.

Each function takes any text without surrogates. Where a format cannot hold it, BadInput is raised rather than
something else written.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from gunicorn_conf.errors import BadInput

# Google Cloud documentation, Cloud Run, Deploying: a service's name has fewer than 50 characters. The others take more.
LONGEST_NAME = 49
# Docker's names of containers have at least two characters (moby, daemon/names, RestrictedNameChars).
SHORTEST_NAME = 2
# What is there already: the service of the cluster's own API; users of a Debian system, as one of whom a systemd unit
# with DynamicUser would run (systemd.exec(5)); units that a file in /etc/systemd/system would replace.
TAKEN_NAMES = frozenset(
    {
        *("kubernetes", "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy"),
        *("www-data", "backup", "list", "irc", "nobody", "messagebus", "sshd", "postgres", "mysql", "redis"),
        *("nginx", "apache2", "ssh", "cron", "docker", "containerd", "dbus", "supervisor", "supervisord", "postfix"),
    }
)


def slug(name: str, fallback: str = "app") -> str:
    """A name that every platform takes: lower-case ASCII letters, digits and single hyphens, a letter first.

    One that is too short or taken already gets ``-app`` behind it.
    """
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    joined = "-".join(part for part in kept.split("-") if part).lstrip("0123456789-")
    kept = joined[:LONGEST_NAME].rstrip("-") or fallback
    return f"{kept}-app" if len(kept) < SHORTEST_NAME or kept in TAKEN_NAMES else kept


def sh(text: str) -> str:
    """One word of a POSIX shell.

    Raises BadInput for a null byte, which no command line can hold.
    """
    if "\0" in text:
        raise _cannot_hold(text, "a command line")
    return shlex.quote(text)


def sh_words(words: Iterable[str]) -> str:
    """A command of a POSIX shell."""
    return " ".join(sh(word) for word in words)


def procfile_words(words: Iterable[str]) -> str:
    """A command of a Procfile, which is a shell command on one line.

    Raises BadInput for a word with a line end.
    """
    return " ".join(_on_one_line(sh(word), word, "a Procfile") for word in words)


def json_text(text: str) -> str:
    """A string in JSON, on one line."""
    import json

    return json.dumps(text, ensure_ascii=not text.isprintable())


def dockerfile_words(words: Iterable[str]) -> str:
    """The exec form of a Dockerfile's CMD and HEALTHCHECK: a JSON array, in which Docker expands nothing."""
    return f"[{', '.join(json_text(_without_null(word)) for word in words)}]"


def yaml(text: str) -> str:
    r"""A string in YAML, in double quotes, on one line; the escapes are those of YAML 1.1 and 1.2.

    JSON will not do for all texts: it writes what is beyond U+FFFF as two surrogates, which YAML does not join.
    """
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


def compose(text: str) -> str:
    """A string in a compose file, which would fill in variables behind a dollar sign."""
    return yaml(text.replace("$", "$$"))


def kubernetes(text: str) -> str:
    """A word of a container's command, in which the kubelet would fill in ``$(NAME)`` and take ``$$`` for ``$``."""
    return yaml(_without_null(text).replace("$", "$$"))


def systemd(text: str) -> str:
    """A word of ``ExecStart=`` behind the first: no specifier, no variable, no line end (systemd.service(5))."""
    doubled = _without_null(text).replace("%", "%%").replace("$", "$$")
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    escaped = "".join(escapes.get(c) or (c if c.isprintable() else _octets(c)) for c in doubled)
    plain = escaped == text and text != "" and not set(text) & set(" '\";")
    return text if plain else f'"{escaped}"'


def supervisor_words(words: Iterable[str]) -> str:
    """A ``command=`` of supervisor, which fills in ``%(name)s`` and takes `` ;`` and `` #`` for a comment's beginning.

    Raises BadInput for a word with a line end, which its files cannot hold.
    """
    return " ".join(_supervisor(word) for word in words)


def bicep(text: str) -> str:
    """A string in Bicep, in single quotes, without interpolation."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    inner = "".join(escapes.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):x}}}") for c in text)
    return "'" + inner.replace("${", "\\${") + "'"


def comment(text: str) -> str:
    """Text for behind a comment sign: one line, and nothing that is not printed."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def _supervisor(word: str) -> str:
    quoted = _on_one_line(sh(word), word, "supervisor's configuration").replace("%", "%%")
    # supervisor reads with inline_comment_prefixes, which know nothing of quotes: a sign behind a space must not
    # stand behind the space any more. Spaces are only ever within single quotes here.
    return "".join(f"''{c}" if c in ";#" and at and quoted[at - 1].isspace() else c for at, c in enumerate(quoted))


def _on_one_line(quoted: str, word: str, what: str) -> str:
    if len(word.splitlines()) > 1 or word.splitlines() != ([word] if word else []):
        raise _cannot_hold(word, what)
    return quoted


def _octets(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def _without_null(text: str) -> str:
    if "\0" in text:
        raise _cannot_hold(text, "a command line")
    return text


def _cannot_hold(text: str, what: str) -> BadInput:
    return BadInput(
        f"{text!r} cannot be written in {what}",
        why="it holds a line end or a null byte",
        hint="rename it, or name it in a module of a simpler name",
    )
