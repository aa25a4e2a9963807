"""Turns what was typed for ``startup`` into a Server and the options of its platform; says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.cli.startup_app import Project
from advisor.facts import Origin
from advisor.host.host import Host
from advisor.report.startup_conf import startup_conf
from advisor.sizing.asgi import for_asgi
from advisor.sizing.constraints import Constraints
from advisor.sizing.memory import ARBITER_BYTES, THREAD_BYTES, USABLE_SHARE
from advisor.sizing.plan import Plan, SettingValue
from gunicorn_conf.config import Config
from gunicorn_conf.errors import BadInput
from gunicorn_conf.plan_sizes import plan_size
from gunicorn_conf.platforms import platform as platform_named
from gunicorn_conf.read.oryx import UVICORN_WORKER
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.write.existing import Existing, existing_server, follows_web_concurrency, runs_asgi
from gunicorn_conf.write.startup import AppKind, Options, Scaling, Server

# Where the machine that gcadvise runs on may well be the one that is meant.
_HERE = ("systemd", "supervisor", "shell")
# Gunicorn's starting rule, (2 × cores) + 1, and one event loop a core.
_RULE = {AppKind.WSGI: (2, 1), AppKind.ASGI: (1, 0)}


def planned_server(plan: Plan, constraints: Constraints, project: Project, name: str) -> tuple[Server, tuple[str, ...]]:
    """The server of a plan, and the warnings that come with it."""
    kind = project.app.kind
    fitted = for_asgi(plan, constraints) if kind is AppKind.ASGI else plan
    host = plan.host
    server = Server(
        name=name,
        app=project.app,
        conf=startup_conf(fitted, constraints, kind),
        bind_port=int(str(fitted.value("bind")).rpartition(":")[2]),
        workers=fitted.workers,
        threads=fitted.threads,
        worker_class=str(fitted.value("worker_class")),
        timeout_seconds=_number(fitted.value("timeout")),
        graceful_timeout_seconds=_number(fitted.value("graceful_timeout")),
        keepalive_seconds=_number(fitted.value("keepalive")),
        release=_release(host),
        cpus=host.cpus.value,
        memory_bytes=host.memory_bytes.value,
        needed_memory_bytes=fitted.capacity.memory_bytes,
    )
    # The notes of each platform are told at length by its own explanations.
    notes = platform_named(host.platform.value or "bare").notes
    return server, tuple(text for text in fitted.warnings if text not in notes)


def read_existing(path: Path, host: Host, project: Project, name: str, release: Release) -> tuple[Existing, Config]:
    """The server that the user's own file makes. Raises BadInput when it cannot be read."""
    from gunicorn_conf.read.conf_py import read_conf

    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"{path} cannot be read", why=why, hint="name a gunicorn.conf.py that exists") from error
    conf, assigned = read_conf(str(path), text)
    if conf.problem is not None:
        raise BadInput(f"{path} cannot be read", why=conf.problem, hint=f"see gcadvise validate {path}")
    config = Config(release=release, assigned=assigned)
    told = _wrong_class(project, config, path)
    app = replace(project.app, kind=AppKind.ASGI) if runs_asgi(config) else project.app
    found = existing_server(
        name=name,
        app=app,
        text=text,
        config=config,
        place=platform_named(host.platform.value or "bare"),
        cpus=host.cpus.value,
        memory_bytes=host.memory_bytes.value,
    )
    return replace(found, unknown=(*told, *found.unknown)), config


def _wrong_class(project: Project, config: Config, path: Path) -> tuple[str, ...]:
    """Says that the worker class cannot call the app."""
    app, given = project.app, config.worker_class or "sync"
    if app.kind is AppKind.ASGI and not runs_asgi(config):
        told = (
            f"{app.target} is an ASGI app, and {path.name} runs it on {given} workers, on which every request fails "
            f'(TypeError): set worker_class = "{UVICORN_WORKER}" (package uvicorn-worker).'
        )
        return (told,)
    if app.framework == "flask" and runs_asgi(config):
        return (f"{app.target} is a WSGI app, and {path.name} runs it on {given} workers, which are for ASGI apps.",)
    return ()


def options_for(
    project: Project,
    host: Host,
    *,
    scaling: Scaling | None,
    apps_in_plan: int,
    health_path: str | None,
) -> Options:
    """What the platform is told besides. Raises BadInput for a path that is none."""
    if health_path is not None and (not health_path.startswith("/") or not _encodable(health_path)):
        raise BadInput(
            f"--health-path {health_path!r} is not a path", why="a path begins with /", hint="write it as /health"
        )
    python = host.python.value
    return Options(
        scaling=scaling,
        plan_size=None if host.plan_size.value is None else plan_size(host.plan_size.value),
        apps_in_plan=apps_in_plan,
        python_version=None if python is None else ".".join(python.version.split(".")[:2]),
        oryx=project.oryx,
        health_path=health_path,
    )


def planned_scaling(plan: Plan, constraints: Constraints, server: Server) -> Scaling:
    """How the number of workers follows the machine, by the same limits as the plan."""
    per_cpu, plus = _RULE[server.app.kind]
    worker_bytes = (plan.workload.worker_memory_bytes.value or 0) + server.threads * THREAD_BYTES
    arbiter_bytes = ARBITER_BYTES
    bounds = []
    if plan.choice is not None:
        per_cpu, plus = workers_like(plan)
        memory = plan.choice.cost.memory
        arbiter_bytes = memory.arbiter_bytes
        worker_bytes = memory.total_bytes(1, server.threads) - arbiter_bytes
    if server.app.kind is AppKind.WSGI:
        if constraints.max_db_connections is not None:
            bounds.append(max(1, constraints.max_db_connections // server.threads))
        if plan.workload.concurrency.known or plan.workload.rate_per_second.known:
            bounds.append(server.workers)  # enough for what was asked for, on a larger machine too
    return Scaling(
        per_cpu=per_cpu,
        plus=plus,
        most=min(bounds, default=None),
        memory_share=USABLE_SHARE * constraints.memory_share,
        arbiter_bytes=arbiter_bytes,
        worker_bytes=worker_bytes,
    )


def workers_like(plan: Plan) -> tuple[int, int]:
    """Workers for each CPU, and so many more, that make the plan's number on the plan's CPUs."""
    cpus = plan.host.cpus.value or 1.0
    per_cpu = max(1, int(plan.workers / max(cpus, 1.0)))
    return per_cpu, max(0, plan.workers - int(per_cpu * cpus))


def existing_scaling(server: Server, config: Config, worker_bytes: int, memory_share: float) -> Scaling:
    """The same for the user's own file. Raises BadInput when that does not follow WEB_CONCURRENCY."""
    if not follows_web_concurrency(config):
        raise BadInput(
            "--detect has no effect with this file",
            why="it sets workers without regard to WEB_CONCURRENCY",
            hint='write workers = int(os.environ.get("WEB_CONCURRENCY") or 4) there, or leave workers out',
        )
    per_cpu, plus = _RULE[server.app.kind]
    return Scaling(
        per_cpu=per_cpu,
        plus=plus,
        most=None,
        memory_share=USABLE_SHARE * memory_share,
        arbiter_bytes=ARBITER_BYTES,
        worker_bytes=worker_bytes + server.threads * THREAD_BYTES,
    )


def python_version(host: Host) -> tuple[int, int] | None:
    """Of the Python that will run the app, as far as it is known."""
    python = host.python.value
    if python is None:
        return None
    major, minor = python.version.split(".")[:2]
    return int(major), int(minor)


def machine_note(host: Host, platform: str) -> tuple[str, ...]:
    """Says that the size is this machine's, where the platform is another one."""
    if platform in _HERE or host.cpus.origin is not Origin.DETECTED:
        return ()
    give = "--sku" if platform == "app-service" else "--cpus and --memory"
    return (f"Sized for this machine ({host.cpus.source}), since no size was given: give {give}.",)


def _release(host: Host) -> Release:
    return NEWEST_KNOWN if host.gunicorn.value is None else Release.parse(host.gunicorn.value)


def _number(value: SettingValue | None) -> int | None:
    return value if isinstance(value, int) else None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
