"""Which lines of a file belong together: statements, continued commands, and a comment with what stands below it."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n|\r|\n")


class Layout:
    """The lines of a file; every question about them is answered in the same time, however long the file is."""

    def __init__(self, path: str, text: str) -> None:
        self.lines = _LINE_END.split(text)
        self._statements: dict[int, range] = {}
        self._comments: frozenset[tuple[int, int]] | None = None
        if path.endswith(".py"):
            self._look_at_python(text)
        self._code, self._last = self._scan()

    def is_comment(self, number: int, offset: int) -> bool:
        """Whether the ``#`` there begins a comment; where that cannot be told, as in a shell script, every one does."""
        return self._comments is None or (number, offset) in self._comments

    def belongs_to(self, number: int, *, alone: bool) -> range:
        """The lines that a comment belongs to: the statement or the continued command that it stands at, or above."""
        first = self._code[number - 1] if alone else number
        return self._statements.get(first) or range(first, (self._last[first - 1] if alone else first) + 1)

    def _look_at_python(self, text: str) -> None:
        import ast
        import io
        import tokenize

        try:
            tree = ast.parse(text)
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            self._comments = frozenset(token.start for token in tokens if token.type == tokenize.COMMENT)
        except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
            return
        for node in ast.walk(tree):  # outer ones first, so that the innermost statement of a line stays
            if isinstance(node, ast.stmt):
                body = getattr(node, "body", None)
                end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
                span = range(node.lineno, max(end, node.lineno) + 1)
                self._statements.update(dict.fromkeys(span, span))

    def _scan(self) -> tuple[list[int], list[int]]:
        """For each line the first one from there on that is no comment, and the last one that it continues to."""
        number = len(self.lines)
        code, last = [number] * number, list(range(1, number + 1))
        for index in range(number - 2, -1, -1):
            line = self.lines[index].strip()
            code[index] = code[index + 1] if not line or line.startswith("#") else index + 1
            if line.endswith("\\"):  # comments between the parts of a command do not end it (Dockerfile)
                last[index] = last[code[index + 1] - 1]
        return code, last
