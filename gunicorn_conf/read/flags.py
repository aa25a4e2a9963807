"""The options of Gunicorn's command line as argparse knows them, by release."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gunicorn_conf.release import Release
from gunicorn_conf.settings import SettingType, settings, supports


class Takes(enum.Enum):
    """What follows an option."""

    NOTHING = "nothing"
    ONE = "one value"
    PERHAPS = "one value, or none"
    """``nargs="?"``: --proxy-protocol since 24."""
    LEAVE = "nothing, and the program ends"
    """--help and --version."""


class Flag(NamedTuple):
    """One option; ``name`` is that of its setting, empty for --help and --version."""

    name: str
    takes: Takes
    convert: Callable[[str], object] = str
    appends: bool = False
    const: object = True
    """The value where none follows."""


# gunicorn/config.py: settings with action = "append".
_APPENDING = frozenset({"bind", "reload_extra_files", "raw_env", "raw_paste_global_conf", "dirty_apps"})
# gunicorn/config.py: settings with type = auto_int.
_AUTO_INT = frozenset({"umask", "control_socket_mode"})
# Settings that hold a number in the file, and text on the command line (no type in gunicorn/config.py).
_UNTYPED = frozenset({"cert_reqs", "ssl_version"})
# --no-sendfile is action = "store_const", const = False.
_FALSE = frozenset({"sendfile"})
# nargs = "?" with const = "auto" (gunicorn/config.py, ProxyProtocol, since 24.0: where its type became text).
_PERHAPS = {"proxy_protocol": "auto"}
# What people write for an option although it is none, beyond what looks alike.
_MEANT = {
    "--keepalive": "--keep-alive",
    "--limit-request-field-size": "--limit-request-field_size",
    "--control-socket-disable": "--no-control-socket",
    "--worker-timeout": "--timeout",
    "--logfile": "--log-file",
    "--debug": "--log-level",
    "--port": "--bind",
    "--host": "--bind",
    "--worker": "--workers",
    "--sendfile": "--no-sendfile",
}
_SIMILAR = 0.75


@functools.cache
def flags(release: Release) -> Mapping[str, Flag]:
    """Every option string of this release, ``--help`` and ``--version`` included."""
    leave = Flag("", Takes.LEAVE)
    found = {"-h": leave, "--help": leave, "-v": leave, "--version": leave}
    for name, setting in settings().items():
        if setting.flags and supports(name, release):
            flag = _flag(name, setting.type(release))
            found.update(dict.fromkeys(setting.flags, flag))
    return found


@functools.cache
def abbreviated(text: str, release: Release) -> tuple[str, ...]:
    """The long options that begin with this text, as argparse looks for them."""
    return tuple(option for option in flags(release) if option.startswith(text))


def meant_by(option: str, release: Release) -> str | None:
    """The option of this release that was probably meant; None where none is near."""
    known = flags(release)
    written = option.lower()
    for one in (_MEANT.get(written), written):
        if one in known:
            return one
    setting = settings().get(written.lstrip("-").replace("-", "_"))
    if setting is not None:
        return next((flag for flag in setting.flags if flag in known and flag.startswith("--")), None)
    import difflib

    return next(iter(difflib.get_close_matches(written, known, 1, _SIMILAR)), None)


def _flag(name: str, kind: SettingType) -> Flag:
    if name in _PERHAPS and kind is not SettingType.BOOL:
        return Flag(name, Takes.PERHAPS, const=_PERHAPS[name])
    if kind is SettingType.BOOL:
        return Flag(name, Takes.NOTHING, const=name not in _FALSE)
    if name in _AUTO_INT:
        return Flag(name, Takes.ONE, _auto_int)
    if kind is SettingType.INT and name not in _UNTYPED:
        return Flag(name, Takes.ONE, int)
    return Flag(name, Takes.ONE, appends=name in _APPENDING)


def _auto_int(text: str) -> int:
    """``0022`` is octal, as in gunicorn/config.py, auto_int."""
    if len(text) > 1 and text[0] == "0" and text[1].isdecimal():
        text = text.replace("0", "0o", 1)
    return int(text, 0)
