"""What a profile says besides its figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.facts import Fact
from advisor.load.spec import LoadRequest
from advisor.measure.process_readings import Memory
from advisor.measure.profile.notes import notes
from advisor.measure.profile.one_client import OneClient
from advisor.units import MIB

from .test_mix import endpoint

MEMORY = Memory(
    rss_bytes=40 * MIB, pss_bytes=Fact(value=30 * MIB, source="test"), uss_bytes=Fact(value=20 * MIB, source="test")
)
QUIET = OneClient(
    endpoints=(endpoint([0.01] * 100),),
    memory=MEMORY,
    tree_memory=MEMORY,
    request_bytes=0,
    growth_bytes_per_request=0.0,
    growth_by_endpoint=(0.0,),
    growth_requests=1000,
    growth_curve=((0, 0),),
    idle_cpus=0.001,
    children=0,
    notes=(),
)


def said(one: OneClient, *, printed: float = 0, stuck: str | None = None) -> tuple[str, ...]:
    return notes(one, printed_bytes_per_request=printed, stuck=stuck)


def test_an_ordinary_app_leaves_nothing_to_say() -> None:
    assert said(QUIET) == ()


def test_what_was_seen_of_single_endpoints_comes_first() -> None:
    one = replace(QUIET, notes=("GET / answers 302 to /login",), idle_cpus=0.5)
    assert said(one)[0] == "GET / answers 302 to /login"


def test_few_samples_are_said_with_their_number() -> None:
    one = replace(QUIET, endpoints=(endpoint([2.0] * 4),))
    assert said(one) == ("GET / was measured with 4 requests only",)


def test_a_request_beyond_gunicorns_timeout_is_said() -> None:
    one = replace(QUIET, endpoints=(replace(endpoint([31.0]), request=LoadRequest(path="/report")),))
    assert said(one) == (
        "GET /report takes 31 s: with its default timeout of 30 s Gunicorn ends a sync worker that is silent so long",
        "GET /report was measured with 1 request only since one takes so long",
    )


@pytest.mark.parametrize(("growth", "times"), [(None, 0), (0.0, 0), (500.0, 0), (float(MIB), 1)])
def test_growth_is_said_from_a_mebibyte_in_a_thousand_requests_on(growth: float | None, times: int) -> None:
    assert len(said(replace(QUIET, growth_by_endpoint=(growth,)))) == times


def test_a_line_of_log_for_each_request_is_no_news() -> None:
    assert said(QUIET, printed=200) == ()
    assert said(QUIET, printed=5000) == ("the app prints 4.88 KiB for each request",)


@pytest.mark.parametrize(
    ("service_ms", "queued_ms", "times"), [(10.0, 0.9, 0), (10.0, 1.1, 1), (0.3, 0.1, 0), (10.0, None, 0)]
)
def test_waiting_for_a_cpu_is_said_from_a_tenth_of_a_request_on(
    service_ms: float, queued_ms: float | None, times: int
) -> None:
    queued = None if queued_ms is None else queued_ms / 1000
    found = said(replace(QUIET, endpoints=(endpoint([service_ms / 1000] * 100, queued_seconds=queued),)))
    assert len(found) == times
    if times:
        assert found[0].startswith("a request waited 1.1 ms for a CPU beyond the 10 ms shown: other programs took")
        assert found[0].endswith("measure again when the machine has less to do")


def test_how_threads_got_stuck_is_said() -> None:
    assert said(QUIET, stuck="with 4 threads nothing was answered") == (
        "threads do not work for this app: with 4 threads nothing was answered",
    )


def test_the_memory_of_one_worker_stands_in_for_that_of_two_with_the_reason() -> None:
    tree = QUIET.as_tree("there was no time")
    assert (tree.workers, tree.worker_bytes, tree.arbiter_bytes) == (1, 20 * MIB, 10 * MIB)
    assert tree.source == "test, one worker alone (there was no time)"
    assert tree.connections.source == "there was no time"


def test_where_a_system_tells_rss_alone_it_is_taken_and_named() -> None:
    unknown: Fact[int] = Fact.unknown("not told")
    memory = Memory(rss_bytes=40 * MIB, pss_bytes=unknown, uss_bytes=unknown)
    tree = replace(QUIET, memory=memory, tree_memory=replace(memory, rss_bytes=60 * MIB)).as_tree("no time")
    assert (tree.worker_bytes, tree.total_bytes) == (40 * MIB, 60 * MIB)
    assert tree.source.startswith("RSS")
