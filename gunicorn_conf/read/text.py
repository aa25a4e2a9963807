"""A stretch of a file's text that remembers where each of its characters stands in the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from gunicorn_conf.place import Place


class Piece(NamedTuple):
    """Characters of an extracted text, from ``at`` on, that stand in the file from ``target`` on."""

    at: int
    target: int


class Text:
    """A text taken from a file, with the places of its characters.

    What is taken need not be contiguous: continued lines are joined, indentation and quotes left out. A text with
    ``whole`` was made otherwise (escapes were replaced, a variable was filled in): all of it stands at that place.
    """

    __slots__ = ("_ats", "_lines", "_pieces", "_source", "path", "text", "whole")

    def __init__(
        self,
        text: str,
        path: str,
        *,
        lines: Sequence[int] | None = None,
        pieces: Sequence[Piece] = (Piece(0, 0),),
        whole: Place | None = None,
        source: str | None = None,
    ) -> None:
        self.text = text
        self.path = path
        self.whole = whole
        self._pieces = tuple(pieces)
        self._ats = [piece.at for piece in pieces]
        self._lines: Sequence[int] = line_starts(text) if lines is None else lines
        self._source = text if source is None else source

    @property
    def written(self) -> str:
        """The stretch of the file that it was taken from, as it is written there; what was made, as it is."""
        if self.whole is not None or not self.text:
            return self.text
        return self._source[self._target(0) : self._target(len(self.text) - 1) + 1]

    def place(self, start: int = 0, end: int | None = None) -> Place:
        """Where the characters from ``start`` up to ``end`` (exclusive) stand in the file."""
        if self.whole is not None:
            return self.whole
        stop = len(self.text) if end is None else end
        first = self._target(start)
        last = self._target(stop - 1) + 1 if stop > start else first
        line, column = self._line(first)
        end_line, end_column = self._line(last)
        return Place(path=self.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def masked(self, text: str) -> Text:
        """Another text of the same length in its place, such as one where templates are covered."""
        return Text(text, self.path, lines=self._lines, pieces=self._pieces, whole=self.whole, source=self._source)

    def part(self, start: int, end: int) -> Text:
        """The characters from ``start`` up to ``end``, still knowing where they stand."""
        text = self.text[start:end]
        if self.whole is not None:
            return Text(text, self.path, lines=self._lines, whole=self.whole, source=self._source)
        first = max(bisect_right(self._ats, start) - 1, 0)
        pieces = [Piece(0, self._target(start))]
        for piece in self._pieces[first + 1 :]:
            if piece.at >= end:
                break
            pieces.append(Piece(piece.at - start, piece.target))
        return Text(text, self.path, lines=self._lines, pieces=pieces, source=self._source)

    def made(self, text: str) -> Text:
        """Another text that stands for this one: all of it is placed where this one is."""
        return Text(text, self.path, lines=self._lines, whole=self.place(), source=self._source)

    def joined(self, spans: Sequence[tuple[int, int]]) -> Text:
        """The stretches ``(start, end)`` of this text, one after the other."""
        pieces: list[Piece] = []
        words: list[str] = []
        length = 0
        for start, end in spans:
            part = self.part(start, end)
            pieces += [Piece(length + piece.at, piece.target) for piece in part._pieces if part.text]
            words.append(part.text)
            length += len(part.text)
        if self.whole is not None or not pieces:
            return self.made("".join(words))
        return Text("".join(words), self.path, lines=self._lines, pieces=pieces, source=self._source)

    def spliced(self, parts: Sequence[tuple[str, int]]) -> Text:
        """A text of parts, each with the index in this one that it stands for from its first character on."""
        text = "".join(part for part, _ in parts)
        if self.whole is not None:
            return self.made(text)
        pieces: list[Piece] = []
        length = 0
        for part, index in parts:
            if part:
                source = self.part(index, min(index + len(part), len(self.text)))
                pieces += [Piece(length + piece.at, piece.target) for piece in source._pieces]
                length += len(part)
        return Text(text, self.path, lines=self._lines, pieces=pieces or self._pieces, source=self._source)

    def _target(self, index: int) -> int:
        piece = self._pieces[max(bisect_right(self._ats, index) - 1, 0)]
        return piece.target + index - piece.at

    def _line(self, offset: int) -> tuple[int, int]:
        line = max(bisect_right(self._lines, offset), 1)
        return line, offset - self._lines[line - 1] + 1


def line_starts(text: str) -> list[int]:
    """The offset at which each line begins."""
    starts = [0]
    found = text.find("\n")
    while found >= 0:
        starts.append(found + 1)
        found = text.find("\n", found + 1)
    return starts
