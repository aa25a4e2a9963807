"""What was measured of an app is read from a file, and what is wrong with the file is said."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import advisor.report
from advisor.facts import Origin
from advisor.workload.cost import UNMEASURED_THREAD_BYTES
from advisor.workload.profile import CPU_BOUND_BELOW, IO_BOUND_ABOVE, Endpoint, kind_of, parse_profile, read_profile
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput

SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/profile.json").read_text())
PATH = Path("out/profile.json")
DOCUMENT = {
    "schema": "gcadvise.profile/1",
    "app": "shop:app",
    "request": {"wall_ms": 210.0, "cpu_ms": 8.4, "wait_ratio": 24},
    "worker": {"memory_bytes": 88080384},
}


def changed(group: str, name: str, value: object) -> str:
    document = json.loads(json.dumps(DOCUMENT))
    document[group][name] = value
    return json.dumps(document)


def test_every_figure_has_its_source() -> None:
    jsonschema.validate(DOCUMENT, SCHEMA)
    profile = parse_profile(json.dumps(DOCUMENT), PATH)
    assert profile.app == "shop:app"
    facts = (profile.response_time_seconds, profile.wait_ratio, profile.worker_memory_bytes)
    assert [fact.value for fact in facts] == [0.21, 24.0, 88080384]
    assert {(fact.source, fact.origin) for fact in facts} == {("measured, profile.json", Origin.FILE)}


def test_keys_that_are_not_known_are_let_pass() -> None:
    document = {**DOCUMENT, "tool": {"name": "other"}}
    jsonschema.validate(document, SCHEMA)
    assert parse_profile(json.dumps(document), PATH) == parse_profile(json.dumps(DOCUMENT), PATH)


@pytest.mark.parametrize("key", ["schema", "app", "request", "worker"])
def test_what_is_missing_is_named(key: str) -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != key}
    with pytest.raises(BadInput) as caught:
        parse_profile(json.dumps(document), PATH)
    assert f'"{key}"' in str(caught.value.why)


BAD_NUMBERS = [
    ("request", "wall_ms", None, "is missing"),
    ("request", "cpu_ms", 0, "makes no sense"),
    ("request", "cpu_ms", "8", "is no number"),
    ("request", "wait_ratio", -1, "makes no sense"),
    ("request", "wait_ratio", True, "is no number"),
    ("request", "wait_ratio", 4, "make it 24"),
    ("request", "wall_ms", 10**400, "makes no sense"),
    ("worker", "memory_bytes", float("nan"), "makes no sense"),
    ("worker", "memory_bytes", 0, "makes no sense"),
]


@pytest.mark.parametrize(("group", "name", "value", "why"), BAD_NUMBERS)
def test_a_number_that_cannot_be_is_an_error(group: str, name: str, value: object, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_profile(changed(group, name, value), PATH)
    assert name in str(caught.value.why)
    assert why in str(caught.value.why)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"schema": "gcadvise.profile/2"}'])
def test_what_is_no_profile_is_an_error(text: str) -> None:
    with pytest.raises(BadInput, match="no profile that can be used"):
        parse_profile(text, PATH)


def test_means_and_rounding_may_deviate_by_a_tenth() -> None:
    assert parse_profile(changed("request", "wait_ratio", 22.6), PATH).wait_ratio.value == 22.6


def test_computing_in_several_threads_waits_for_nothing() -> None:
    text = json.dumps({**DOCUMENT, "request": {"wall_ms": 10, "cpu_ms": 35, "wait_ratio": 0}})
    assert parse_profile(text, PATH).wait_ratio.value == 0


def full(group: str = "", name: str = "", value: object = None) -> str:
    """A file with all that a prediction needs; one figure changed, or left out where the value is "gone"."""
    document = json.loads(json.dumps(DOCUMENT))
    document["request"] |= {
        "gil_ms": 7.0,
        "handover_ms": 0.2,
        "kept_alive_saves_ms": 0.3,
        "variation": 0.5,
        "response_bytes": 1234,
        "quantiles_ms": [200.0 + number for number in range(100)],
    }
    document["worker"] |= {"arbiter_bytes": 2e7, "thread_bytes": 3e5, "growth_bytes_per_1000_requests": 4096}
    if value == "gone":
        del document[group][name]
    elif group:
        document[group][name] = value
    return json.dumps(document)


def test_the_least_form_has_no_cost() -> None:
    profile = parse_profile(json.dumps(DOCUMENT), PATH)
    assert (profile.cost, profile.is_asgi) == (None, False)


def test_a_whole_file_has_the_cost() -> None:
    jsonschema.validate(json.loads(full()), SCHEMA)
    cost = parse_profile(full(), PATH).cost
    assert cost is not None
    assert (cost.request.gil_seconds, cost.request.handover_seconds) == (0.007, 0.0002)
    assert (cost.request.service_seconds, cost.request.quantiles_seconds[99]) == (0.21, 0.299)
    assert (cost.memory.worker_bytes, cost.memory.arbiter_bytes, cost.memory.thread_bytes) == (88080384, 2e7, 3e5)


@pytest.mark.parametrize("value", [None, "gone"])
@pytest.mark.parametrize(
    ("group", "name", "taken"),
    [
        ("request", "gil_ms", 0.0084),
        ("request", "handover_ms", 0.0),
        ("request", "kept_alive_saves_ms", 0.0),
        ("worker", "thread_bytes", UNMEASURED_THREAD_BYTES),
        ("worker", "growth_bytes_per_1000_requests", 0),
    ],
)
def test_what_was_not_measured_counts_as_what_claims_least(group: str, name: str, taken: float, value: object) -> None:
    cost = parse_profile(full(group, name, value), PATH).cost
    assert cost is not None
    part = cost.request if group == "request" else cost.memory
    assert getattr(part, name.replace("_ms", "_seconds")) == pytest.approx(taken)


@pytest.mark.parametrize(
    ("group", "name"),
    [("request", "variation"), ("request", "response_bytes"), ("request", "quantiles_ms"), ("worker", "arbiter_bytes")],
)
def test_without_one_of_these_there_is_no_cost(group: str, name: str) -> None:
    assert parse_profile(full(group, name, "gone"), PATH).cost is None


@pytest.mark.parametrize(
    ("group", "name", "value", "why"),
    [
        ("request", "quantiles_ms", [1.0] * 99, "is no list of 100 numbers"),
        ("request", "quantiles_ms", "fast", "is no list of 100 numbers"),
        ("request", "quantiles_ms", [2.0] * 99 + [1.0], "do not ascend"),
        ("request", "quantiles_ms", [0.1] * 99 + ["1"], "is no number"),
        ("request", "variation", -1, "makes no sense"),
        ("request", "gil_ms", True, "is no number"),
        ("worker", "thread_bytes", float("inf"), "makes no sense"),
    ],
)
def test_a_figure_of_the_cost_that_cannot_be_is_an_error(group: str, name: str, value: object, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_profile(full(group, name, value), PATH)
    assert name in str(caught.value.why)
    assert why in str(caught.value.why)


def test_the_model_knows_nothing_of_an_asgi_app() -> None:
    profile = parse_profile(json.dumps(json.loads(full()) | {"interface": "asgi"}), PATH)
    assert (profile.cost, profile.is_asgi) == (None, True)


def test_what_was_requested_is_there_with_its_shares() -> None:
    assert parse_profile(json.dumps(DOCUMENT), PATH).endpoints == ()
    endpoints = [{"method": "GET", "path": "/a", "weight": 3}, {"method": "POST", "path": "/b?c=d", "weight": 0.5}]
    profile = parse_profile(json.dumps({**DOCUMENT, "endpoints": endpoints}), PATH)
    assert profile.endpoints == (
        Endpoint(method="GET", path="/a", weight=3.0),
        Endpoint(method="POST", path="/b?c=d", weight=0.5),
    )


@pytest.mark.parametrize(
    "endpoints",
    [
        "/a",
        ["/a"],
        [{"path": "/a", "weight": 1}],
        [{"method": "GET", "path": "/a", "weight": 0}],
        [{"method": "GET", "path": "/a", "weight": True}],
        [{"method": "GET", "path": 1, "weight": 1}],
    ],
)
def test_requests_that_cannot_be_are_an_error(endpoints: object) -> None:
    with pytest.raises(BadInput) as caught:
        parse_profile(json.dumps({**DOCUMENT, "endpoints": endpoints}), PATH)
    assert '"endpoints"' in str(caught.value.why)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_error(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match="no profile that can be used"):
        read_profile(path)


@pytest.mark.parametrize(
    ("ratio", "kind"),
    [
        (0.0, Kind.CPU_BOUND),
        (CPU_BOUND_BELOW, Kind.MIXED),
        (4.0, Kind.MIXED),
        (IO_BOUND_ABOVE, Kind.MIXED),
        (24.0, Kind.IO_BOUND),
    ],
)
def test_the_wait_ratio_tells_the_kind(ratio: float, kind: Kind) -> None:
    assert kind_of(ratio) is kind
