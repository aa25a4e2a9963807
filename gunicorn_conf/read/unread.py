"""Says why a file that speaks of Gunicorn could not be read, where nothing was found in it for that reason."""

from __future__ import annotations

import re

from gunicorn_conf.place import Place
from gunicorn_conf.read.files import LARGEST_BYTES, is_template_name
from gunicorn_conf.read.shell import LARGEST_CHARACTERS as LARGEST_SCRIPT
from gunicorn_conf.read.templates import without_templates
from gunicorn_conf.read.text import Text
from gunicorn_conf.rules.subject import Unread

_TEMPLATE = re.compile(r"\{\{|\{%|<%")


def why_unread(path: str, text: str, kind: str) -> Unread | None:
    """Why the reader of this kind finds nothing in a text that speaks of Gunicorn; None where it can read it."""
    if "gunicorn" not in text:
        return None
    whole = Place(path=path)
    most = LARGEST_SCRIPT if kind == "shell" else LARGEST_BYTES
    if len(text) > most:
        return Unread(place=whole, why=f"it has {len(text):,} characters, and no more than {most:,} are read")
    if kind in ("compose", "kubernetes"):
        return _yaml(path, text)
    return None


def _yaml(path: str, text: str) -> Unread | None:
    from gunicorn_conf.read.yaml_nodes import why_no_documents

    found = why_no_documents(without_templates(Text(text, path)))
    if found is None:
        return None
    why, line, column = found
    template = _TEMPLATE.search(text)
    if template is not None or is_template_name(path):
        number = text.count("\n", 0, template.start()) + 1 if template is not None else None
        why = f"it is a template and not yet YAML: {why}"
        return Unread(place=Place(path=path, line=number), why=why, is_template=True)
    return Unread(place=Place(path=path, line=line, column=column), why=why)
