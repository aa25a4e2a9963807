"""Every load is bounded, and goes to this machine."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.load import limits
from advisor.load.limits import (
    check_foreign_runs,
    check_open_files,
    check_spec,
    connections_at_worst,
    least_gap_seconds,
    most_requests,
)
from advisor.load.run import run_load
from advisor.load.spec import ClosedLoop, Connections, LoadRequest, LoadSpec, OpenLoop
from gunicorn_conf.errors import BadInput, DoesNotFit

SPEC = LoadSpec(url="http://127.0.0.1:1", loop=ClosedLoop(clients=4), seconds=1)


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, url="http://10.0.0.1:8000"),
        replace(SPEC, url="http://example.com"),
        replace(SPEC, url="nonsense"),
        replace(SPEC, url="http://127.0.0.1:8000/path"),
        replace(SPEC, url="http://user@127.0.0.1:8000"),
        replace(SPEC, seconds=0),
        replace(SPEC, seconds=math.nan),
        replace(SPEC, seconds=math.inf),
        replace(SPEC, timeout_seconds=0),
        replace(SPEC, timeout_seconds=math.inf),
        replace(SPEC, most_requests=0),
        replace(SPEC, generators=0),
        replace(SPEC, generators=5),
        replace(SPEC, requests=()),
        replace(SPEC, requests=(LoadRequest(weight=0),)),
        replace(SPEC, requests=(LoadRequest(weight=math.nan),)),
        replace(SPEC, loop=ClosedLoop(clients=0)),
        replace(SPEC, loop=ClosedLoop(clients=1_000_000)),
        replace(SPEC, loop=OpenLoop(rate_per_second=0)),
        replace(SPEC, loop=OpenLoop(rate_per_second=math.nan)),
        replace(SPEC, loop=OpenLoop(rate_per_second=1e9)),
        replace(SPEC, loop=OpenLoop(rate_per_second=100_000), seconds=3600),
    ],
)
def test_what_is_out_of_bounds_is_refused_before_anything_is_sent(spec: LoadSpec) -> None:
    with pytest.raises(BadInput):
        run_load(spec)


def test_what_is_within_bounds_is_not() -> None:
    check_spec(SPEC)
    check_spec(replace(SPEC, loop=OpenLoop(rate_per_second=0.5), seconds=3600, connections=Connections.KEPT_ALIVE))


def test_clients_beyond_the_limit_of_open_files_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_soft_limit", lambda: 256)
    check_open_files(replace(SPEC, loop=ClosedLoop(clients=192)))
    with pytest.raises(DoesNotFit, match="193 clients"):
        check_open_files(replace(SPEC, loop=ClosedLoop(clients=193)))
    assert check_open_files(replace(SPEC, loop=ClosedLoop(clients=300), generators=2)).enough


def test_an_open_loop_that_might_need_more_files_is_told_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_soft_limit", lambda: 256)
    files = check_open_files(replace(SPEC, loop=OpenLoop(rate_per_second=500)))
    assert (files.enough, files.needed, files.allowed) == (False, 565, 256)


def test_an_open_loop_needs_at_worst_what_comes_within_the_timeout() -> None:
    spec = replace(SPEC, loop=OpenLoop(rate_per_second=100), seconds=60, timeout_seconds=5)
    assert connections_at_worst(spec) == 501
    assert connections_at_worst(replace(spec, most_requests=20)) == 20


FOREIGN = replace(SPEC, url="http://staging.example", allowed_host="staging.example", seconds=60)


@pytest.mark.parametrize(
    "spec",
    [
        replace(FOREIGN, allowed_host=None),
        replace(FOREIGN, allowed_host="example"),
        replace(FOREIGN, seconds=60.1),
        replace(FOREIGN, loop=ClosedLoop(clients=65)),
        replace(FOREIGN, loop=OpenLoop(rate_per_second=201)),
        replace(FOREIGN, loop=OpenLoop(rate_per_second=math.nan)),
    ],
)
def test_another_machine_has_to_be_allowed_and_gets_a_bounded_load(spec: LoadSpec) -> None:
    with pytest.raises(BadInput):
        check_spec(spec)


def test_the_ceilings_themselves_are_within_bounds() -> None:
    check_spec(replace(FOREIGN, loop=ClosedLoop(clients=64)))
    check_spec(replace(FOREIGN, loop=OpenLoop(rate_per_second=200)))


def test_another_machine_gets_no_more_in_number_nor_in_rate_however_many_generators_there_are() -> None:
    assert most_requests(FOREIGN) == most_requests(replace(FOREIGN, most_requests=1_000_000)) == 12_000
    assert most_requests(replace(FOREIGN, most_requests=10)) == 10
    assert least_gap_seconds(FOREIGN) == 1 / 200
    assert least_gap_seconds(replace(FOREIGN, generators=4)) == 4 / 200


def test_the_runs_of_one_command_stay_within_the_ceilings_of_another_machine_together() -> None:
    each = replace(FOREIGN, seconds=20)
    check_foreign_runs(each, 3)
    assert 3 * most_requests(each) <= limits.MOST_FOREIGN_REQUESTS
    with pytest.raises(BadInput, match="4 runs of 20 s are 80 s of load on another machine") as caught:
        check_foreign_runs(each, 4)
    assert caught.value.hint == "choose --restarts 3, or --seconds and --warm-up of 15 s together at most"
    check_foreign_runs(replace(SPEC, seconds=60), 50)


@given(st.integers(1, 50), st.floats(0.5, 60))
def test_whatever_is_allowed_sends_no_more_in_time_nor_in_number(runs: int, seconds: float) -> None:
    spec = replace(FOREIGN, seconds=seconds)
    try:
        check_foreign_runs(spec, runs)
    except BadInput:
        assert runs * seconds > limits.MOST_FOREIGN_SECONDS
    else:
        assert runs * most_requests(spec) <= limits.MOST_FOREIGN_REQUESTS


def test_this_machine_needs_no_gap_even_when_it_is_named_too() -> None:
    spec = replace(SPEC, allowed_host="127.0.0.1")
    assert (least_gap_seconds(spec), most_requests(spec)) == (0.0, limits.MOST_REQUESTS)
