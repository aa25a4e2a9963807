"""The Host record: everything that sizing needs to know of a machine, each fact with its source."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The Python that will run Gunicorn."""

    path: str
    version: str
    """Such as ``3.11.7``."""
    free_threaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine or container as a process in it really gets it.

    CPUs are a budget, not a count: 0.5 is a valid value. Memory is in bytes.
    """

    cpus: Fact[float]
    """The least of affinity, cpuset, CFS quota over all ancestor cgroups, and the machine's CPUs."""
    machine_cpus: Fact[int]
    memory_bytes: Fact[int]
    """The least of the cgroup limits over all ancestors and the machine's memory."""
    machine_memory_bytes: Fact[int]
    available_memory_bytes: Fact[int]
    """What is not in use by others now (MemAvailable)."""
    platform: Fact[str]
    """A name in ``gunicorn_conf.platforms``: app-service, kubernetes, heroku, docker, systemd, bare, ..."""
    plan_size: Fact[str]
    """The App Service plan size that was named with ``--sku``, else unknown."""
    python: Fact[Interpreter]
    gunicorn: Fact[str]
    """The release of Gunicorn in that interpreter, such as ``27.0.1``."""
    shared_memory_dir: Fact[str]
    """A directory on a tmpfs that exists here and can be written, for Gunicorn's heartbeat files (``/dev/shm``)."""
    described: bool = False
    """Whether CPUs, memory or platform were given (``--cpus``, ``--sku``, ...): the machine need not be this one."""
