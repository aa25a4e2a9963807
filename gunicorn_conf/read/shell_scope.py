"""What the expansion of a shell's words asks of the shell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gunicorn_conf.read.word import Word
from gunicorn_conf.value import Value


class Scope(Protocol):
    """What a shell knows while it expands a word."""

    @property
    def arguments(self) -> Sequence[Word] | None:
        """``"$@"``, where it is known."""

    @property
    def directory(self) -> str | None:
        """The working directory, where it is known."""

    def variable(self, name: str) -> Value | None:
        """What a variable holds; None where it is not set."""

    def array(self, name: str) -> Sequence[Word] | None:
        """The words of an array, where they are known."""

    def assign(self, name: str, value: Value) -> None:
        """Set a variable, as ``${NAME:=value}`` does."""
