"""A rule: metadata beside behaviour. Its docstring is its page."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.subject import Subject

Check = Callable[[Subject], Iterable[Problem]]


class Topic(enum.Enum):
    """What a rule is about; the value is the hundred of its code."""

    CORRECTNESS = 1
    CONCURRENCY = 2
    RELIABILITY = 3
    MEMORY = 4
    SECURITY = 5
    PLATFORM = 6
    DEPLOYMENT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that can be wrong with a configuration."""

    code: str
    """``GC101``: never reused, never renumbered."""
    name: str
    """``unknown-setting``: kebab-case, unique."""
    severity: Severity
    confidence: Confidence
    check: Check
    since: Release | None = None
    """The first release of Gunicorn that it applies to; None for all."""
    until: Release | None = None
    """The first release that it no longer applies to; None for none."""
    evidence: str
    """Where it is known from: ``gunicorn/app/base.py:140``, an issue, or a measurement."""

    @property
    def topic(self) -> Topic:
        """By the hundred of the code."""
        return Topic(int(self.code[2]))

    @property
    def page(self) -> str:
        """The docstring of the check: what it finds, why it hurts, how to mend it, an example, when to ignore it."""
        import inspect

        return inspect.cleandoc(self.check.__doc__ or "")

    def applies_to(self, release: Release) -> bool:
        """Whether this release of Gunicorn behaves so."""
        return (self.since is None or release >= self.since) and (self.until is None or release < self.until)
