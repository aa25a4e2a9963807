"""``gcadvise rule``: a rule, a setting, a platform, or all rules."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import advisor.report
from gunicorn_conf.platforms import PLATFORM_NAMES
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.settings import settings
from tests.conftest import RunGcadvise

SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/rule.json").read_text())


@pytest.mark.parametrize("name", ["GC101", "gc101", "unknown-setting"])
def test_a_rule_is_explained_by_its_code_or_name(run_gcadvise: RunGcadvise, name: str) -> None:
    done = run_gcadvise("rule", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GC101 unknown-setting\n")
    assert "Ignore it when" in done.stdout
    assert "``" not in done.stdout


@pytest.mark.parametrize("name", ["workers", "--workers", "-w", "WORKERS"])
def test_a_setting_is_explained_by_its_name_or_flag(run_gcadvise: RunGcadvise, name: str) -> None:
    done = run_gcadvise("rule", "--", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("workers, a setting of Gunicorn\n")
    assert "WEB_CONCURRENCY" in done.stdout


def test_a_platform_is_explained_with_the_sources_of_its_figures(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("rule", "app-service")
    assert done.returncode == 0
    assert "not verified" in done.stdout


@pytest.mark.parametrize(("name", "title"), [("compose", "docker: "), ("shell", "bare: ")])
def test_what_startup_writes_for_is_explained_too(run_gcadvise: RunGcadvise, name: str, title: str) -> None:
    done = run_gcadvise("rule", name)
    assert done.returncode == 0
    assert done.stdout.startswith(title)


def test_a_topic_and_all_are_tables(run_gcadvise: RunGcadvise) -> None:
    every = run_gcadvise("rule", "--all").stdout
    assert all(rule.code in every and rule.name in every for rule in RULES)
    one = run_gcadvise("rule", "correctness").stdout
    assert "GC101" in one
    assert "GC2" not in one.replace("GC2xx", "")


@pytest.mark.parametrize("name", ["GC101", "workers", "docker", "security", "GC1", "--all"])
def test_the_json_follows_its_schema(run_gcadvise: RunGcadvise, name: str) -> None:
    done = run_gcadvise("rule", name, "--format=json")
    if name == "security" and not any(rule.code.startswith("GC5") for rule in RULES):
        return
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(done.stdout), SCHEMA)


def test_every_setting_and_platform_has_valid_json() -> None:
    from advisor.report.envelope import envelope
    from advisor.report.rule_json import rule_json
    from gunicorn_conf.platforms import platform

    for setting in settings().values():
        jsonschema.validate(json.loads(envelope("rule", rule_json((), setting, None, RULES))), SCHEMA)
    for name in PLATFORM_NAMES:
        jsonschema.validate(json.loads(envelope("rule", rule_json((), None, platform(name), RULES))), SCHEMA)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("unknown-settin", "unknown-setting"), ("GC1O1", "GC101"), ("worker", "workers"), ("herok", "heroku")],
)
def test_what_was_meant_is_asked(run_gcadvise: RunGcadvise, name: str, meant: str) -> None:
    done = run_gcadvise("rule", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"did you mean {meant!r}?" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--all", "GC101"]])
def test_one_thing_is_explained_at_a_time(run_gcadvise: RunGcadvise, arguments: list[str]) -> None:
    assert run_gcadvise("rule", *arguments).returncode == 2
