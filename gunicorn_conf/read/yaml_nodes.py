"""Reads YAML as nodes with places, constructing no objects; bounded against deep nesting and aliases."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gunicorn_conf.read.text import Text

if TYPE_CHECKING:
    import yaml

# Manifests of people are a dozen levels deep; libyaml's composer recurses on the C stack, so depth is bounded before.
_DEEPEST = 200
_LARGEST_CHARACTERS = 1024 * 1024
_MOST_ITEMS = 5_000
_DASHES = re.compile(r"^[ ]*((?:[-?] +)+)", re.MULTILINE)
_INDENT = re.compile(r"^ +", re.MULTILINE)


class Yaml:
    """One node: a mapping, a list or a scalar; asking one for what it is not gives nothing."""

    __slots__ = ("_node", "_source")

    def __init__(self, node: yaml.Node | None, source: Text) -> None:
        self._node = node
        self._source = source

    def get(self, *keys: str) -> Yaml:
        """The value at this path of keys; a node that holds nothing where it is missing."""
        found: Yaml = self
        for key in keys:
            found = next((value for name, value in found.items() if name == key), Yaml(None, self._source))
        return found

    def items(self) -> Iterator[tuple[str, Yaml]]:
        """The keys and values of a mapping, what it takes over by ``<<`` last."""
        if self._kind != "mapping":
            return
        assert self._node is not None
        merged: list[Yaml] = []
        for key, value in self._node.value[:_MOST_ITEMS]:
            name = key.value if isinstance(key.value, str) else ""
            if name == "<<":
                merged.append(Yaml(value, self._source))
            else:
                yield name, Yaml(value, self._source)
        for other in merged:
            for one in [*other.list()] or [other]:
                if one._node is not self._node:
                    yield from one._own_items()

    def _own_items(self) -> Iterator[tuple[str, Yaml]]:
        if self._kind == "mapping":
            assert self._node is not None
            for key, value in self._node.value[:_MOST_ITEMS]:
                if isinstance(key.value, str):
                    yield key.value, Yaml(value, self._source)

    def list(self) -> list[Yaml]:
        """The items of a list."""
        if self._kind != "sequence":
            return []
        assert self._node is not None
        return [Yaml(one, self._source) for one in self._node.value[:_MOST_ITEMS]]

    @property
    def given(self) -> bool:
        """Whether there is anything here."""
        return self._node is not None and self.scalar != ""

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return self._kind == "sequence"

    @property
    def scalar(self) -> str | None:
        """The text of a scalar, as it is written: ``true`` and ``5`` are texts too; None for anything else."""
        if self._kind != "scalar":
            return None
        assert self._node is not None
        value = self._node.value
        assert isinstance(value, str)
        return value

    @property
    def text(self) -> Text | None:
        """The text of a scalar with its places; None for anything else."""
        value = self.scalar
        if value is None:
            return None
        assert self._node is not None
        start, end = self._node.start_mark.index, self._node.end_mark.index
        style = getattr(self._node, "style", None)
        raw = self._source.part(start, end)
        if style in ("'", '"'):
            inner = raw.part(1, len(raw.text) - 1)
            return inner if inner.text == value else _aligned(raw, value, 1)
        if style in ("|", ">"):
            return _aligned(raw, value, max(raw.text.find("\n"), 0))
        kept = raw.part(0, len(raw.text.rstrip()))
        return kept if kept.text == value else _aligned(raw, value, 0)

    @property
    def _kind(self) -> str:
        return "" if self._node is None else str(getattr(self._node, "id", ""))


def documents(text: Text) -> list[Yaml] | None:
    """The documents of a YAML file; None where it is none (a Helm template, for one), too large or too deep."""
    found = _composed(text.text)
    return [Yaml(node, text) for node in found] if isinstance(found, list) else None


def why_no_documents(text: Text) -> tuple[str, int | None, int | None] | None:
    """Why ``documents`` gives None, with line and column where they are known; None where it does not."""
    found = _composed(text.text)
    return None if isinstance(found, list) else found


# Whoever finds no documents, or nothing in them, asks for the reason next.
@functools.lru_cache(maxsize=1)
def _composed(source: str) -> list[yaml.Node] | tuple[str, int | None, int | None]:
    import yaml

    if len(source) > _LARGEST_CHARACTERS:
        return f"it has {len(source):,} characters, and no more than {_LARGEST_CHARACTERS:,} are read", None, None
    if _depth(source) > _DEEPEST:
        return f"it is nested more than {_DEEPEST} levels deep", None, None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [node for node in yaml.compose_all(source, Loader=loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        why = f"it is no YAML: {error.problem or error.context or 'a syntax error'}"
        return (why, None, None) if mark is None else (why, mark.line + 1, mark.column + 1)
    except (yaml.YAMLError, RecursionError, UnicodeError, ValueError):
        return "it is no YAML", None, None


def _depth(source: str) -> int:
    """No less than the depth to which nodes are nested."""
    brackets = deepest = 0
    for char in source:
        if char in "[{":
            brackets += 1
            deepest = max(deepest, brackets)
        elif char in "]}" and brackets:
            brackets -= 1
    indent = max((len(match[0]) for match in _INDENT.finditer(source)), default=0)
    dashes = max((len(match[1]) // 2 for match in _DASHES.finditer(source)), default=0)
    return deepest + indent + dashes


def _aligned(raw: Text, value: str, header: int) -> Text:
    """A value that spans lines, each character with its place: only the space between words was changed."""
    pieces: list[tuple[str, int]] = []
    at = header
    index = 0
    length = len(raw.text)
    while index < len(value):
        end = index
        is_space = value[index].isspace()
        while end < len(value) and value[end].isspace() == is_space:
            end += 1
        if is_space:
            pieces.append((value[index:end], min(at, length)))
            while at < length and raw.text[at].isspace():
                at += 1
        else:
            while at < length and raw.text[at].isspace():
                at += 1
            if not raw.text.startswith(value[index:end], at):
                return raw.made(value)
            pieces.append((value[index:end], at))
            at += end - index
        index = end
    return raw.spliced(pieces) if pieces else raw.made(value)
