"""Covers the expressions of Jinja, Helm and ERB templates, so that what surrounds them can be read."""

from __future__ import annotations

import re

from gunicorn_conf.read.text import Text

GAP = "\ue000"
"""Stands for each character of an expression, so that places stay as they are."""

# No braces within, so that a heap of opening braces is passed over at once.
_EXPRESSION = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|\{#[^{}]*#\}|<%[^<>]*%>")


def without_templates(text: Text) -> Text:
    """The text with its expressions covered by gaps; those that have a line to themselves are left out."""
    source = text.text
    if not any(opening in source for opening in ("{{", "{%", "<%", "{#")):
        return text

    def covered(match: re.Match[str]) -> str:
        before = source[source.rfind("\n", 0, match.start()) + 1 : match.start()]
        end = source.find("\n", match.end())
        after = source[match.end() : end if end >= 0 else len(source)]
        statement = match[0].startswith(("{%", "{#")) or (not before.strip() and not after.strip())
        char = " " if statement else GAP
        return "".join("\n" if one == "\n" else char for one in match[0])

    return text.masked(_EXPRESSION.sub(covered, source))
