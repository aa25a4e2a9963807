"""Applies fixes to texts: exact edits at exact places, every other byte stays as it is."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Edit, Fix

# Lines as Python, YAML and shells count them; a form feed or a Unicode separator does not end one.
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANK = " \t"

# From, to, and what comes there instead.
_Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What became of fixes."""

    texts: Mapping[str, str]
    """The new text of each file that changed."""
    applied: tuple[Fix, ...]
    left: tuple[Fix, ...]
    """Those that overlap one that was applied, or whose place is not in the text; another run may take them."""


def apply_fixes(texts: Mapping[str, str], fixes: Iterable[Fix]) -> Fixed:
    """Apply the fixes to the texts (by path), each whole or not at all; of two that overlap the first one wins."""
    starts = {path: line_starts(text) for path, text in texts.items()}
    taken: dict[str, list[_Span]] = {path: [] for path in texts}
    applied: list[Fix] = []
    left: list[Fix] = []
    for fix in fixes:
        spans = [(edit.place.path, _span(edit, texts, starts)) for edit in fix.edits]
        if spans and all(span is not None and _free(span, taken[path]) for path, span in spans):
            applied.append(fix)
            for path, span in spans:
                if span is not None and not _holds(taken[path], span):
                    insort(taken[path], span)
        else:
            left.append(fix)
    changed = {path: _replaced(texts[path], spans) for path, spans in taken.items()}
    return Fixed(
        texts={path: text for path, text in changed.items() if text != texts[path]},
        applied=tuple(applied),
        left=tuple(left),
    )


def line_starts(text: str) -> list[int]:
    """Where each line begins, counted in characters; one more than there are line ends."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def span_of(place: Place, text: str, starts: Sequence[int] | None = None) -> tuple[int, int] | None:
    """The characters that a place covers, from and to; None when the text has no such place."""
    if place.line is None or place.column is None or place.end_line is None or place.end_column is None:
        return None
    starts = line_starts(text) if starts is None else starts
    if not 1 <= place.line <= place.end_line <= len(starts):
        return None
    start = starts[place.line - 1] + place.column - 1
    end = starts[place.end_line - 1] + place.end_column - 1
    return (start, end) if 0 <= start <= end <= len(text) else None


def _span(edit: Edit, texts: Mapping[str, str], starts: Mapping[str, Sequence[int]]) -> _Span | None:
    text = texts.get(edit.place.path)
    found = None if text is None else span_of(edit.place, text, starts[edit.place.path])
    if text is None or found is None:
        return None
    start, end = found
    return (start, end, edit.text) if edit.text else (*_widened(text, start, end), "")


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """What goes when something is removed: its line, when nothing else stands there; else the blank before it too."""
    before, after = start, end
    while before > 0 and text[before - 1] in _BLANK:
        before -= 1
    while after < len(text) and text[after] in _BLANK:
        after += 1
    alone = before == 0 or text[before - 1] in "\r\n"
    last = after == len(text) or text[after] in "\r\n"
    if alone and last:
        return before, after + (2 if text.startswith("\r\n", after) else 1 if after < len(text) else 0)
    if alone:
        return start, after  # what follows moves to where this stood
    return (before, end) if last or after > end else (start, end)


def _free(span: _Span, taken: Sequence[_Span]) -> bool:
    """Whether a span overlaps none that is taken; the very same edit, asked for twice, is no conflict."""
    index = bisect_left(taken, span)
    before = taken[index - 1][1] <= span[0] if index else True
    after = span[1] <= taken[index][0] if index < len(taken) else True
    return (before and after) or _holds(taken, span)


def _holds(taken: Sequence[_Span], span: _Span) -> bool:
    index = bisect_left(taken, span)
    return index < len(taken) and taken[index] == span


def _replaced(text: str, spans: Sequence[_Span]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, new in spans:
        parts += (text[at:start], new)
        at = end
    return "".join([*parts, text[at:]])
