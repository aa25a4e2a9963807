"""Whether a value is wrong always, sometimes, or not as far as is known: what rules on single values share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.rules.conf_tree import place_bound_to
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Severity
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import Known, Literal, OneOf, PerHost, Unknown, Value

# Machines on which a value that depends on the number of CPUs is tried: the small ones, where "cpu_count() - 1" is 0,
# and the usual ones, odd and even.
_CPU_COUNTS = (1, 2, 3, 4, 8, 16, 64)
_SHOWN_CHARACTERS = 60


class Verdict(NamedTuple):
    """A wrong value, and how sure it is that it is the value."""

    example: Literal
    """The wrong value, or the first of several."""
    always: bool
    """Whether every possibility is wrong."""
    condition: str = ""
    """Under which it is wrong, to be put behind the value: ``" on a machine with 1 CPU"``."""

    @property
    def severity(self) -> Severity | None:
        """The rule's own where it is always wrong, else a warning."""
        return None if self.always else Severity.WARNING

    @property
    def confidence(self) -> Confidence | None:
        """The rule's own where it is always wrong, else medium."""
        return None if self.always else Confidence.MEDIUM

    @property
    def verb(self) -> str:
        """``is`` or ``can be``."""
        return "is" if self.always else "can be"


def verdict(value: Value, wrong: Callable[[Literal], bool]) -> Verdict | None:
    """How a value fails the test, None where it does not or where nothing is known."""
    match value:
        case Known():
            return Verdict(value.value, True) if wrong(value.value) else None
        case PerHost():
            return _on_hosts(value, wrong)
        case OneOf():
            found = [verdict(one, wrong) for one in value.values]
            bad = [one for one in found if one is not None]
            if not bad:
                return None
            return bad[0]._replace(always=len(bad) == len(found) and all(one.always for one in bad))
        case Unknown():
            return None


def place_of_wrong(subject: Subject, one: Assigned, found: Verdict) -> Place:
    """Where the wrong value stands: of several under conditions, the one that is wrong where it is a literal."""
    if found.always or subject.conf is None or one.source is not Source.FILE:
        return one.value_place
    return place_bound_to(subject.conf, one.name, found.example) or one.value_place


def _on_hosts(value: PerHost, wrong: Callable[[Literal], bool]) -> Verdict | None:
    bad = [(cpus, there) for cpus in _CPU_COUNTS if wrong(there := value.at(cpus))]
    if not bad:
        return None
    if len(bad) == len(_CPU_COUNTS):
        # Four CPUs make a better example than one.
        return Verdict(value.at(4), True, " on a machine with 4 CPUs")
    cpus, there = bad[0]
    return Verdict(there, False, f" on a machine with {cpus} {'CPU' if cpus == 1 else 'CPUs'}")


def shown(value: Literal) -> str:
    """A value as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def reads_variable(text: str) -> bool:
    """Whether an expression takes its value from the environment itself."""
    return "environ" in text or "getenv" in text or text.startswith(("env(", "env.", "config(", "decouple."))


def replacement(one: Assigned, text: str, description: str, *, safe: bool) -> Fix:
    """The fix that writes another value in its place."""
    return Fix(description=description, safe=safe, edits=(Edit(place=one.value_place, text=text),))
