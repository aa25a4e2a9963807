"""Fixes in a gunicorn.conf.py that several rules make: take an assignment away, write another value, add a line."""

from __future__ import annotations

from gunicorn_conf.place import Place, Source
from gunicorn_conf.rules import given
from gunicorn_conf.rules.finding import Edit, Fix
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.write.edit import line_starts


def removal(subject: Subject, name: str) -> Fix | None:
    """Take the setting away, where nothing else hangs on its statement; for a setting that has no effect."""
    one = subject.config.get(name)
    return given.removal(subject, one, safe=True) if one is not None else None


def new_value(subject: Subject, name: str, text: str, description: str, *, safe: bool = False) -> Fix | None:
    """Write another value where the setting's value stands."""
    one = subject.config.get(name)
    return given.rewrite(one, text, description, safe=safe) if one is not None else None


def line_after(subject: Subject, name: str, line: str) -> Edit | None:
    """Add a line (or several) after the setting's assignment, where that stands at the file's top level."""
    one, conf = subject.config.get(name), subject.conf
    if one is None or conf is None or one.source is not Source.FILE or one.conditional or not one.replaceable:
        return None
    if one.place.path != conf.path or one.place.column != 1 or one.place.end_line is None:
        return None
    text, end_line = conf.text, one.place.end_line
    starts = line_starts(text)
    if end_line < len(starts):
        end = "\r\n" if text.startswith("\r\n", starts[end_line] - 2) else "\n"
        return Edit(place=_at(conf.path, end_line + 1, 1), text=line.replace("\n", end) + end)
    return Edit(place=_at(conf.path, end_line, len(text) - starts[-1] + 1), text="\n" + line)


def _at(path: str, line: int, column: int) -> Place:
    return Place(path=path, line=line, column=column, end_line=line, end_column=column)
