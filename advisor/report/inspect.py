"""The facts of a host as terminal text and as JSON; pure functions of the Host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from advisor.facts import Fact
from advisor.host.host import Host, Interpreter
from advisor.host.system import shown
from advisor.report.columns import columns
from advisor.units import show_bytes, show_number

T = TypeVar("T")

# Below this, two decimals would show a budget as less than half of a digit.
_SMALL_CPUS = 0.1


def inspect_text(host: Host, width: int) -> str:
    """One line a fact: what, value, source; a long source wraps at ``width``."""
    facts = [
        ("CPUs", *_cells(host.cpus, show_cpus)),
        ("Memory", *_cells(host.memory_bytes, show_bytes)),
        ("Available", *_cells(host.available_memory_bytes, show_bytes)),
        ("Platform", *_cells(host.platform, str)),
        *([("Plan size", *_cells(host.plan_size, str))] if host.plan_size.known else []),
        ("Python", *_cells(_with_path(host.python), _show_python)),
        ("Gunicorn", *_cells(host.gunicorn, str)),
        ("Shared memory", *_cells(host.shared_memory_dir, str)),
    ]
    lines = columns([tuple(shown(cell) for cell in row) for row in facts], width=width, indent=0)
    if host.described:
        lines += ["", "What was not given is that of the machine on which this runs."]
    return "\n".join(lines)


def _cells(fact: Fact[T], show: Callable[[T], str]) -> tuple[str, str]:
    if fact.value is None:
        return "unknown", f"because {fact.source}"
    return show(fact.value), fact.source


def show_cpus(cpus: float) -> str:
    """CPUs as shown to users: ``0.5``, ``2``; a small budget keeps two significant digits."""
    return show_number(cpus) if cpus >= _SMALL_CPUS else f"{cpus:.2g}"


def _show_python(python: Interpreter) -> str:
    return f"{python.version} free-threaded" if python.free_threaded else python.version


def _with_path(fact: Fact[Interpreter]) -> Fact[Interpreter]:
    if fact.value is None:
        return fact
    return Fact(value=fact.value, source=f"{fact.value.path} ({fact.source})", origin=fact.origin)


def inspect_json(host: Host) -> dict[str, object]:
    """The body of ``gcadvise inspect --format json``."""
    return {"host": host_json(host)}


def host_json(host: Host) -> dict[str, object]:
    """The host as every JSON answer holds it; null is unknown, and its ``_source`` then says why."""
    python = host.python.value
    return {
        "cpus": host.cpus.value,
        "cpus_source": host.cpus.source,
        "machine_cpus": host.machine_cpus.value,
        "machine_cpus_source": host.machine_cpus.source,
        "memory_bytes": host.memory_bytes.value,
        "memory_source": host.memory_bytes.source,
        "machine_memory_bytes": host.machine_memory_bytes.value,
        "machine_memory_source": host.machine_memory_bytes.source,
        "available_memory_bytes": host.available_memory_bytes.value,
        "available_memory_source": host.available_memory_bytes.source,
        "platform": host.platform.value,
        "platform_source": host.platform.source,
        "plan_size": host.plan_size.value,
        "plan_size_source": host.plan_size.source,
        "python": python and {"path": python.path, "version": python.version, "free_threaded": python.free_threaded},
        "python_source": host.python.source,
        "gunicorn": host.gunicorn.value,
        "gunicorn_source": host.gunicorn.source,
        "shared_memory_dir": host.shared_memory_dir.value,
        "shared_memory_dir_source": host.shared_memory_dir.source,
        "described": host.described,
    }
