"""The grammar of shell scripts: text to a syntax tree, and the parts of its statements."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree


def parsed(text: str) -> Tree:
    """The syntax tree; its offsets in bytes are those of the text in characters."""
    return _parser().parse(_one_byte_each(text))


@functools.cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def _one_byte_each(text: str) -> bytes:
    """As bytes of the same number, so that offsets agree; what is not ASCII is part of words all the same."""
    return text.encode() if text.isascii() else "".join(char if char.isascii() else "x" for char in text).encode()


def clauses(node: Node) -> list[tuple[list[Node], list[Node]]]:
    """The conditions and the statements of ``if``, each ``elif`` and ``else``; the condition of ``else`` is empty."""
    found: list[tuple[list[Node], list[Node]]] = [([], [])]
    in_condition = True
    for child in node.children:
        if child.type == "then":
            in_condition = False
        elif child.type == "elif_clause":
            found += clauses(child)
        elif child.type == "else_clause":
            found.append(([], [one for one in child.named_children if one.type != "comment"]))
        elif child.is_named and child.type != "comment":
            found[0][0 if in_condition else 1].append(child)
    return found
