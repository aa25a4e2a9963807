"""Makes words, values and conditions of the nodes of a shell's syntax tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gunicorn_conf.read.launch import Placed, Setting
from gunicorn_conf.read.shell_state import ShellState
from gunicorn_conf.read.shell_words import expand, expand_to_one, expand_with_gaps
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, joined
from gunicorn_conf.value import Known, Unknown, Value

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_WORDS = 1_000


class ShellNodes(ShellState):
    """The state of the shell, and the text that its nodes are of."""

    def __init__(self, source: Text, setting: Setting) -> None:
        super().__init__(setting)
        self._source = source

    def _assignments(self, node: Node) -> None:
        exports = node.type == "declaration_command" and self._text(node.children[0]).text in ("export", "declare")
        for child in [node] if node.type == "variable_assignment" else node.named_children:
            if child.type == "variable_assignment":
                name, value = self._assignment(child)
                if name:
                    self.assign(name, value)
            elif child.type == "variable_name":
                name = self._text(child).text
            else:
                continue
            if exports and name:
                self._exported.add(name)

    def _assignment(self, node: Node) -> tuple[str, Value]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            return "", Unknown(why="it is part of an array")
        text = self._text(name).text
        if value is None:
            return text, Known(value="")
        appends = any(child.type == "+=" for child in node.children)
        if value.type == "array":
            before = self._arrays.get(text, ()) if appends else ()
            words = self._words(value.named_children)
            self._arrays[text] = None if before is None else [*before, *words][:_MOST_WORDS]
            return text, Unknown(why="it is an array")
        source = self._text(value)
        if text == "GUNICORN_CMD_ARGS" and not appends:
            # Its options that are known are worth having although another is not.
            return text, Placed(value=expand_with_gaps(source, self), place=source.place())
        found = expand_to_one(source, self)
        if appends:
            found = joined([self.variable(text) or Known(value=""), found])
        if isinstance(found, Known):
            return text, Placed(value=found.value, place=source.place())
        return text, found

    # Conditions

    def _conditions(self, nodes: Sequence[Node]) -> list[Word] | None:
        return self._condition(nodes[0]) if len(nodes) == 1 else None

    def _condition(self, node: Node) -> list[Word] | None:
        """The words of ``[ ... ]``, ``[[ ... ]]`` and ``test ...``; None for any other command."""
        text = self._text(node)
        raw = text.text
        if node.type == "test_command":
            for opening, closing in (("[[", "]]"), ("[", "]")):
                if raw.startswith(opening) and raw.endswith(closing):
                    return expand(text.part(len(opening), len(raw) - len(closing)), self)
        if node.type == "command" and raw.startswith("test "):
            return expand(text.part(len("test "), len(raw)), self)
        return None

    # Words and places

    def _words(self, nodes: Sequence[Node]) -> list[Word]:
        words: list[Word] = []
        for text in self._stretches(nodes):
            words += expand(text, self)
        return words

    def _stretches(self, nodes: Sequence[Node]) -> Iterator[Text]:
        """The texts of the nodes, those that touch as one: the grammar divides some words that the shell does not."""
        start = end = -1
        for node in nodes:
            if node.start_byte == end:
                end = node.end_byte
                continue
            if start >= 0:
                yield self._source.part(start, end)
            start, end = node.start_byte, node.end_byte
        if start >= 0:
            yield self._source.part(start, end)

    def _text(self, node: Node) -> Text:
        return self._source.part(node.start_byte, node.end_byte)
