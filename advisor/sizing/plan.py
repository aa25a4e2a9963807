"""The Plan: settings with reasons, the limits that were weighed, what was assumed, and what it all amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.host.host import Host
from advisor.workload.workload import Workload

if TYPE_CHECKING:
    from advisor.sizing.by_model.choice import Choice

SettingValue = int | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSetting:
    """One setting of Gunicorn, its value, and why it has this value."""

    name: str
    value: SettingValue
    reason: str
    variable: str | None = None
    """An environment variable that the written file lets win over the value (WEB_CONCURRENCY, PORT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One bound on the plan. The least one, the one that decided, is binding."""

    name: str
    value: int | None
    """How many of ``unit`` it allows; None when it does not apply or is unknown."""
    unit: str
    """``workers``, ``slots``, ``threads`` or ``requests/s``."""
    arithmetic: str
    """How the value came about, with the numbers; or why there is none."""
    binding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the plan amounts to."""

    concurrent_requests: int
    delivered: bool
    """Whether this release of Gunicorn can be made to deliver all slots (see docs/gthread.md)."""
    requests_per_second: float | None
    """Slots divided by the response time, or what the CPUs allow if that is less; None without a response time.
    Where the app was measured: what is predicted."""
    memory_bytes: int
    memory_budget_bytes: int | None
    database_connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Where the measured figures are from, and which of them were replaced."""

    app: str
    """``module:variable`` of what was measured."""
    arguments: tuple[str, ...]
    """Those of ``recommend`` that say it again, as a shell reads them: ``--profile FILE``, or the app and its paths."""
    from_file: bool
    """Whether they are read from a file, so that the same arguments give the same figures."""
    stated: frozenset[str] = frozenset()
    """The names of the workload's figures that the user stated instead."""
    is_asgi: bool = False
    """Whether it is an ASGI app, which threads do nothing for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recommendation, complete: nothing else is needed to show it or to write it."""

    host: Host
    workload: Workload
    settings: tuple[PlannedSetting, ...]
    limits: tuple[Limit, ...]
    capacity: Capacity
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    choice: Choice | None = None
    """What the model predicts of this plan and of others; None where nothing was measured of the app."""
    measured: Measured | None = None
    """Where the measured figures are from; None where nothing was measured."""

    def value(self, name: str) -> SettingValue | None:
        """The planned value of a setting, None when the plan leaves it to Gunicorn's default."""
        return next((setting.value for setting in self.settings if setting.name == name), None)

    @property
    def has_slots(self) -> bool:
        """Whether its workers serve a number of requests at once; an event loop takes any number."""
        return self.value("worker_class") in ("sync", "gthread")

    @property
    def workers(self) -> int:
        """The number of worker processes."""
        return int(self.value("workers") or 1)

    @property
    def threads(self) -> int:
        """The number of threads in each worker."""
        return int(self.value("threads") or 1)

    @property
    def slots(self) -> int:
        """How many requests can be in a handler at the same time."""
        return self.workers * self.threads
