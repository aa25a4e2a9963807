"""The gunicorn.conf.py of a plan for an app whose kind is known."""

from __future__ import annotations

from advisor import __version__
from advisor.report.recommend_conf import described, entries, recommend_conf
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.units import show_bytes
from gunicorn_conf.write.conf_py import conf_py
from gunicorn_conf.write.startup import AppKind


def startup_conf(plan: Plan, constraints: Constraints, kind: AppKind) -> str:
    """The text of the file: what ``recommend`` writes, or its like for an ASGI app."""
    if kind is AppKind.WSGI:
        return recommend_conf(plan, constraints)
    memory = show_bytes(plan.capacity.memory_bytes)
    header = [
        f"Gunicorn's configuration for an ASGI app, recommended by gcadvise {__version__} for {described(plan)}.",
        f"As recommended it needs about {memory}.",
        "Each worker is one event loop: any number of requests can wait in it, and one can compute.",
    ]
    return conf_py(entries(plan), header=header)
