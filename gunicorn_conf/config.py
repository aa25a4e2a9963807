"""The effective configuration: for each setting every value that anything gives it, and the one that wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gunicorn_conf.place import Place, Source
from gunicorn_conf.release import Release
from gunicorn_conf.settings import setting, settings
from gunicorn_conf.value import Known, Literal, Unknown, Value, certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """One place that gives a setting a value."""

    name: str
    """The setting's name as Gunicorn spells it (``worker_class``)."""
    value: Value
    source: Source
    place: Place
    """Of the whole assignment or option, for editing it away."""
    value_place: Place
    """Of the value alone, for showing and replacing it."""
    text: str
    """The value as it is written."""
    conditional: bool = False
    """Whether it stands within a condition that could not be decided."""
    replaceable: bool = False
    """Whether another text at ``value_place`` gives the setting that value: not so for ``+=``, loops, imports, a value
    that several names share, and lists that are appended to later."""
    variables: tuple[str, ...] = ()
    """Environment variables that are not given and that the value would follow: it is what holds without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that is assigned, weakest source first; within a source in the order in which it is written."""

    release: Release
    assigned: tuple[Assigned, ...] = ()
    undecided: str | None = None
    """Why a setting that nothing here gives a value may have one all the same (a file that is named but not at hand,
    options in a variable that is not known), else None. The value of such a setting is unknown then."""
    _winners: dict[str, Assigned] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for one in sorted(self.assigned, key=lambda one: one.source.rank):
            self._winners[one.name] = one

    def get(self, name: str) -> Assigned | None:
        """What gives the setting its value in the end; None when Gunicorn's default holds."""
        return self._winners.get(name)

    def all(self, name: str) -> Sequence[Assigned]:
        """Every place that gives the setting a value, the winner last."""
        return sorted((one for one in self.assigned if one.name == name), key=lambda one: one.source.rank)

    def value(self, name: str) -> Value:
        """The effective value, Gunicorn's default included."""
        winner = self.get(name)
        if winner is not None:
            return winner.value
        if name not in settings():
            return Unknown(why=f"{name} is not a setting of Gunicorn")
        if self.undecided is not None:
            return Unknown(why=self.undecided)
        return Known(value=setting(name).default(self.release))

    def known(self, name: str) -> Literal:
        """The effective value where it is exactly known; None where it is not (or is None)."""
        found = certain(self.value(name))
        return found[0] if found else None

    def whole_number(self, name: str) -> int | None:
        """The effective value as Gunicorn reads a number (``"4"`` is 4, True is 1); None where it is not known."""
        found = self.known(name)
        if isinstance(found, str):
            try:
                return int(found, 0)
            except ValueError:
                return None
        return found if isinstance(found, int) else None

    @property
    def worker_class(self) -> str | None:
        """The class that will run: ``sync`` with more than one thread is ``gthread``; None where it is not known.

        A dotted path or ``egg:`` address is returned as it is written; Gunicorn's own classes by their short name.
        """
        found = self.known("worker_class")
        if not isinstance(found, str):
            return None
        name = _SHORT_NAMES.get(found, found)
        if name != "sync":
            return name
        threads = self.value("threads")
        number = self.whole_number("threads")
        if number is None:
            return None if not isinstance(threads, Known) else "sync"
        return "gthread" if number > 1 else "sync"


# The dotted paths of Gunicorn's own worker classes (gunicorn/workers/__init__.py) and of those that stand for one.
_SHORT_NAMES: Mapping[str, str] = {
    "gunicorn.workers.sync.SyncWorker": "sync",
    "gunicorn.workers.gthread.ThreadWorker": "gthread",
    "gunicorn.workers.ggevent.GeventWorker": "gevent",
    "gunicorn.workers.gtornado.TornadoWorker": "tornado",
    "gunicorn.workers.gasgi.ASGIWorker": "asgi",
    "gunicorn.workers.geventlet.EventletWorker": "eventlet",
}
