"""A profile in words, as figures and as JSON, from made-up measurements."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.measure.profile.result import AppProfile, ThreadsProfile
from advisor.report import profile as report
from advisor.report.envelope import envelope
from advisor.report.profile import profile_text
from advisor.report.profile_json import profile_json
from advisor.report.profile_words import ratio_text, sentences, time_text
from advisor.units import MIB
from advisor.workload.profile import parse_profile
from tests.advisor.hosts import make_host
from tests.advisor.profiles import app_profile, asgi_profile, endpoint, slow_profile, uneven_profile
from tests.conftest import MatchesFile

GOLDEN = Path(__file__).parent / "golden/profile"
SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("profile.json").read_text())
PROFILES: dict[str, Callable[[], AppProfile]] = {
    "mixed": app_profile,
    "slow": slow_profile,
    "asgi": asgi_profile,
    "uneven": uneven_profile,
}
STEPS = [("See how Gunicorn should be configured for it", "gcadvise recommend --profile profile.json")]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_reads_like_this(name: str, matches_file: MatchesFile) -> None:
    matches_file(profile_text(PROFILES[name](), width=100, next_steps=STEPS), GOLDEN / f"{name}.txt")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", PROFILES)
def test_no_line_of_words_is_wider_than_asked_for(name: str, width: int) -> None:
    for line in profile_text(PROFILES[name](), width=width).split("Each kind")[0].splitlines():
        assert len(line) <= width


def test_the_first_sentence_says_what_the_app_is() -> None:
    assert sentences(app_profile())[0] == (
        "shop:app spends 3.1 ms computing and 12.4 ms waiting per request: mixed, wait ratio 4.0; "
        "a worker weighs 41 MiB of its own."
    )


@pytest.mark.parametrize(
    ("cpu_ms", "wait_ms", "kind"),
    [(10.0, 0.1, "CPU-bound, wait ratio 0.01"), (3.0, 12.0, "mixed"), (1.0, 200.0, "I/O-bound, wait ratio 200")],
)
def test_the_kind_follows_from_the_wait_ratio(cpu_ms: float, wait_ms: float, kind: str) -> None:
    assert kind in sentences(app_profile(endpoint("/", cpu_ms, wait_ms)))[0]


@pytest.mark.parametrize(
    ("per_second", "cpus", "said"),
    [
        (251.0, 0.86, "Threads help: 4 threads in one worker serve 3.9 times as many requests as one"),
        (60.0, 1.0, "Threads do not help: 4 threads in one worker serve 0.93 times as many requests as one, since"),
        (118.0, 1.9, "the process used 1.90 CPUs, so it computes without the GIL in part"),
    ],
)
def test_what_threads_do_is_said(per_second: float, cpus: float, said: str) -> None:
    threads = ThreadsProfile(
        threads=4, samples=500, per_second=per_second, alone_per_second=64.5, cpus_used=cpus, cpu_seconds=0.01
    )
    assert said in sentences(app_profile(threads=Fact(value=threads, source="measured")))[1]


def test_a_cost_that_did_not_show_is_no_figure() -> None:
    made = app_profile()
    nothing = Fact(value=0.0, source="measured")
    made = replace(made, handover_seconds=nothing, kept_alive_saves_seconds=nothing)
    memory = replace(made.memory, thread_bytes=Fact(value=0, source="measured"))
    text = profile_text(replace(made, memory=memory), width=200)
    assert "handing a request to a thread: no cost shown; a connection used again: no saving shown" in text
    assert "of a busy thread no cost shown" in text
    assert "0 ms of CPU" not in text
    assert " 0 B" not in text


@pytest.mark.parametrize(
    ("saves", "said"), [(25 * MIB, "would save 25 MiB of each worker's 41 MiB"), (MIB, "would save hardly anything")]
)
def test_what_preload_saves_is_weighed_against_the_worker(saves: int, said: str) -> None:
    made = app_profile()
    memory = replace(made.memory, preload_saves_bytes=Fact(value=saves, source="measured"))
    assert said in profile_text(replace(made, memory=memory), width=120)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (19, "the mean of 19 requests, so few of some kind that it may be off"),
        (99, "half within 15.5 ms; standard"),
        (100, "half within 15.5 ms, 95 % within 16.9 ms; standard"),
        (1000, "95 % within 16.9 ms, 99 % within 17 ms; standard"),
    ],
)
def test_no_percentile_is_shown_of_too_few_requests(samples: int, said: str) -> None:
    assert said in profile_text(app_profile(endpoint(samples=samples)), width=120)


def test_requests_that_differ_much_are_set_apart() -> None:
    (said,) = [text for text in sentences(uneven_profile()) if text.startswith("The requests differ")]
    assert "/report takes 214 ms (CPU-bound), POST /orders 22 ms (mixed)" in said
    alike = app_profile(endpoint("/a"), endpoint("/b", 3.5, 13.0))
    assert not [text for text in sentences(alike) if text.startswith("The requests differ")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0000042, "0.004 ms"),
        (0.000212, "0.212 ms"),
        (0.0124, "12.4 ms"),
        (0.21, "210 ms"),
        (12, "12 s"),
    ],
)
def test_times_have_three_digits_at_most(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


@pytest.mark.parametrize(("ratio", "text"), [(0.0, "0.00"), (0.25, "0.25"), (4.0, "4.0"), (1234.5, "1,234")])
def test_ratios_are_short(ratio: float, text: str) -> None:
    assert ratio_text(ratio) == text


@pytest.mark.parametrize("name", PROFILES)
def test_the_json_follows_the_schema_and_is_read_again(name: str) -> None:
    profile = PROFILES[name]()
    text = envelope("profile", profile_json(profile, make_host()))
    jsonschema.validate(json.loads(text), SCHEMA)
    read = parse_profile(text, Path("profile.json"))
    assert (read.app, read.is_asgi) == (profile.app, not profile.wsgi)
    assert read.wait_ratio.value == pytest.approx(profile.cost.request.wait_ratio, rel=1e-3)


def test_what_was_measured_comes_back_from_the_file() -> None:
    profile = app_profile()
    read = parse_profile(envelope("profile", profile_json(profile, make_host())), Path("profile.json")).cost
    assert read is not None
    assert read.memory == profile.cost.memory
    written = profile.cost.request
    assert read.request.quantiles_seconds == pytest.approx(written.quantiles_seconds, abs=1e-7)
    for name in ("service_seconds", "cpu_seconds", "gil_seconds", "handover_seconds", "kept_alive_saves_seconds"):
        assert getattr(read.request, name) == pytest.approx(getattr(written, name), abs=1e-7)
    assert (read.request.variation, read.request.response_bytes) == (written.variation, written.response_bytes)


def test_what_is_unknown_is_null_with_the_reason() -> None:
    document = json.loads(envelope("profile", profile_json(slow_profile(), make_host())))
    assert document["request"]["handover_ms"] is None
    assert "no time left" in document["request"]["handover_source"]
    assert (document["threads"], document["connections"]) == (None, None)
    assert document["worker"]["thread_bytes"] is None


def test_every_kind_of_failure_has_a_name_of_its_own() -> None:
    failures = dict.fromkeys(Kind, 1)
    profile = app_profile(replace(endpoint(), failures=failures))
    (shown,) = json.loads(envelope("profile", profile_json(profile, make_host())))["endpoints"]
    assert len(shown["failures"]) == len(Kind)
