"""What is given wins over what is detected, and says how it was given."""

from __future__ import annotations

import pytest

from advisor.facts import Origin
from advisor.host.overrides import Overrides, given_cpus, given_memory, given_plan_size, given_platform
from gunicorn_conf.errors import BadInput
from tests.advisor.host.machine import GIB, Machine


@pytest.mark.parametrize(("text", "cpus"), [("0.5", 0.5), ("4", 4.0), ("500m", 0.5), ("1e1", 10.0)])
def test_cpus_are_read_as_a_number_or_in_thousandths(text: str, cpus: float) -> None:
    assert given_cpus(text, Origin.FLAG).value == cpus


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "-inf", "1e999", "two", "0,5", "m", "1e-999"])
def test_cpus_that_are_no_positive_number_are_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="is not a number of CPUs"):
        given_cpus(text, Origin.FLAG)


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        (Origin.FLAG, "given with --memory"),
        (Origin.VARIABLE, "given with GCADVISE_MEMORY"),
        (Origin.FILE, "given as memory in gcadvise.toml or pyproject.toml"),
    ],
)
def test_a_given_value_says_how_it_was_given(origin: Origin, source: str) -> None:
    fact = given_memory("512MiB", origin)
    assert (fact.value, fact.source, fact.origin) == (512 * 1024**2, source, origin)


def test_bad_memory_says_how_it_was_given() -> None:
    with pytest.raises(BadInput) as caught:
        given_memory("much", Origin.VARIABLE)
    assert caught.value.why.startswith("given with GCADVISE_MEMORY; ")


def test_given_cpus_and_memory_win_over_the_machine(machine: Machine) -> None:
    machine.v2("/a", {"/a": {"cpu.max": "100000 100000", "memory.max": str(GIB)}})
    given = Overrides(cpus=given_cpus("8", Origin.FLAG), memory_bytes=given_memory("4GiB", Origin.FLAG))
    host = machine.detect(overrides=given)
    assert (host.cpus.value, host.memory_bytes.value) == (8.0, 4 * GIB)
    assert host.machine_cpus.value == 16
    assert host.described


def test_nothing_given_describes_nothing(machine: Machine) -> None:
    assert not machine.detect(overrides=Overrides()).described


def test_a_platform_is_found_in_any_case(machine: Machine) -> None:
    host = machine.detect({"DYNO": "web.1"}, overrides=Overrides(platform=given_platform("Cloud-Run", Origin.FLAG)))
    assert (host.platform.value, host.platform.source) == ("cloud-run", "given with --platform")
    assert host.described


def test_an_unknown_platform_is_bad_input_with_the_nearest_name() -> None:
    with pytest.raises(BadInput) as caught:
        given_platform("kubernets", Origin.FLAG)
    assert caught.value.hint == "did you mean 'kubernetes'?"


def test_a_plan_size_gives_cpus_memory_and_platform(machine: Machine) -> None:
    host = machine.detect(overrides=Overrides(plan_size=given_plan_size("p1V3", Origin.FLAG)))
    assert (host.cpus.value, host.memory_bytes.value, host.platform.value) == (2, 8 * GIB, "app-service")
    assert host.plan_size.value == "P1v3"
    assert host.cpus.source == "plan size P1v3: 2 vCPU, 8 GiB"
    assert host.cpus.origin is Origin.FLAG
    assert host.described


def test_an_unverified_plan_size_is_marked_as_such(machine: Machine) -> None:
    host = machine.detect(overrides=Overrides(plan_size=given_plan_size("P1v2", Origin.FLAG)))
    assert host.cpus.source.startswith("plan size P1v2: 1 vCPU, 3.5 GiB (unverified: ")
    assert host.memory_bytes.source == host.cpus.source


def test_given_values_win_over_the_plan_size(machine: Machine) -> None:
    given = Overrides(
        plan_size=given_plan_size("B1", Origin.FLAG),
        cpus=given_cpus("3", Origin.VARIABLE),
        platform=given_platform("docker", Origin.FLAG),
    )
    host = machine.detect(overrides=given)
    assert (host.cpus.value, host.memory_bytes.value) == (3.0, round(1.75 * GIB))
    assert host.platform.value == "docker"


def test_a_shared_plan_size_has_memory_but_no_number_of_cpus(machine: Machine) -> None:
    host = machine.detect(overrides=Overrides(plan_size=given_plan_size("f1", Origin.FLAG)))
    assert host.memory_bytes.value == GIB
    assert host.cpus.value is None
    assert "60 CPU minutes a day" in host.cpus.source
    assert host.cpus.source.endswith("give --cpus to size for it")
