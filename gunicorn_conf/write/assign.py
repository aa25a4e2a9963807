"""Gives settings other values in an existing gunicorn.conf.py; everything else stays byte for byte."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from gunicorn_conf.config import Assigned
from gunicorn_conf.rules.finding import Edit, Fix
from gunicorn_conf.write.conf_py import Entry, SettingValue, conf_py, quoted
from gunicorn_conf.write.edit import apply_fixes


def is_literal(text: str) -> bool:
    """Whether a value is written out, and not computed from something."""
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def assign(
    text: str, assigned: Mapping[str, Assigned], values: Mapping[str, SettingValue], added: Sequence[Entry]
) -> str:
    """The text with the value of each setting in ``values`` replaced where it is assigned, and ``added`` at its end.

    A setting of ``values`` that is not in ``assigned``, or whose place is not in the text, is left out.
    """
    edits = [
        Edit(place=assigned[name].value_place, text=literal(value, like=assigned[name].text))
        for name, value in values.items()
        if name in assigned
    ]
    path = next((edit.place.path for edit in edits), "")
    fixes = [Fix(description="give it another value", safe=False, edits=(edit,)) for edit in edits]
    new = apply_fixes({path: text}, fixes).texts.get(path, text)
    return new + _appended(new, added) if added else new


def literal(value: SettingValue, *, like: str = "") -> str:
    """A value as Python, in the kind of quotes that ``like`` has."""
    if not isinstance(value, str):
        return repr(value)
    return repr(value) if like.startswith("'") else quoted(value)


def _appended(text: str, added: Sequence[Entry]) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else end if text.endswith(("\n", "\r")) else end * 2
    return gap + conf_py(added).replace("\n", end)
