"""A Python file's text with the places of its syntax nodes: lines and columns as an editor counts them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from gunicorn_conf.place import Place

_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceText:
    """The text of one file and where its parts stand.

    The parser counts columns in bytes of UTF-8 from 0; a Place counts characters from 1.
    """

    __slots__ = ("_lines", "_mark", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        # As Python ends lines; str.splitlines would also end them at form feeds and other separators.
        self._lines = _LINE_END.split(text)
        # The parser does not see a byte order mark; columns of the first line count it.
        self._mark = len("\ufeff") if text.startswith("\ufeff") else 0

    @property
    def lines(self) -> Sequence[str]:
        """The lines without their ends."""
        return self._lines

    def column(self, line: int, offset: int) -> int:
        """The column of a byte offset within a line, from 1."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        if text.isascii():
            return offset + 1
        if line == 1 and self._mark:
            return (
                len(text[self._mark :].encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))
                + 1
                + self._mark
            )
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1

    def place(self, node: ast.expr | ast.stmt | ast.alias | ast.excepthandler) -> Place:
        """The stretch that a node takes."""
        end_line = node.end_lineno or node.lineno
        end_offset = node.end_col_offset if node.end_col_offset is not None else node.col_offset
        return Place(
            path=self.path,
            line=node.lineno,
            column=self.column(node.lineno, node.col_offset),
            end_line=end_line,
            end_column=self.column(end_line, end_offset),
        )

    def place_of_word(self, word: str, line: int, offset: int) -> Place:
        """Where a word first stands in a line from a byte offset on: the name after ``def`` or ``class``."""
        start = self.column(line, offset) - 1
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        found = re.compile(rf"\b{re.escape(word)}\b").search(text, start)
        at = found.start() if found else start
        return Place(path=self.path, line=line, column=at + 1, end_line=line, end_column=at + 1 + len(word))

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """A node's text as it is written."""
        place = self.place(node)
        assert place.line is not None
        assert place.end_line is not None
        assert place.column is not None
        assert place.end_column is not None
        if place.line == place.end_line:
            return self._lines[place.line - 1][place.column - 1 : place.end_column - 1]
        first = self._lines[place.line - 1][place.column - 1 :]
        last = self._lines[place.end_line - 1][: place.end_column - 1]
        return "\n".join([first, *self._lines[place.line : place.end_line - 1], last])
