"""The methods of text, lists and dicts that are evaluated, each bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gunicorn_conf.read.evaluate_builtins import Function
from gunicorn_conf.read.evaluate_limits import MAX_TEXT, MAX_WIDTH, Refused
from gunicorn_conf.read.evaluate_operators import Items, check_format
from gunicorn_conf.value import Literal


def _joined(separator: str, items: Iterable[str]) -> str:
    words = list(items)
    if sum(len(word) + len(separator) for word in words if isinstance(word, str)) > MAX_TEXT:
        raise Refused(f"it is a text of more than {MAX_TEXT:,} characters")
    return separator.join(words)


def _replaced(text: str, old: str, new: str, count: int = -1) -> str:
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise Refused(f"it is a text of more than {MAX_TEXT:,} characters")
    return text.replace(old, new, count)


def _formatted(text: str, *values: Literal, **named: Literal) -> str:
    check_format(text)
    import string

    for _, name, spec, _ in string.Formatter().parse(text):
        if name and ("." in name or "[" in name):
            raise Refused("format() with a field of a field is not evaluated")
        if spec and "{" in spec:
            raise Refused("it is formatted to a width that is computed")
    return text.format(*values, **named)


def _padded(method: Callable[..., str]) -> Function:
    def pad(text: str, width: int = 8, *rest: str) -> str:
        if width > MAX_WIDTH:
            raise Refused(f"it is padded to more than {MAX_WIDTH} places")
        return method(text, width, *rest)

    return pad


def _coded(method: Callable[..., Literal]) -> Function:
    def code(text: Literal, encoding: str = "utf-8", *rest: str) -> Literal:
        if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "ascii", "latin-1", "iso-8859-1"):
            raise Refused(f"the encoding {encoding} is not evaluated")
        return method(text, encoding, *rest)

    return code


def _listed(method: Callable[..., Iterable[Literal]]) -> Function:
    return lambda value: Items(method(value))


def _named(kind: type, names: str) -> dict[str, Function]:
    return {name: getattr(kind, name) for name in names.split()}


_SET_METHODS = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"

# Methods that leave their object as it is.
METHODS: Mapping[type, Mapping[str, Function]] = {
    str: {
        **_named(
            str,
            "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier "
            "islower isnumeric isprintable isspace istitle isupper lower lstrip partition removeprefix removesuffix "
            "rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper",
        ),
        "center": _padded(str.center),
        "encode": _coded(str.encode),
        "format": _formatted,
        "join": _joined,
        "ljust": _padded(str.ljust),
        "replace": _replaced,
        "rjust": _padded(str.rjust),
        "zfill": _padded(str.zfill),
    },
    bytes: {**_named(bytes, "startswith endswith strip"), "decode": _coded(bytes.decode)},
    list: _named(list, "copy count index"),
    tuple: _named(tuple, "count index"),
    dict: {
        **_named(dict, "copy get"),
        "items": _listed(dict.items),
        "keys": _listed(dict.keys),
        "values": _listed(dict.values),
    },
    set: _named(set, _SET_METHODS),
    frozenset: _named(frozenset, _SET_METHODS),
    int: _named(int, "bit_length"),
    float: _named(float, "is_integer"),
}

# Methods that change their object.
MUTATORS: Mapping[type, Mapping[str, Function]] = {
    list: _named(list, "append clear extend insert pop remove reverse sort"),
    dict: _named(dict, "clear pop popitem setdefault update"),
    set: _named(set, "add clear discard pop remove update"),
}
