"""Which values Gunicorn's own validators take in a configuration file (gunicorn/config.py, validate_*)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from gunicorn_conf.release import Release
from gunicorn_conf.settings import SettingType, setting, supports
from gunicorn_conf.value import Literal

# Lists that are written as one string with commas (validate_string_to_list); the others are lists of strings.
COMMA_LISTS = frozenset({"forwarded_allow_ips", "forwarder_headers", "proxy_allow_ips", "uwsgi_allow_ips"})
# validate_http2_frame_size, RFC 7540 section 4.2; validate_http2_window_size, RFC 9113 section 6.9.1.
_NO_LIMIT = 2**63
_RANGES: Mapping[str, tuple[int, int, Release]] = {
    "http2_max_frame_size": (16_384, 16_777_215, Release(25)),
    "http2_initial_window_size": (0, 2**31 - 1, Release(27)),
    "http2_max_concurrent_streams": (1, _NO_LIMIT, Release(27)),
}
_PROXY_PROTOCOLS = ("off", "v1", "v2", "auto", "true", "false", "none", "0", "1")
# Text of which only some is taken, in any case; None stands for the default, except where noted.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "reload_engine": ("auto", "poll", "inotify"),
    "header_map": ("drop", "refuse", "dangerous"),
    "asgi_loop": ("auto", "asyncio", "uvloop"),
    "asgi_lifespan": ("auto", "on", "off"),
    "http_parser": ("auto", "fast", "python"),
    "http2_cleartext": ("off", "prior-knowledge", "upgrade", "both"),
    "proxy_protocol": _PROXY_PROTOCOLS,
}
# They compare without lowering the case first, and do not take None.
_EXACT = frozenset({"reload_engine"})
# They take True and False as well.
_ALSO_BOOL = frozenset({"http2_cleartext", "proxy_protocol"})
_HTTP_PROTOCOLS = frozenset({"h1", "h2"})
# VALID_HTTP_PROTOCOLS holds h3 in 25.0 to 26.2.
_WITHOUT_H3 = Release(27)


@functools.cache
def kind(name: str, release: Release) -> SettingType | None:
    """What kind of value the setting takes in this release; None where the release has no such setting."""
    return setting(name).type(release) if supports(name, release) else None


def accepts_int(value: Literal) -> bool:
    """What validate_pos_int takes: numbers from 0, True and False, and text that Python reads as such a number."""
    if isinstance(value, str):
        try:
            return int(value, 0) >= 0
        except ValueError:
            return False
    return isinstance(value, int) and value >= 0


def accepts_bool(value: Literal) -> bool:
    """What validate_bool takes: True, False, None, and these as text in any case."""
    if isinstance(value, str):
        return value.lower().strip() in ("true", "false")
    return value is None or isinstance(value, bool)


def accepts(name: str, value: Literal, release: Release) -> bool:
    """Whether Gunicorn's validator takes the value for this setting; what it takes may still fail later."""
    if name in CHOICES and kind(name, release) is not SettingType.BOOL:
        return _accepts_choice(name, value)
    if (limits := _limits(name, release)) is not None:
        number = int(value, 0) if isinstance(value, str) and accepts_int(value) else value
        return isinstance(number, int) and limits[0] <= number <= limits[1]
    if name in COMMA_LISTS:
        return value is None or isinstance(value, str)
    if name == "http_protocols":
        return _accepts_protocols(value, release)
    return _BY_TYPE[setting(name).type(release)](value)


def wanted(name: str, release: Release) -> str:
    """What the setting takes, as the object of "takes": ``a whole number``."""
    if name in CHOICES and kind(name, release) is not SettingType.BOOL:
        return "one of " + ", ".join(repr(choice) for choice in CHOICES[name][:4])
    if (limits := _limits(name, release)) is not None:
        least, most = limits
        return f"a whole number from {least:,}" + (f" to {most:,}" if most < _NO_LIMIT else "")
    if name in COMMA_LISTS:
        return "one string, with commas between its parts"
    if name == "http_protocols":
        return "one string of 'h1' and 'h2' with a comma between them, each once"
    return _WANTED[setting(name).type(release)]


def _accepts_choice(name: str, value: Literal) -> bool:
    if isinstance(value, str):
        return (value if name in _EXACT else value.lower().strip()) in CHOICES[name]
    if isinstance(value, bool):
        return name in _ALSO_BOOL
    return value is None and name not in _EXACT


def _limits(name: str, release: Release) -> tuple[int, int] | None:
    if name not in _RANGES or release < _RANGES[name][2]:
        return None
    return _RANGES[name][:2]


def _accepts_protocols(value: Literal, release: Release) -> bool:
    if not isinstance(value, str):
        return value is None
    known = _HTTP_PROTOCOLS if release >= _WITHOUT_H3 else {*_HTTP_PROTOCOLS, "h3"}
    parts = [part.strip().lower() for part in value.split(",") if part.strip()]
    return len(parts) == len(set(parts)) and known.issuperset(parts)


def _accepts_text(value: Literal) -> bool:
    return value is None or isinstance(value, str)


def _accepts_list(value: Literal) -> bool:
    if not value or isinstance(value, str):
        return True
    return isinstance(value, (list, tuple, set, frozenset, dict)) and all(_accepts_text(one) for one in value)


def _accepts_user(value: Literal) -> bool:
    return value is None or isinstance(value, (int, str))


_BY_TYPE: Mapping[SettingType, Callable[[Literal], bool]] = {
    SettingType.BOOL: accepts_bool,
    SettingType.INT: accepts_int,
    SettingType.STR: _accepts_text,
    SettingType.LIST: _accepts_list,
    SettingType.DICT: lambda value: isinstance(value, dict),
    SettingType.CLASS: _accepts_text,
    SettingType.USER: _accepts_user,
    # A path to a function as text; functions themselves are no values.
    SettingType.HOOK: lambda value: isinstance(value, str) and "." in value,
}
_WANTED: Mapping[SettingType, str] = {
    SettingType.BOOL: "True or False",
    SettingType.INT: "a whole number from 0",
    SettingType.STR: "a string",
    SettingType.LIST: "a list of strings",
    SettingType.DICT: "a dictionary",
    SettingType.CLASS: "a class, or a string that names one",
    SettingType.USER: "a name or a number",
    SettingType.HOOK: "a function",
}
