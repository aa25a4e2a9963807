"""What keeps static evaluation small: bounds on steps, sizes and numbers, whatever a file says."""

from __future__ import annotations

from collections.abc import Sized

# Syntax nodes evaluated for one statement at the top level, and for a whole file. A node takes 2 to 10 µs, so that
# the file's bound is about half a second; the longest of the public files that were looked at takes some 2,000 steps.
MAX_STATEMENT_STEPS = 20_000
MAX_FILE_STEPS = 60_000
# Characters of one text, and of all texts that a file makes. Log formats have some hundred.
MAX_TEXT = 65_536
MAX_ALL_TEXT = 16 * 1024 * 1024
# Characters that one list or dict may hold: writing it out copies them all.
MAX_HELD_TEXT = 262_144
# Bits of a whole number: 4,096 are 1,233 decimal digits, below the limit of str() (4,300).
MAX_BITS = 4_096
# Items of one list, dict or range, those of the lists within counted along; and how deeply they may nest.
MAX_ITEMS = 4_096
MAX_NESTING = 40
# User functions within user functions.
MAX_CALLS = 20
# Values that one name may have after undecided conditions.
MAX_POSSIBILITIES = 12
# Operations one upon another on a value that depends on the host.
MAX_HOST_DEPTH = 60
# Spaces that a format may pad to, and decimal places that round() may be asked for.
MAX_WIDTH = 999
# Neighbouring modules imported by neighbouring modules.
MAX_MODULES = 8


class Exhausted(Exception):
    """A statement or a file takes more steps than static evaluation spends on it."""

    def __init__(self, *, whole_file: bool) -> None:
        super().__init__("evaluating it takes too many steps")
        self.whole_file = whole_file


class Refused(Exception):
    """An operation that is not evaluated; the text completes "unknown, because ..."."""


class Budget:
    """What is left to spend on a file."""

    __slots__ = ("_file", "_statement", "_text")

    def __init__(self) -> None:
        self._file = MAX_FILE_STEPS
        self._statement = MAX_STATEMENT_STEPS
        self._text = MAX_ALL_TEXT

    def new_statement(self) -> None:
        """Begin a statement of the top level."""
        self._statement = MAX_STATEMENT_STEPS

    def spend(self, steps: int = 1) -> None:
        """Count steps; raises Exhausted when there are none left."""
        self._file -= steps
        self._statement -= steps
        if self._file < 0:
            raise Exhausted(whole_file=True)
        if self._statement < 0:
            raise Exhausted(whole_file=False)

    def keep(self, value: object) -> object:
        """The value, when it is small enough to go on with; raises Refused or Exhausted else."""
        kind = type(value)
        if kind is int:
            if value.bit_length() > MAX_BITS:  # type: ignore[attr-defined]  # an int, by its exact type
                raise Refused(f"it is a number of more than {MAX_BITS} bits")
        elif kind is str or kind is bytes:
            assert isinstance(value, Sized)
            if len(value) > MAX_TEXT:
                raise Refused(f"it is a text of more than {MAX_TEXT:,} characters")
            self._text -= len(value)
            if self._text < 0:
                raise Exhausted(whole_file=True)
        elif kind in (list, tuple, dict, set, frozenset):
            self.spend(_count(value) // 16)
        elif kind is range and _longer(value):
            raise Refused(f"it has more than {MAX_ITEMS:,} items")
        return value


def _longer(value: object) -> bool:
    """Whether a range has too many items; len() raises for the longest."""
    assert isinstance(value, range)
    try:
        return len(value) > MAX_ITEMS
    except OverflowError:
        return True


def _count(value: object) -> int:
    """How many items a container holds, with those within; raises Refused where there are too many.

    What is held twice counts twice, since comparing or writing it takes the time of both.
    """
    counted = text = 0
    pending: list[tuple[object, int]] = [(value, 0)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, dict):
            inner = [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            inner = list(one)
        else:
            if isinstance(one, (str, bytes)):
                text += len(one)
                if text > MAX_HELD_TEXT:
                    raise Refused(f"it holds more than {MAX_HELD_TEXT:,} characters")
            continue
        counted += len(inner)
        if counted > MAX_ITEMS:
            raise Refused(f"it has more than {MAX_ITEMS:,} items")
        if depth > MAX_NESTING:
            raise Refused(f"it is nested more than {MAX_NESTING} deep")
        pending.extend((each, depth + 1) for each in inner)
    return counted
