"""Puts the Host together: what was given wins, the rest is detected, what cannot be read is unknown with the reason."""

from __future__ import annotations

from advisor.facts import Fact
from advisor.host.cgroups import CGROUP_FILE, Chain, find_chain, membership
from advisor.host.cpus import cpu_budget, machine_cpus
from advisor.host.host import Host
from advisor.host.interpreter import find_python
from advisor.host.memory import machine_memory, memory_budget
from advisor.host.mounts import MOUNTINFO, Mount, read_mounts
from advisor.host.overrides import Overrides
from advisor.host.platform import detect_platform
from advisor.host.shared_memory import shared_memory_dir
from advisor.host.system import System, why
from advisor.units import show_bytes, show_number


def detect(system: System | None = None, *, overrides: Overrides | None = None) -> Host:
    """The host as this process gets it, or as it is described by ``overrides``.

    Raises BadInput for a plan size or a Python that was given and does not exist; nothing that is read of the
    machine raises.
    """
    system = system or System()
    given = overrides or Overrides()
    mounts, no_mounts = _mounts(system)
    groups, no_groups = _membership(system)
    hidden = "" if system.outside_linux else "; ".join(filter(None, (no_groups, no_mounts)))
    if hidden:
        hidden = f"cgroup limits are unknown: {hidden}"

    def chain_of(controller: str) -> Chain:
        return Chain(2, ()) if hidden else find_chain(controller, groups, mounts, system)

    machine = machine_cpus(system)
    total, available = machine_memory(system)
    size_cpus, size_memory = _plan_size_facts(given.plan_size)
    size_platform = given.plan_size and Fact(
        value="app-service", source=f"implied: {given.plan_size.source}", origin=given.plan_size.origin
    )
    python, gunicorn = find_python(system, given.python)
    return Host(
        cpus=given.cpus or size_cpus or cpu_budget(system, machine, chain_of("cpu"), chain_of("cpuset"), hidden),
        machine_cpus=machine,
        memory_bytes=given.memory_bytes or size_memory or memory_budget(system, total, chain_of("memory"), hidden),
        machine_memory_bytes=total,
        available_memory_bytes=available,
        platform=given.platform or size_platform or detect_platform(system, groups, mounts),
        plan_size=given.plan_size or Fact.unknown("no App Service plan size was given (--sku)"),
        python=python,
        gunicorn=gunicorn,
        shared_memory_dir=shared_memory_dir(system, mounts, no_mounts),
        described=any((given.cpus, given.memory_bytes, given.platform, given.plan_size)),
    )


def _mounts(system: System) -> tuple[tuple[Mount, ...], str]:
    try:
        return read_mounts(system), ""
    except OSError as error:
        return (), why(MOUNTINFO, error)


def _membership(system: System) -> tuple[dict[str, str], str]:
    try:
        return membership(system), ""
    except OSError as error:
        return {}, why(CGROUP_FILE, error)


def _plan_size_facts(given: Fact[str] | None) -> tuple[Fact[float] | None, Fact[int] | None]:
    """CPUs and memory of the plan size that was given."""
    if given is None or given.value is None:
        return None, None
    from gunicorn_conf.plan_sizes import plan_size

    size = plan_size(given.value)
    figures = (
        f"{'shared CPU' if size.vcpus is None else show_number(size.vcpus) + ' vCPU'}, {show_bytes(size.memory_bytes)}"
    )
    source = f"plan size {size.name}: {figures}"
    if not size.verified:
        source += f" (unverified: {size.source})"
    if size.note:
        source += f"; {size.note}"
    memory = Fact(value=size.memory_bytes, source=source, origin=given.origin)
    if size.vcpus is None:
        return Fact.unknown(f"{source}; give --cpus to size for it"), memory
    return Fact(value=size.vcpus, source=source, origin=given.origin), memory
