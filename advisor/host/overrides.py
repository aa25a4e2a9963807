"""What the user says of the host instead of what is detected; each value carries where it was given."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.facts import Fact, Origin
from advisor.units import parse_bytes
from gunicorn_conf.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The given facts; None is what was not given."""

    cpus: Fact[float] | None = None
    memory_bytes: Fact[int] | None = None
    platform: Fact[str] | None = None
    plan_size: Fact[str] | None = None
    """The name of an App Service plan size, as it was written."""
    python: Fact[str] | None = None
    """The path of an interpreter, or of a virtual environment."""


_VARIABLES = {
    "cpus": "GCADVISE_CPUS",
    "memory": "GCADVISE_MEMORY",
    "platform": "GCADVISE_PLATFORM",
    "sku": "GCADVISE_SKU",
    "python": "GCADVISE_PYTHON",
}


def given_as(name: str, origin: Origin) -> str:
    """How the value of an option came, as shown text: ``given with --cpus``."""
    if origin is Origin.VARIABLE:
        return f"given with {_VARIABLES[name]}"
    if origin is Origin.FILE:
        return f"given as {name} in gcadvise.toml or pyproject.toml"
    return f"given with --{name}"


def given_cpus(text: str, origin: Origin) -> Fact[float]:
    """CPUs as a number (``0.5``, ``4``) or in Kubernetes' thousandths (``500m``).

    Raises BadInput when that is not a positive number.
    """
    try:
        number = float(text.removesuffix("m")) / (1000 if text.endswith("m") else 1)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise BadInput(
            f"{text!r} is not a number of CPUs",
            why=f"{given_as('cpus', origin)}; it must be a number above zero",
            hint="write it as 0.5, 4, or 500m",
        )
    return Fact(value=number, source=given_as("cpus", origin), origin=origin)


def given_memory(text: str, origin: Origin) -> Fact[int]:
    """Memory such as ``512MiB``. Raises BadInput when it is not a positive size."""
    try:
        size = parse_bytes(text)
    except BadInput as error:
        raise BadInput(str(error), why=f"{given_as('memory', origin)}; {error.why}", hint=error.hint) from error
    return Fact(value=size, source=given_as("memory", origin), origin=origin)


def given_platform(text: str, origin: Origin) -> Fact[str]:
    """A platform's name, in any case. Raises BadInput when there is none of that name."""
    from gunicorn_conf.platforms import platform

    return Fact(value=platform(text.strip().lower()).name, source=given_as("platform", origin), origin=origin)


def given_plan_size(text: str, origin: Origin) -> Fact[str]:
    """An App Service plan size, in its own spelling. Raises BadInput when there is none of that name."""
    from gunicorn_conf.plan_sizes import plan_size

    return Fact(value=plan_size(text).name, source=given_as("sku", origin), origin=origin)


def given_python(text: str, origin: Origin) -> Fact[str]:
    """The path of an interpreter; whether it is one is found out when it is looked at."""
    return Fact(value=text, source=given_as("python", origin), origin=origin)
