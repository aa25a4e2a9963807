"""The frame of every JSON answer: which command's schema it follows, and which gcadvise wrote it."""

from __future__ import annotations

import json

from advisor import __version__

# The version of the answers' shape; a key that changes its meaning or goes away makes it 2.
SCHEMA_VERSION = 1


def envelope(command: str, body: dict[str, object]) -> str:
    """The answer of ``command`` as JSON text: ``schema`` and ``tool``, then the keys of ``body``.

    Raises ValueError for a number that JSON does not have (NaN, infinity). What is not valid Unicode, such as a path
    with stray bytes, becomes ``?``.
    """
    document = {
        "schema": f"gcadvise.{command}/{SCHEMA_VERSION}",
        "tool": {"name": "gcadvise", "version": __version__},
        **body,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="replace").decode()
