"""Reads amounts as the files of deployments write them: memory, CPUs, durations."""

from __future__ import annotations

import math
import re

_AMOUNT = re.compile(r"\s*(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[A-Za-zµ%]*)\s*")
_BINARY = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
# Kubernetes, "Resource Management for Pods and Containers": m is a thousandth, k M G are decimal, Ki Mi Gi binary.
_KUBERNETES = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_SECONDS = {
    "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "second": 1, "seconds": 1, "": 1, "m": 60, "min": 60,
    "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400,
    "days": 86400,
}  # fmt: skip
# A limit beyond this is no limit; it also keeps infinite numbers out.
_LARGEST = 2.0**60


def binary_bytes(text: str) -> int | None:
    """``512M``, ``1g``, ``1.5GB`` with units of 1,024, as Docker and systemd read them; None for anything else."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    unit = (
        match["unit"].lower().removesuffix("ib").removesuffix("b") if len(match["unit"]) > 1 else match["unit"].lower()
    )
    factor = _BINARY.get(unit)
    return _whole(float(match["number"]) * factor) if factor is not None else None


def kubernetes_quantity(text: str) -> float | None:
    """``500m``, ``2``, ``512Mi``, ``1G``; None for anything else."""
    match = _AMOUNT.fullmatch(text)
    factor = _KUBERNETES.get(match["unit"]) if match else None
    if match is None or factor is None:
        return None
    value = float(match["number"]) * factor
    return value if value < _LARGEST else None


def kubernetes_bytes(text: str) -> int | None:
    """A Kubernetes quantity of memory."""
    value = kubernetes_quantity(text)
    return _whole(value) if value is not None else None


def percent_as_cpus(text: str) -> float | None:
    """systemd's ``CPUQuota=150%`` as 1.5 CPUs; None for anything else."""
    match = _AMOUNT.fullmatch(text)
    return float(match["number"]) / 100 if match and match["unit"] == "%" else None


def number(text: str) -> float | None:
    """A plain number above 0; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < _LARGEST else None


def seconds(text: str) -> float | None:
    """``30``, ``1min 30s``, ``1m30s``, ``infinity``; None for anything else."""
    if text.strip().lower() == "infinity":
        return math.inf
    at = 0
    total = 0.0
    while at < len(text):
        match = _AMOUNT.match(text, at)
        factor = _SECONDS.get(match["unit"]) if match else None
        if match is None or factor is None:
            return None
        total += float(match["number"]) * factor
        at = match.end()
    return total if text.strip() and total < _LARGEST else None


def _whole(value: float) -> int | None:
    return int(value) if 0 < value < _LARGEST else None
