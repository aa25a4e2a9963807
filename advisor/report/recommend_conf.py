"""A plan as a gunicorn.conf.py, with the command that makes the same file again."""

from __future__ import annotations

from advisor import __version__
from advisor.facts import Origin
from advisor.report.recommend import capacity_text
from advisor.sizing.constraints import DEFAULT_MAX_THREADS, Constraints
from advisor.sizing.plan import Plan
from advisor.sizing.server_settings import USUAL_SHARED_MEMORY
from advisor.units import show_bytes, show_cpus
from gunicorn_conf.release import NEWEST_KNOWN
from gunicorn_conf.write.conf_py import Entry, conf_py

# Settings that are written as another setting's name: who changes the one changes the other.
_SAME_AS = {"worker_connections": "threads"}


def recommend_conf(plan: Plan, constraints: Constraints) -> str:
    """The text of the file. The same plan gives the same bytes: no date, nothing that changes by itself."""
    header = [
        f"Gunicorn's configuration, recommended by gcadvise {__version__} for {described(plan)}.",
        f"As recommended it {capacity_text(plan)}.",
        f"{_again(plan)}:",
        "  " + " ".join(_command(plan, constraints)),
    ]
    return conf_py(entries(plan), header=header)


def described(plan: Plan) -> str:
    """What the plan is for: CPUs, memory, platform, release, kind of workload."""
    host = plan.host
    memory = "memory unknown" if host.memory_bytes.value is None else show_bytes(host.memory_bytes.value)
    cpus = show_cpus(host.cpus.value or 0.0)
    place = f"{host.platform.value or 'bare'}, Gunicorn {host.gunicorn.value or NEWEST_KNOWN}"
    app = f"{plan.measured.app}, measured as " if plan.measured is not None else ""
    return f"{cpus}, {memory}, {place}, {app}{plan.workload.kind.value}"


def entries(plan: Plan) -> list[Entry]:
    """The settings as the file holds them."""
    return [
        Entry(
            name=setting.name,
            value=setting.value,
            reason=setting.reason[:1].upper() + setting.reason[1:],
            variable=setting.variable,
            only_if_directory=setting.name == "worker_tmp_dir",
            same_as=_SAME_AS.get(setting.name) if plan.value(setting.name) == plan.threads else None,
        )
        for setting in plan.settings
    ]


def _again(plan: Plan) -> str:
    if plan.measured is not None and not plan.measured.from_file:
        return "The same again, with the app measured anew"
    return f"The same file again{_except(plan)}, on any machine"


def _except(plan: Plan) -> str:
    """What the command cannot give again, since it has no flag: unknown memory, a tmpfs that is not the usual one."""
    missing = [] if plan.host.memory_bytes.known else ["what the memory allows"]
    if plan.value("worker_tmp_dir") != USUAL_SHARED_MEMORY:
        missing.append("worker_tmp_dir")
    return f", but for {' and '.join(missing)}" if missing else ""


def _command(plan: Plan, constraints: Constraints) -> list[str]:
    """Every input of the plan as a flag, so that the machine it runs on no longer matters."""
    host, workload = plan.host, plan.workload
    measured = plan.measured
    of_app = (f"--{workload.kind.value}",) if measured is None else measured.arguments
    words = ["gcadvise", "recommend", *of_app, "--cpus", _number(host.cpus.value)]
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
        if fact.value is None or fact.origin is Origin.ASSUMED:
            continue
        if measured is None or flag in ("--rate", "--concurrency") or _parameter(flag) in measured.stated:
            words += [flag, _number(fact.value)]
    if plan.choice is not None and plan.choice.load.demand.kept_alive:
        words.append("--clients-keep-alive")
    seen = measured is not None and workload.thread_safe.origin is Origin.DETECTED  # then the profile says it again
    if workload.thread_safe.value is False and not seen:
        words.append("--no-thread-safe")
    if constraints.memory_share != 1.0:
        words += ["--memory-share", _number(constraints.memory_share)]
    if constraints.max_db_connections is not None:
        words += ["--max-db-connections", str(constraints.max_db_connections)]
    if constraints.max_threads != DEFAULT_MAX_THREADS:
        words += ["--max-threads", str(constraints.max_threads)]
    if constraints.max_requests is not None:
        words += ["--max-requests", str(constraints.max_requests)]
    if constraints.preload:
        words.append("--preload")
    return [*words, "--format", "conf"]


def _parameter(flag: str) -> str:
    """The workload's figure that a flag states."""
    return {"--worker-memory": "worker_memory_bytes", "--response-time": "response_time_seconds"}.get(
        flag, flag.removeprefix("--").replace("-", "_")
    )


def _number(value: float | None) -> str:
    """A number that reads back as exactly the same one, without a needless ``.0``."""
    return repr(float(value or 0.0)).removesuffix(".0") if not isinstance(value, int) else str(value)
