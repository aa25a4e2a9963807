"""The facts as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import advisor.report
from advisor.facts import Fact
from advisor.host.host import Host, Interpreter
from advisor.report.envelope import envelope
from advisor.report.inspect import inspect_json, inspect_text

SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/inspect.json").read_text())

HOST = Host(
    cpus=Fact(value=0.5, source="cgroup v2 cpu.max 50000/100000 at /kubepods; the machine has 16"),
    machine_cpus=Fact(value=16, source="/sys/devices/system/cpu/online"),
    memory_bytes=Fact(value=512 * 1024**2, source="cgroup v2 memory.max at /kubepods; the machine has 32 GiB"),
    machine_memory_bytes=Fact(value=32 * 1024**3, source="MemTotal of the machine (/proc/meminfo)"),
    available_memory_bytes=Fact(value=20 * 1024**3, source="MemAvailable of the machine (/proc/meminfo)"),
    platform=Fact(value="kubernetes", source="KUBERNETES_SERVICE_HOST is set"),
    plan_size=Fact.unknown("no App Service plan size was given (--sku)"),
    python=Fact(value=Interpreter(path="/venv/bin/python", version="3.13.1", free_threaded=True), source="VIRTUAL_ENV"),
    gunicorn=Fact.unknown("no Gunicorn in /venv/bin/python"),
    shared_memory_dir=Fact(value="/dev/shm", source="a tmpfs that can be written"),
)
UNKNOWN = Host(
    cpus=Fact.unknown("a"),
    machine_cpus=Fact.unknown("b"),
    memory_bytes=Fact.unknown("c"),
    machine_memory_bytes=Fact.unknown("d"),
    available_memory_bytes=Fact.unknown("e"),
    platform=Fact.unknown("f"),
    plan_size=Fact.unknown("g"),
    python=Fact.unknown("h"),
    gunicorn=Fact.unknown("i"),
    shared_memory_dir=Fact.unknown("j"),
)


def test_each_fact_is_one_line_with_value_and_source() -> None:
    assert inspect_text(HOST, 120).splitlines() == [
        "CPUs           0.5                   cgroup v2 cpu.max 50000/100000 at /kubepods; the machine has 16",
        "Memory         512 MiB               cgroup v2 memory.max at /kubepods; the machine has 32 GiB",
        "Available      20 GiB                MemAvailable of the machine (/proc/meminfo)",
        "Platform       kubernetes            KUBERNETES_SERVICE_HOST is set",
        "Python         3.13.1 free-threaded  /venv/bin/python (VIRTUAL_ENV)",
        "Gunicorn       unknown               because no Gunicorn in /venv/bin/python",
        "Shared memory  /dev/shm              a tmpfs that can be written",
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100])
def test_a_long_source_wraps_and_nothing_of_it_is_lost(width: int) -> None:
    text = inspect_text(HOST, width)
    assert all(len(line) <= max(width, 60) for line in text.splitlines())
    assert HOST.cpus.source in " ".join(text.split())


def test_a_described_host_says_what_the_rest_is_of() -> None:
    host = replace(HOST, described=True, plan_size=Fact(value="B1", source="given with --sku"))
    lines = inspect_text(host, 120).splitlines()
    assert lines[4].split() == ["Plan", "size", "B1", "given", "with", "--sku"]
    assert lines[-1] == "What was not given is that of the machine on which this runs."


def test_a_tiny_cpu_budget_is_not_shown_as_nothing() -> None:
    host = replace(HOST, cpus=Fact(value=0.001, source="x"))
    assert inspect_text(host, 120).splitlines()[0].split() == ["CPUs", "0.001", "x"]


def test_text_that_would_drive_a_terminal_is_not_passed_on() -> None:
    host = replace(HOST, platform=Fact(value="bare", source="\x1b]0;title\x07"))
    assert "\x1b" not in inspect_text(host, 120)


@pytest.mark.parametrize("host", [HOST, UNKNOWN, replace(HOST, described=True)])
def test_the_json_follows_its_schema(host: Host) -> None:
    document = json.loads(envelope("inspect", inspect_json(host)))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_unknown_is_null_with_the_reason_in_the_source() -> None:
    host = inspect_json(UNKNOWN)["host"]
    assert isinstance(host, dict)
    assert {key for key, value in host.items() if value is None} == {
        "cpus",
        "machine_cpus",
        "memory_bytes",
        "machine_memory_bytes",
        "available_memory_bytes",
        "platform",
        "plan_size",
        "python",
        "gunicorn",
        "shared_memory_dir",
    }
    assert host["cpus_source"] == "a"


def test_the_schema_refuses_a_key_that_is_missing_or_not_known() -> None:
    document = json.loads(envelope("inspect", inspect_json(HOST)))
    del document["host"]["cpus_source"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)
    document["host"] |= {"cpus_source": "x", "cores": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_the_envelope_names_its_schema_and_the_tool_first() -> None:
    document = json.loads(envelope("inspect", {"host": {}}))
    assert list(document) == ["schema", "tool", "host"]
    assert document["schema"] == "gcadvise.inspect/1"
    assert document["tool"] == {"name": "gcadvise", "version": advisor.__version__}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_the_envelope_refuses_numbers_that_json_does_not_have(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        envelope("inspect", {"x": number})


def test_the_envelope_can_always_be_printed() -> None:
    text = envelope("inspect", {"path": "/caf\udce9/é"})
    assert json.loads(text)["path"] == "/caf?/é"
    assert text.encode()
