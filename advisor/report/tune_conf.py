"""The winner of a tuning as a gunicorn.conf.py."""

from __future__ import annotations

from advisor import __version__
from advisor.measure.tune.result import Subject
from advisor.report.recommend_conf import entries
from advisor.sizing.plan import Plan
from advisor.units import show_bytes, show_cpus
from gunicorn_conf.write.conf_py import conf_py


def tune_conf(plan: Plan, subject: Subject, *, measured: str) -> str:
    """The text of the file; ``measured`` is the sentence of what was found. The same result gives the same bytes."""
    memory = "memory unknown" if plan.host.memory_bytes.value is None else show_bytes(plan.host.memory_bytes.value)
    host = f"{show_cpus(subject.cpus)}, {memory}, Gunicorn {subject.gunicorn}"
    header = [
        f"Gunicorn's configuration, measured by gcadvise {__version__} with {subject.app} on {host}.",
        measured,
        "It holds for that app, that load and that machine; gcadvise tune measures again.",
    ]
    return conf_py(entries(plan), header=header)
