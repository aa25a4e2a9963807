"""Python text to a syntax tree, or why that cannot be: a template, Python 2, too deep, not text."""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from dataclasses import dataclass

from gunicorn_conf.place import Place
from gunicorn_conf.read.source_text import SourceText

# A configuration file has some kilobytes. A syntax tree takes up to 700 bytes and 3 µs for a character of code, as
# measured with a list of half a million ones: this is 140 MiB and half a second.
MAX_CHARACTERS = 200_000
# Levels of a syntax tree. Python's own compiler gives up at some hundreds.
MAX_LEVELS = 150
# PEP 263, for the first two lines.
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
# Bounded, so that a file of nothing but braces is searched in linear time.
_TEMPLATE = re.compile(r"\{\{[^{}\n]{0,200}\}\}|\{%[^\n]{0,200}?%\}|<%[^\n]{0,200}?%>")
_PYTHON_2 = (
    "Missing parentheses in call to 'print'",
    "Missing parentheses in call to 'exec'",
    "multiple exception types",
    "leading zeros in decimal integer literals",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A syntax tree, or a problem and where it is."""

    tree: ast.Module | None = None
    problem: str | None = None
    place: Place | None = None
    is_template: bool = False


def parse(path: str, text: str) -> Parsed:
    """Parse a file's text. Never raises."""
    whole = Place(path=path)
    if len(text) > MAX_CHARACTERS:
        return Parsed(
            problem=f"it has {len(text):,} characters, and no more than {MAX_CHARACTERS:,} are read", place=whole
        )
    source = SourceText(path, text)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return Parsed(problem="it holds null bytes, which Python does not read", place=Place(path=path, line=line))
    unknown = _unknown_encoding(source)
    if unknown is not None:
        return unknown
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A byte order mark is no part of the program.
            tree = ast.parse(text.removeprefix("\ufeff"), path)
            if _too_deep(tree):
                return Parsed(problem=f"it is nested more than {MAX_LEVELS} levels deep", place=whole)
            compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return _syntax_error(source, error)
    except (RecursionError, MemoryError):
        return Parsed(problem="it is nested too deeply for Python to parse it", place=whole)
    except UnicodeError:
        return Parsed(problem="it is not text in the encoding that it is taken to be in", place=whole)
    except (ValueError, OverflowError) as error:
        return Parsed(problem=f"Python cannot parse it: {error}", place=whole)
    return Parsed(tree=tree)


def _unknown_encoding(source: SourceText) -> Parsed | None:
    for number, line in enumerate(source.lines[:2], 1):
        found = _CODING.match(line)
        if found is None:
            if line.strip() and not line.lstrip().startswith("#"):
                break
            continue
        try:
            codecs.lookup(found[1])
        except LookupError:
            return Parsed(
                problem=f"Python does not know its encoding, {found[1]}", place=Place(path=source.path, line=number)
            )
        break
    return None


def _too_deep(tree: ast.AST) -> bool:
    """Whether a tree has too many levels; a chain of operators counts as one."""
    level: list[ast.AST] = [tree]
    chained: list[ast.AST] = []
    for _ in range(MAX_LEVELS):
        following: list[ast.AST] = []
        while level:
            node = level.pop()
            children = chained if isinstance(node, ast.BinOp) else following
            for child in ast.iter_child_nodes(node):
                (chained if children is chained and isinstance(child, ast.BinOp) else following).append(child)
            if chained:
                level.extend(chained)
                chained.clear()
        level = following
        if not level:
            return False
    return True


def _syntax_error(source: SourceText, error: SyntaxError) -> Parsed:
    line = error.lineno if error.lineno and error.lineno <= len(source.lines) else None
    column = error.offset if line and error.offset and error.offset > 0 else None
    place = Place(path=source.path, line=line, column=column)
    template = _TEMPLATE.search(source.text)
    message = (error.msg or "invalid syntax").partition(". Did you mean")[0]
    if template is not None:
        number = source.text.count("\n", 0, template.start()) + 1
        return Parsed(
            problem=f"it is a template and not yet Python: line {number} holds {template[0][:40]}",
            place=Place(path=source.path, line=number),
            is_template=True,
        )
    if message.startswith(_PYTHON_2):
        return Parsed(problem=f"it is Python 2, which Gunicorn no longer runs on: {message}", place=place)
    return Parsed(problem=f"Python cannot parse it: {message}", place=place)
