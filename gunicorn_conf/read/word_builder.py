"""Puts the words of a shell together, piece by piece, each with its value and its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, joined
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

SPACES = " \t\n"
# Two numbers of CPUs that no formula of people takes to the same result.
_HOSTS = (1, 61)


class WordBuilder:
    """The words that are finished, and the one that is being built from the source at ``_at``."""

    def __init__(self, text: Text) -> None:
        self._source = text
        self._text = text.text
        self._at = 0
        self._words: list[Word] = []
        self._begin()

    def _begin(self) -> None:
        self._parts: list[Value] = []
        self._literal: list[str] = []
        self._spans: list[tuple[int, int]] | None = []
        self._started: int | None = None
        self._quoted = False
        self._loose = False
        """Whether the word may turn out to be none or several."""

    def _add(self, start: int, end: int) -> None:
        """Characters of the source that stand for themselves."""
        self._literal.append(self._text[start:end])
        if self._spans is not None:
            self._spans.append((start, end))

    def _flush(self) -> None:
        if self._literal:
            self._parts.append(Known(value="".join(self._literal)))
            self._literal = []

    def _fill(self, value: Value) -> None:
        """A value that something else gives."""
        self._spans = None
        self._flush()
        self._parts.append(value)

    def _put(self, value: Value, quoted: bool) -> None:
        """An expansion's value, split at spaces where it is not quoted."""
        if quoted:
            self._fill(value)
            return
        if isinstance(value, OneOf):
            kept = [one for one in value.values if not (isinstance(one, Known) and _divides(one))]
            if len(kept) < len(value.values):
                self._loose = True
                value = Unknown(why="it may stand for any number of words")
        if isinstance(value, PerHost):
            written = self._started
            for index, part in enumerate(_words_per_host(value)):
                if index:
                    self._end()
                self._started = written
                self._fill(part)
            return
        if not isinstance(value, Known):
            if isinstance(value, Unknown):
                self._loose = True
            self._fill(value)
            return
        text = str(value.value)
        if not _divides(value):
            self._fill(value)
            return
        if not text:
            return
        written = self._started
        if text[0] in SPACES:
            self._end()
        for index, piece in enumerate(text.split()):
            if index:
                self._end()
            self._started = written
            self._fill(Known(value=piece))
        if text[-1] in SPACES:
            self._end()

    def _end(self) -> None:
        """Finish the word that is being built, if there is one."""
        self._flush()
        nothing = not self._parts or all(isinstance(part, Known) and part.value == "" for part in self._parts)
        if self._started is not None and (not nothing or self._quoted):
            value = joined(self._parts) if self._parts else Known(value="")
            end = max(min(self._at, len(self._text)), self._started)
            source = self._source.part(self._started, end)
            inner: Text | None = None
            if isinstance(value, Known):
                if self._spans is not None and self._source.whole is None:
                    inner = self._source.joined(_merged(self._spans)) if self._spans else source.made("")
                else:
                    inner = source.made(str(value.value))
            loose = self._loose and len(self._parts) == 1 and isinstance(value, Unknown)
            self._words.append(Word(value=value, text=source.written, place=source.place(), inner=inner, splits=loose))
        self._begin()


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _divides(value: Known) -> bool:
    """Whether an unquoted value is not exactly one word."""
    text = str(value.value)
    return not text or any(char in SPACES for char in text)


def _words_per_host(value: PerHost) -> list[Known | PerHost]:
    """The words of a text with a number in it that depends on the host: ``gunicorn -w $(nproc) app:app``."""
    small, large = (str(value.at(cpus)).split() for cpus in _HOSTS)
    if len(small) != len(large) or len(small) < 2:
        return [value]
    return [
        Known(value=one) if one == other else PerHost(expression=value.expression, at=_word_of(value, index))
        for index, (one, other) in enumerate(zip(small, large, strict=True))
    ]


def _word_of(value: PerHost, index: int) -> Callable[[int], str]:
    return lambda cpus: str(value.at(cpus)).split()[index]
