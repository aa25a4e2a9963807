"""What was chosen by the model, and what else was weighed: predictions alone, nothing of them measured."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from advisor.model.prediction import Demand, Prediction
from advisor.workload.cost import AppCost


class Bound(enum.Enum):
    """What may hold a choice below the throughput that the host would allow, besides the model's own ceilings."""

    MEMORY = "memory"
    DATABASE = "database connections"
    THREADS = "threads per worker"


class Role(enum.Enum):
    """Why a configuration stands beside the chosen one."""

    CHOSEN = "chosen"
    RULE = "rule"
    """(2 × cores) + 1 sync workers."""
    UNMEASURED = "without measuring"
    """What is recommended for the same kind of app when nothing was measured of it."""
    FASTEST = "most requests/s"
    """The most throughput under the limits, whatever it costs."""
    CHEAPER = "next cheaper"
    """The fastest of those that need at least a tenth less memory than the chosen one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One configuration of the comparison."""

    role: Role
    prediction: Prediction
    fits: bool
    """Whether it keeps to the memory, the database connections and the threads allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The load that a choice is for, and why it is this one."""

    demand: Demand
    reason: str
    """How the number of clients came about."""
    asked: bool
    """Whether a rate or a concurrency was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The cheapest configuration near the best predicted throughput, and what it was chosen from."""

    cost: AppCost
    load: Load
    chosen: Prediction
    fastest: Prediction
    """The most throughput under the limits."""
    rule: Prediction
    bound: Bound | None
    """The limit without which more throughput is predicted; None when one of the model's ceilings decides."""
    one_worker_fewer: Prediction | None
    half_the_threads: Prediction | None
    other_policy: Prediction | None
    """The same workers and threads with the other way to take connections; None where the release has only one."""
    alternatives: tuple[Alternative, ...]
    """The chosen one first; each configuration once."""

    def alternative(self, role: Role) -> Alternative | None:
        """The one in this role, None when it is none or coincides with one that is listed before."""
        return next((one for one in self.alternatives if one.role is role), None)
