"""Each release starts what is recommended for it, and has nothing to complain about.

The plans are chosen so that between them they take every branch of ``advisor.sizing.worker_settings`` and
``advisor.sizing.server_settings``; the first tests hold that against the values and reasons that the plans show.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.report.recommend_conf import recommend_conf
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from tests.advisor.hosts import make_host, make_plan
from tests.releases import RELEASES
from tests.start import ANSWER, start_and_check


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A host and a workload; the release is put in later."""

    kind: Kind = Kind.IO_BOUND
    host: dict[str, object]
    workload: dict[str, object]
    constraints: Constraints

    def plan(self, release: str) -> Plan:
        host = make_host(**self.host, gunicorn=release)  # type: ignore[arg-type]
        return make_plan(self.kind, host=host, constraints=self.constraints, **self.workload)


def case(
    platform: str,
    cpus: float,
    memory: int = 8 * GIB,
    kind: Kind = Kind.IO_BOUND,
    *,
    constraints: Constraints | None = None,
    shared_memory: str | None = "/dev/shm",
    described: bool = False,
    **workload: object,
) -> Case:
    host = {
        "platform": platform,
        "cpus": cpus,
        "memory": memory,
        "shared_memory": shared_memory,
        "described": described,
    }
    return Case(kind=kind, host=host, workload=workload, constraints=constraints or Constraints())


CASES = {
    "bare, threads": case("bare", 1.0),
    "docker, CPU-bound": case("docker", 0.5, kind=Kind.CPU_BOUND),
    "app service, CPU-bound": case("app-service", 0.5, kind=Kind.CPU_BOUND, described=True, shared_memory=None),
    "heroku, preloaded, memory binds": case("heroku", 1.0, 300 * MIB, constraints=Constraints(preload=True)),
    "cloud run, not thread-safe": case("cloud-run", 0.5, thread_safe=False),
    "cloud run, threads": case("cloud-run", 0.5, kind=Kind.MIXED, wait_ratio=9.0),
    "systemd, slow requests, restarts": case(
        "systemd",
        0.5,
        kind=Kind.CPU_BOUND,
        shared_memory=None,
        response_time_seconds=60.0,
        constraints=Constraints(max_requests=1000),
    ),
    "ecs, few connections": case("ecs", 2.0, constraints=Constraints(max_db_connections=7)),
    "kubernetes, one worker fits": case("kubernetes", 1.0, 160 * MIB),
    "bare, little asked for": case("bare", 2.0, concurrency=2),
    "bare, one thread allowed": case("bare", 0.5, constraints=Constraints(max_threads=1)),
    "bare, memory for one thread": case("bare", 1.0, 142 * MIB),
    "docker, capped threads": case("docker", 1.0, 270 * MIB, concurrency=30, constraints=Constraints(max_threads=6)),
}

# Everything that the two modules can emit, over all releases.
EMITTED = {
    "bind": {"127.0.0.1:8000", "0.0.0.0:8000", "0.0.0.0:8080"},
    "worker_class": {"sync", "gthread"},
    "keepalive": {0, 65, 95, 605},
    "timeout": {0, 30, 70, 180, 240},
    "graceful_timeout": {4, 8, 25, 30, 70, 85},
    "worker_tmp_dir": {"/dev/shm", None},
    "control_socket_disable": {True, None},
    "forwarded_allow_ips": {"*", None},
    "max_requests": {1000, None},
    "max_requests_jitter": {100, None},
    "preload_app": {True, None},
}
# A piece of each reason that workers and threads can have.
REASONS = {
    "workers": {
        "Gunicorn's starting rule",
        "what the memory holds",
        "stay within 7 database connections",
        "enough for the 2 slots asked for",
        "the most slots that the limits allow",
    },
    "threads": {
        "a CPU-bound request holds the GIL",
        "the app is not thread-safe",
        "are slots enough",
        "no more than one thread a worker was allowed",
        "leaves one thread a worker",
        ", rounded up",
        "cut to",
    },
}


def test_the_plans_show_every_value_that_can_be_emitted() -> None:
    plans = [each.plan(release) for each in CASES.values() for release in RELEASES]
    for name, values in EMITTED.items():
        shown = {plan.value(name) for plan in plans} | ({None} if None in values else set())
        assert shown - ({None} if None not in values else set()) == values, name


@pytest.mark.parametrize("name", REASONS)
def test_the_plans_show_every_reason(name: str) -> None:
    reasons = [
        setting.reason
        for each in CASES.values()
        for setting in each.plan(RELEASES[-1]).settings
        if setting.name == name
    ]
    missing = {piece for piece in REASONS[name] if not any(piece in reason for reason in reasons)}
    assert missing == set(), reasons


def test_no_plan_is_too_large_to_start_anywhere() -> None:
    for each in CASES.values():
        assert each.plan(RELEASES[-1]).workers <= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_release_starts_the_plan_and_has_nothing_to_complain_about(release: str, name: str, tmp_path: Path) -> None:
    plan = CASES[name].plan(release)
    report = start_and_check(release, recommend_conf(plan, CASES[name].constraints), tmp_path)

    assert (report.status, report.body) == (200, ANSWER)
    assert report.complaints == []
    assert report.returncode == 0
    for setting in ("workers", "threads", "worker_connections", "keepalive", "timeout", "graceful_timeout"):
        value = plan.value(setting)
        assert value is None or report.settings[setting] == str(value)
