"""The JSON of a plan: what other programs rely on, held to its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from referencing import Registry, Resource

import advisor.report
from advisor.report.envelope import envelope
from advisor.report.recommend_json import recommend_json
from tests.advisor.report.plans import PLANS
from tests.advisor.strategies import constraints, hosts, plan_or_none, workloads

SCHEMAS = Path(advisor.report.__file__).parent / "schemas"


def recommend_validator() -> jsonschema.Draft202012Validator:
    """For the schema of ``recommend``, which takes the host and a check's result from those of the other commands."""
    loaded = {file.name: json.loads(file.read_text()) for file in SCHEMAS.glob("*.json")}
    registry: Registry = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in loaded.items()
    )
    return jsonschema.Draft202012Validator(loaded["recommend.json"], registry=registry)


VALIDATOR = recommend_validator()


def document(plan):
    return json.loads(envelope("recommend", recommend_json(plan)))


@pytest.mark.parametrize("name", PLANS)
def test_every_kept_plan_follows_the_schema(name):
    VALIDATOR.validate(document(PLANS[name]))


@given(hosts, workloads(), constraints)
def test_every_plan_follows_the_schema(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is not None:
        VALIDATOR.validate(document(plan))


def test_the_schema_itself_is_valid_and_refuses_what_is_not_in_it():
    jsonschema.Draft202012Validator.check_schema(json.loads((SCHEMAS / "recommend.json").read_text()))
    good = document(PLANS["two-cpus"])
    for broken in (
        good | {"more": 1},
        good | {"settings": good["settings"] | {"worker_class": "gevent"}},
        good | {"limits": [limit | {"binding": False} for limit in good["limits"]]},
        {key: value for key, value in good.items() if key != "capacity"},
    ):
        assert not VALIDATOR.is_valid(broken)


@pytest.mark.parametrize("name", PLANS)
def test_each_setting_has_a_reason_and_the_sums_agree(name):
    plan = document(PLANS[name])
    settings, capacity = plan["settings"], plan["capacity"]
    assert list(plan["reasons"]) == list(settings)
    assert capacity["concurrent_requests"] == settings["workers"] * settings["threads"]
    assert capacity["database_connections"] == capacity["concurrent_requests"]
    variables = {"bind": "PORT", "workers": "WEB_CONCURRENCY"}
    if "forwarded_allow_ips" in settings:
        variables["forwarded_allow_ips"] = "FORWARDED_ALLOW_IPS"
    assert plan["variables"] == variables


def test_numbers_are_not_rounded_for_show():
    plan = document(PLANS["half-a-cpu"])
    assert (plan["host"]["cpus"], plan["host"]["memory_bytes"]) == (0.5, 536870912)
    assert plan["workload"]["source"] == {
        "wait_ratio": "assumed",
        "worker_memory_bytes": "assumed",
        "thread_safe": "assumed",
        "response_time_seconds": "unknown",
        "rate_per_second": "unknown",
        "concurrency": "unknown",
    }
