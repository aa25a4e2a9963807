"""What a rule reports, and how it could be mended."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from gunicorn_conf.place import Place


class Severity(enum.Enum):
    """How bad it is."""

    ERROR = "error"
    """Breaks, or is silently ignored."""
    WARNING = "warning"
    """Harmful in some condition that the message states."""
    INFO = "info"
    """Worth knowing."""


class Confidence(enum.Enum):
    """How sure a finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace the text at a place; an empty text removes it (with its line, when nothing else stands there)."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that mends a finding."""

    description: str
    """In the imperative: "rename it to workers"."""
    safe: bool
    """Whether it cannot change what works today: only then ``--fix`` applies it."""
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a rule's check yields; the rule's own code, name and severity are added by whoever runs it."""

    message: str
    """What is wrong, with the numbers, in one sentence without a full stop."""
    place: Place
    help: str = ""
    """What to do instead, in one sentence without a full stop."""
    setting: str | None = None
    fix: Fix | None = None
    severity: Severity | None = None
    """Instead of the rule's, where the case at hand is milder or graver."""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem under its rule."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    problem: Problem
