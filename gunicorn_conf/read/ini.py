"""Reads sections of ``key = value`` lines with the places of the values: systemd units and supervisor's files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gunicorn_conf.read.text import Text

# Units and supervisor's files of people have dozens of lines.
_MOST_LINES = 20_000


class Entry(NamedTuple):
    """One key of one section; a key may come more than once."""

    section: str
    key: str
    value: Text


def systemd_entries(text: Text) -> Iterator[Entry]:
    """The entries of a unit: lines may end in a backslash, and comments may stand between continued lines."""
    section = ""
    lines = _lines(text.text)
    for start, end in lines:
        line = text.text[start:end].strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            section = line.strip("[]")
            continue
        equals = text.text.find("=", start, end)
        if equals < 0:
            continue
        spans: list[tuple[int, int]] = []
        span = (equals + 1, end)
        while text.text[span[0] : span[1]].rstrip(" \t\r").endswith("\\"):
            last = span[0] + len(text.text[span[0] : span[1]].rstrip(" \t\r")) - 1
            # The backslash and the line's end become a space; that the newline itself is one is all the same here.
            spans.append((span[0], last))
            following = next(lines, None)
            while following is not None and text.text[following[0] : following[1]].strip()[:1] in ("#", ";"):
                following = next(lines, None)
            if following is None:
                span = (last, last)
                break
            spans.append((max(following[0] - 1, 0), following[0]))
            span = following
        spans.append(span)
        yield Entry(section, text.text[start:equals].strip(), _stripped(text.joined(spans)))


def supervisor_entries(text: Text) -> Iterator[Entry]:
    """The entries of a supervisor file: indented lines continue a value, `` ;`` begins a comment."""
    section = ""
    lines = [*_lines(text.text)]
    index = 0
    while index < len(lines):
        start, end = lines[index]
        index += 1
        line = text.text[start:end]
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if line.startswith("["):
            section = line.strip().strip("[]")
            continue
        separators = [at for at in (text.text.find("=", start, end), text.text.find(":", start, end)) if at >= 0]
        if not separators or line[0] in " \t":
            continue
        at = min(separators)
        spans = [(at + 1, _before_comment(text.text, at + 1, end))]
        while index < len(lines):
            following = text.text[slice(*lines[index])]
            if not following.strip() or following[0] not in " \t":
                break
            if following.lstrip()[0] not in "#;":
                begin, stop = lines[index]
                spans.append((begin - 1, begin))
                spans.append((begin, _before_comment(text.text, begin, stop)))
            index += 1
        yield Entry(section, text.text[start:at].strip().lower(), _stripped(text.joined(spans)))


def _before_comment(text: str, start: int, end: int) -> int:
    found = text.find(" ;", start, end)
    tabbed = text.find("\t;", start, end)
    return min((at for at in (found, tabbed) if at >= 0), default=end)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = count = 0
    while start <= len(text) and count < _MOST_LINES:
        count += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _stripped(text: Text) -> Text:
    left = len(text.text) - len(text.text.lstrip())
    return text.part(left, max(len(text.text.rstrip()), left))
