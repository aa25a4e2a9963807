"""Takes a Dockerfile apart into instructions: continuations, comments within them, heredocs, stages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gunicorn_conf.read.text import Text

_INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)(?P<space>[ \t]+|$)")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*(?P<char>[`\\])\s*$", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=.*$")
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>[\"']?)(?P<name>[A-Za-z_]\w*)(?P=quote)")
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction; ``text`` is what stands behind its name, with lines joined and comments left out."""

    name: str
    text: Text


def instructions(text: Text) -> Iterator[Instruction]:
    """The instructions in the order in which they stand."""
    source = text.text
    escape = _escape_of(source)
    at = 0
    while at < len(source):
        end = _line_end(source, at)
        line = source[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at = end + 1
            continue
        spans, after = _continued(source, at, escape)
        joined = text.joined(spans)
        match = _INSTRUCTION.match(joined.text)
        if match is None:
            at = after
            continue
        name = match["name"].upper()
        if name in _WITH_HEREDOC:
            after = _past_heredocs(source, joined.text, after)
        yield Instruction(name=name, text=joined.part(match.end(), len(joined.text.rstrip())))
        at = after


def _escape_of(source: str) -> str:
    """The escape character, which ``# escape=`` in the first lines may change."""
    for line in source.splitlines()[:10]:
        match = _ESCAPE.match(line.strip())
        if match:
            return match["char"]
        if not _DIRECTIVE.match(line.strip()):
            break
    return "\\"


def _continued(source: str, at: int, escape: str) -> tuple[list[tuple[int, int]], int]:
    """The spans of a line and those that continue it, and where the next instruction may begin."""
    spans: list[tuple[int, int]] = []
    while at < len(source):
        end = _line_end(source, at)
        line = source[at:end].rstrip()
        if spans and (not line or line.lstrip().startswith("#")):
            # Comments and (deprecated) empty lines within a continued instruction are left out.
            at = end + 1
            continue
        if line.endswith(escape):
            spans.append((at, at + len(line) - 1))
            at = end + 1
            continue
        spans.append((at, at + len(line)))
        return spans, end + 1
    return spans, at


def _past_heredocs(source: str, line: str, at: int) -> int:
    for match in _HEREDOC.finditer(line):
        ending = re.compile(rf"^\t*{match['name']}[ \t]*\r?$", re.MULTILINE).search(source, at)
        if ending is None:
            return len(source)
        at = _line_end(source, ending.start()) + 1
    return at


def _line_end(source: str, at: int) -> int:
    end = source.find("\n", at)
    return len(source) if end < 0 else end
