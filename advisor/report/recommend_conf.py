"""A plan as a gunicorn.conf.py, with the command that makes the same file again."""

from __future__ import annotations

from advisor import __version__
from advisor.facts import Origin
from advisor.report.recommend import capacity_text
from advisor.sizing.constraints import DEFAULT_MAX_THREADS, Constraints
from advisor.sizing.plan import Plan
from advisor.units import show_bytes, show_number
from gunicorn_conf.release import NEWEST_KNOWN
from gunicorn_conf.write.conf_py import Entry, conf_py

# Settings that are written as another setting's name: who changes the one changes the other.
_SAME_AS = {"worker_connections": "threads"}


def recommend_conf(plan: Plan, constraints: Constraints) -> str:
    """The text of the file. The same plan gives the same bytes: no date, nothing that changes by itself."""
    host = plan.host
    cpus = show_number(host.cpus.value or 0.0)
    memory = "memory unknown" if host.memory_bytes.value is None else show_bytes(host.memory_bytes.value)
    release = host.gunicorn.value or f"{NEWEST_KNOWN} (assumed)"
    header = [
        f"Gunicorn's configuration, recommended by gcadvise {__version__} for {cpus} CPUs, {memory}, "
        f"{host.platform.value or 'bare'}, Gunicorn {release}, {plan.workload.kind.value}.",
        f"As recommended it {capacity_text(plan)}.",
        "The same file again, on any machine:",
        "  " + " ".join(_command(plan, constraints)),
    ]
    entries = [
        Entry(
            name=setting.name,
            value=setting.value,
            reason=setting.reason,
            variable=setting.variable,
            only_if_directory=setting.name == "worker_tmp_dir",
            same_as=_SAME_AS.get(setting.name) if plan.value(setting.name) == plan.threads else None,
        )
        for setting in plan.settings
    ]
    return conf_py(entries, header=header)


def _command(plan: Plan, constraints: Constraints) -> list[str]:
    """Every input of the plan as a flag, so that the machine it runs on no longer matters."""
    host, workload = plan.host, plan.workload
    words = ["gcadvise", "recommend", f"--{workload.kind.value}", "--cpus", repr(host.cpus.value)]
    if host.memory_bytes.value is not None:
        words += ["--memory", str(host.memory_bytes.value)]
    words += ["--platform", host.platform.value or "bare"]
    words += ["--gunicorn-version", host.gunicorn.value or str(NEWEST_KNOWN)]
    stated = (
        ("--wait-ratio", workload.wait_ratio),
        ("--worker-memory", workload.worker_memory_bytes),
        ("--response-time", workload.response_time_seconds),
        ("--rate", workload.rate_per_second),
        ("--concurrency", workload.concurrency),
    )
    for flag, fact in stated:
        if fact.value is not None and fact.origin is not Origin.ASSUMED:
            words += [flag, str(fact.value)]
    if workload.thread_safe.value is False:
        words.append("--no-thread-safe")
    if constraints.memory_share != 1.0:
        words += ["--memory-share", repr(constraints.memory_share)]
    if constraints.max_db_connections is not None:
        words += ["--max-db-connections", str(constraints.max_db_connections)]
    if constraints.max_threads != DEFAULT_MAX_THREADS:
        words += ["--max-threads", str(constraints.max_threads)]
    if constraints.max_requests is not None:
        words += ["--max-requests", str(constraints.max_requests)]
    if constraints.preload:
        words.append("--preload")
    return [*words, "--format", "conf"]
