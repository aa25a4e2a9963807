"""A plan beside what a configuration file says now: what differs, and how it could be changed."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from advisor.sizing.plan import Plan, PlannedSetting, SettingValue
from gunicorn_conf.config import Assigned
from gunicorn_conf.release import Release
from gunicorn_conf.settings import settings
from gunicorn_conf.value import Literal, PerHost, certain
from gunicorn_conf.write.assign import is_literal

# Numbers that are closer than this are the same: no measurement on a server tells them apart, and a second run of the
# advice, with slightly other facts, should not ask for a change (as timescaledb-tune does, pkg/pgtune/tune.go).
TOLERANCE = 0.05

# What the owner of the file has decided where it is set at all: addresses and where logs go follow from the place, not
# from the load.
_OWN = frozenset({"bind", "forwarded_allow_ips", "accesslog", "errorlog", "worker_tmp_dir"})

_CONCURRENCY = frozenset({"workers", "threads", "worker_class", "worker_connections"})
_TIME = frozenset({"keepalive", "timeout", "graceful_timeout", "max_requests", "max_requests_jitter"})


class Group(enum.Enum):
    """Settings that are looked at together."""

    CONCURRENCY = "Workers and threads"
    TIME = "Connections and time"
    REST = "Everything else"


class How(enum.Enum):
    """What a change would do to the file."""

    ADD = "is not set"
    REPLACE = "is set"
    REPLACE_COMPUTED = "is computed"
    BY_HAND = "is set within a condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting whose value is not the recommended one."""

    planned: PlannedSetting
    current: Assigned | None
    """None where Gunicorn's default holds."""
    shown: str
    """The present value as it is written, or the default."""
    how: How

    @property
    def group(self) -> Group:
        """Where it is shown."""
        if self.planned.name in _CONCURRENCY:
            return Group.CONCURRENCY
        return Group.TIME if self.planned.name in _TIME else Group.REST


def compare(plan: Plan, assigned: Mapping[str, Assigned], release: Release) -> tuple[Difference, ...]:
    """The settings whose present value is not the planned one, in the order of the plan."""
    return tuple(_differences(plan, assigned, release))


def _differences(plan: Plan, assigned: Mapping[str, Assigned], release: Release) -> Iterator[Difference]:
    cpus = plan.host.machine_cpus.value
    for planned in plan.settings:
        current = assigned.get(planned.name)
        if current is None:
            default = settings()[planned.name].default(release)
            if not same(default, planned.value) and not _follows(planned, plan):
                yield Difference(planned=planned, current=None, shown=f"{default!r}, the default", how=How.ADD)
        elif planned.name not in _OWN and not _holds(current, planned.value, cpus):
            yield Difference(planned=planned, current=current, shown=" ".join(current.text.split()), how=_how(current))


def _how(current: Assigned) -> How:
    if current.conditional:
        return How.BY_HAND
    return How.REPLACE if is_literal(current.text) else How.REPLACE_COMPUTED


def _holds(current: Assigned, wanted: SettingValue, cpus: int | None) -> bool:
    found = certain(current.value)
    if found is None and isinstance(current.value, PerHost) and cpus is not None:
        found = (current.value.at(cpus),)
    return found is not None and same(found[0], wanted)


def _follows(planned: PlannedSetting, plan: Plan) -> bool:
    """Whether Gunicorn's default comes to the same: threads make gthread of sync."""
    return planned.name == "worker_class" and planned.value == "gthread" and plan.threads > 1


def same(present: Literal, wanted: SettingValue) -> bool:
    """Whether two values are the same for Gunicorn, numbers within the tolerance."""
    if isinstance(present, bool) or isinstance(wanted, bool):
        return present is wanted
    if isinstance(wanted, int):
        if isinstance(present, str) and present.strip().isdecimal():
            present = int(present)
        return isinstance(present, int) and abs(present - wanted) <= TOLERANCE * max(abs(present), abs(wanted))
    if isinstance(present, list | tuple):
        return list(present) == [wanted]
    return present == wanted
