"""The combinations of CPU and memory that a Fargate task can have; the rows are in fargate_sizes.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TOML = Path(__file__).with_name("fargate_sizes.toml")
_MIB = 1024**2
_UNITS_PER_CPU = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateSize:
    """One combination, in the units of a task definition."""

    cpu_units: int
    """1024 are a vCPU."""
    memory_mib: int

    @property
    def cpus(self) -> float:
        """The CPUs of the task."""
        return self.cpu_units / _UNITS_PER_CPU

    @property
    def memory_bytes(self) -> int:
        """The memory of the task."""
        return self.memory_mib * _MIB


def fargate_sizes() -> tuple[FargateSize, ...]:
    """All combinations, the one with the least CPU first, then the one with the least memory."""
    import tomli

    document = tomli.loads(_TOML.read_text(encoding="utf-8"))
    return tuple(
        FargateSize(cpu_units=row["cpu_units"], memory_mib=memory)
        for row in document["row"]
        for memory in row.get("memory_mib")
        or range(row["first_mib"], row["last_mib"] + row["step_mib"], row["step_mib"])
    )


def smallest_task(cpus: float, memory_bytes: int) -> FargateSize | None:
    """The combination that has both with the least CPU, then the least memory; None when no task is so large."""
    return next((size for size in fargate_sizes() if size.cpus >= cpus and size.memory_bytes >= memory_bytes), None)
