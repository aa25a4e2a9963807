"""Trials on real servers of known behaviour, and on loads that are made up."""

from __future__ import annotations

import os
import signal
import uuid
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from advisor.facts import Fact
from advisor.load.limits import OpenFiles
from advisor.load.processes import UnderWay
from advisor.load.result import GeneratorUse, LoadResult
from advisor.load.samples import MICROSECONDS, Kind, Samples, outcome
from advisor.load.spec import ClosedLoop, LoadRequest, LoadSpec, OpenLoop
from advisor.measure.bench import execute as executor
from advisor.measure.bench.execute import execute
from advisor.measure.bench.pinning import Pinning
from advisor.measure.bench.trial import Candidate, RunningTarget, TrialPlan
from advisor.measure.server import running_server
from advisor.measure.server_spec import ServerSpec
from advisor.model.prediction import Prediction
from gunicorn_conf.errors import BadInput, GcadviseError, ServerFailed

MARKER = "GCADVISE_TEST_MARKER"
TESTER = "GCADVISE_TEST_PID"
APPS = """
import os, signal, time

served = 0
first = None

def answer(start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"hi"]

def frail(environ, start_response):
    '''Its worker crashes at the tenth request.'''
    global served
    served += 1
    if served == 10:
        os._exit(7)
    return answer(start_response)

def fatal(environ, start_response):
    '''It takes the arbiter down with it.'''
    print("here it ends", flush=True)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)

def interrupting(environ, start_response):
    '''Sends Ctrl-C to the test after a second under load.'''
    global first
    first = first or time.monotonic()
    if time.monotonic() - first > 1:
        first = float("inf")
        os.kill(int(os.environ["GCADVISE_TEST_PID"]), signal.SIGINT)
    time.sleep(0.005)
    return answer(start_response)
"""
PLAN = TrialPlan(loop=ClosedLoop(clients=2), seconds=1.0, warm_up_seconds=0.25)


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[ServerSpec]:
    """A server of one of the apps above; none of its processes may be left after the test."""
    (tmp_path / "shop.py").write_text(APPS)
    mark = uuid.uuid4().hex
    environment = {**os.environ, MARKER: mark, TESTER: str(os.getpid())}
    yield ServerSpec(chdir=tmp_path, environment=environment)
    assert _marked(mark) == []


def _marked(mark: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def _candidate(spec: ServerSpec, app: str, *arguments: str) -> Candidate:
    return Candidate(name=app, server=replace(spec, app=f"shop:{app}", arguments=arguments))


def test_a_handler_of_known_length_is_measured_with_all_that_goes_with_it() -> None:
    plan = replace(PLAN, requests=(LoadRequest(path="/io?seconds=0.02"),), loop=ClosedLoop(clients=3))
    trial = execute(Candidate(name="three", server=ServerSpec(arguments=("--workers", "3"))), plan)
    assert (trial.name, trial.interrupted, trial.lengthened, trial.exited_workers) == ("three", False, False, 0)
    assert trial.settings is not None
    assert (trial.settings.workers, trial.settings.worker_class) == (3, "sync")
    assert trial.start_seconds is not None
    assert trial.start_seconds > 0
    assert (trial.seconds, trial.warm_up_seconds, len(trial.windows)) == (1.0, 0.25, 4)
    assert trial.answered == sum(trial.windows) > 0
    assert set(trial.samples.kinds()) == {Kind.ANSWERED}
    assert min(trial.samples.service_seconds) >= 0.02
    assert max(trial.samples.due_microseconds) < 1.0 * MICROSECONDS
    assert trial.throughput_per_second <= 3 / 0.02
    assert trial.use is not None
    assert len(trial.use.workers) == 3
    assert 0 < trial.use.duration_seconds <= trial.seconds
    assert 0 < trial.answered_while_sampled <= trial.answered
    assert trial.generator.cpu_share < 1
    assert trial.generator.lateness_p99_seconds is None
    assert "Listening at" in trial.log


def test_the_requests_of_the_workers_add_up_to_the_answers() -> None:
    plan = replace(PLAN, requests=(LoadRequest(path="/io?seconds=0.02"),), loop=ClosedLoop(clients=4))
    server = ServerSpec(arguments=("--workers", "2", "--threads", "2", "--preload"))
    trial = execute(Candidate(name="gthread", server=server), plan)
    assert trial.requests_per_worker is not None
    assert len(trial.requests_per_worker) == 2
    # At both readings each client has a request under way, which has begun and is not answered.
    assert abs(sum(trial.requests_per_worker.values()) - trial.answered_while_sampled) <= 2 * 4


def test_the_cpu_time_of_a_request_is_what_its_handler_takes_and_little_more() -> None:
    plan = replace(PLAN, requests=(LoadRequest(path="/cpu?ms=5"),), loop=ClosedLoop(clients=1), seconds=2.0)
    trial = execute(Candidate(name="cpu", server=ServerSpec(arguments=("--workers", "1"))), plan)
    assert trial.server_cpu_seconds_per_request is not None
    assert 0.0048 < trial.server_cpu_seconds_per_request < 0.008


def test_an_open_loop_says_how_late_its_sends_were() -> None:
    plan = replace(PLAN, requests=(LoadRequest(path="/healthz"),), loop=OpenLoop(rate_per_second=80))
    trial = execute(Candidate(name="open", server=ServerSpec(arguments=("--threads", "4"))), plan)
    assert trial.generator.lateness_p99_seconds is not None
    assert trial.generator.lateness_p99_seconds >= 0
    assert 40 < len(trial.samples) < 160  # Poisson around 80


def test_workers_that_crash_under_load_are_counted_and_replaced(spec: ServerSpec) -> None:
    plan = replace(PLAN, loop=ClosedLoop(clients=1))
    trial = execute(_candidate(spec, "frail", "--workers", "2"), plan)
    assert trial.exited_workers > 1
    assert trial.samples.kinds().get(Kind.RESET, 0) > 0
    assert trial.answered > 0
    assert trial.requests_per_worker is not None
    assert len(trial.requests_per_worker) > 2


def test_a_server_that_dies_under_load_fails_with_its_log_and_at_once(spec: ServerSpec) -> None:
    with pytest.raises(ServerFailed, match="died while it served") as raised:
        execute(_candidate(spec, "fatal"), replace(PLAN, seconds=300))
    assert "here it ends" in raised.value.log


def test_ctrl_c_keeps_what_was_measured(spec: ServerSpec) -> None:
    plan = replace(PLAN, seconds=300, warm_up_seconds=0)
    trial = execute(_candidate(spec, "interrupting"), plan)
    assert trial.interrupted
    assert 0.5 <= trial.seconds < 300
    assert len(trial.windows) == trial.seconds / 0.25
    assert len(trial.samples) >= trial.answered > 0
    assert trial.exited_workers == 0


def test_ctrl_c_before_anything_was_measured_goes_on(spec: ServerSpec) -> None:
    with pytest.raises(KeyboardInterrupt):
        execute(_candidate(spec, "interrupting"), replace(PLAN, seconds=300, warm_up_seconds=300))


def test_a_server_that_does_not_start_fails_with_its_log(spec: ServerSpec) -> None:
    with pytest.raises(ServerFailed) as raised:
        execute(_candidate(spec, "missing"), PLAN)
    assert "missing" in raised.value.log


def test_a_server_that_runs_already_is_measured_from_outside() -> None:
    with running_server(ServerSpec()) as server:
        target = RunningTarget(url=server.url)
        trial = execute(
            Candidate(name="running", server=target), replace(PLAN, requests=(LoadRequest(path="/healthz"),))
        )
    assert trial.answered > 0
    assert (trial.settings, trial.start_seconds, trial.use, trial.requests_per_worker) == (None, None, None, None)
    assert (trial.log, trial.server_cpu_seconds_per_request) == ("", None)
    assert trial.other_cpus.source == "which processes are the server's is not known"


def test_where_nothing_listens_no_load_is_sent() -> None:
    with pytest.raises(ServerFailed, match=r"nothing answers at http://127\.0\.0\.1:1") as raised:
        execute(Candidate(name="gone", server=RunningTarget(url="http://127.0.0.1:1")), PLAN)
    assert raised.value.why == "connection refused"


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, seconds=0.2),
        replace(PLAN, seconds=float("nan")),
        replace(PLAN, warm_up_seconds=-1),
        replace(PLAN, loop=ClosedLoop(clients=0)),
        replace(PLAN, requests=()),
    ],
)
def test_a_load_that_cannot_be_is_refused_before_a_server_is_started(plan: TrialPlan) -> None:
    with pytest.raises(BadInput):
        execute(Candidate(name="never", server=ServerSpec(python="/no/such/python")), plan)


# From here on the loads are made up: how steady they are is decided by the test.

LOOPBACK = Candidate(name="made up", server=RunningTarget(url="http://127.0.0.1:9"))
LONG_PLAN = replace(PLAN, seconds=5.0, warm_up_seconds=2.0)
Runs = Callable[..., None]


def _load_with(counts: list[int], *, interrupted: bool = False) -> LoadResult:
    """A load with so many answers in each second."""
    due = [
        int((second + (number + 0.5) / count) * MICROSECONDS)
        for second, count in enumerate(counts)
        for number in range(count)
    ]
    nothing = array("f", bytes(4 * len(due)))
    return LoadResult(
        samples=Samples(
            due_microseconds=array("I", due),
            lateness_seconds=nothing,
            service_seconds=nothing,
            outcomes=array("I", [outcome(Kind.ANSWERED, 200)] * len(due)),
        ),
        started=len(due),
        unfinished=0,
        dropped_connections=0,
        answered_in_window=len(due),
        begin_seconds=0.0,
        window_seconds=float(len(counts)),
        elapsed_seconds=float(len(counts)),
        interrupted=interrupted,
        generators=(GeneratorUse(cpu_seconds=1.0, elapsed_seconds=10.0),),
        open_files=OpenFiles(needed=1, allowed=100),
    )


STEADY = _load_with([100] * 7)
CHANGING = _load_with([10, 20, 40, 80, 160, 320, 640])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Says what the next loads give: a result, or an exception."""
    left: list[LoadResult | type[BaseException]] = []

    def run(_spec: LoadSpec, *, begins: Callable[[UnderWay], None]) -> LoadResult:
        result = left.pop(0)
        if isinstance(result, LoadResult):
            return result
        raise result

    monkeypatch.setattr(executor, "run_load_apart", run)
    monkeypatch.setattr(executor, "_check_reachable", lambda _: None)
    return lambda *results: left.extend(results)


def test_a_steady_load_is_not_repeated(runs: Runs) -> None:
    runs(STEADY)
    trial = execute(LOOPBACK, LONG_PLAN)
    assert (trial.steady, trial.lengthened, trial.warm_up_seconds, trial.answered) == (True, False, 2.0, 500)


def test_the_prediction_is_kept_with_the_trial(runs: Runs) -> None:
    runs(STEADY)
    asked: list[TrialPlan] = []

    def predict(settings: object, plan: TrialPlan, pinning: Pinning) -> Fact[Prediction]:
        asked.append(plan)
        return Fact.unknown(f"{settings} on {pinning.server}")

    trial = execute(LOOPBACK, LONG_PLAN, predict=predict)
    assert (trial.predicted, asked) == (Fact.unknown("None on ()"), [LONG_PLAN])


def test_the_prediction_is_made_before_any_load_is_sent(runs: Runs) -> None:
    def predict(settings: object, plan: TrialPlan, pinning: Pinning) -> Fact[Prediction]:
        raise LookupError("asked")

    runs()  # a load would find nothing here
    with pytest.raises(LookupError, match="asked"):
        execute(LOOPBACK, LONG_PLAN, predict=predict)


def test_without_a_steady_state_the_load_goes_on_and_that_is_measured(runs: Runs) -> None:
    runs(CHANGING, STEADY)
    trial = execute(LOOPBACK, LONG_PLAN)
    assert (trial.steady, trial.lengthened, trial.warm_up_seconds, trial.answered) == (True, True, 7.0 + 2.0, 500)


def test_when_there_is_none_then_either_it_is_said(runs: Runs) -> None:
    runs(CHANGING, CHANGING)
    trial = execute(LOOPBACK, LONG_PLAN)
    assert (trial.steady, trial.lengthened, trial.interrupted) == (False, True, False)


def test_a_plan_that_does_not_lengthen_keeps_the_first_load(runs: Runs) -> None:
    runs(CHANGING)
    trial = execute(LOOPBACK, replace(LONG_PLAN, lengthen=False))
    assert (trial.steady, trial.lengthened, trial.answered) == (False, False, 40 + 80 + 160 + 320 + 640)


def test_a_load_too_short_to_judge_is_not_repeated(runs: Runs) -> None:
    runs(_load_with([100, 100]))
    trial = execute(LOOPBACK, replace(LONG_PLAN, seconds=1.0, warm_up_seconds=1.0))
    assert (trial.steady, trial.lengthened, trial.answered) == (False, False, 100)


def test_another_machine_gets_the_load_once(runs: Runs) -> None:
    runs(CHANGING)
    foreign = RunningTarget(url="http://staging.example", allowed_host="staging.example")
    assert not execute(Candidate(name="foreign", server=foreign), LONG_PLAN).lengthened


@pytest.mark.parametrize(
    "second", [KeyboardInterrupt, _load_with([100], interrupted=True), _load_with([100] * 4, interrupted=True)]
)
def test_ctrl_c_in_the_second_load_keeps_the_first(runs: Runs, second: object) -> None:
    runs(CHANGING, second)
    trial = execute(LOOPBACK, LONG_PLAN)
    assert (trial.interrupted, trial.lengthened, trial.steady, trial.answered) == (True, False, False, 1240)


def test_ctrl_c_late_in_the_second_load_keeps_what_there_is_of_it(runs: Runs) -> None:
    runs(CHANGING, _load_with([100] * 5, interrupted=True))
    trial = execute(LOOPBACK, LONG_PLAN)
    assert (trial.interrupted, trial.lengthened, trial.seconds, trial.answered) == (True, True, 3.0, 300)


def test_a_load_that_reached_its_number_within_the_warm_up_is_an_error(runs: Runs) -> None:
    runs(_load_with([100]))
    with pytest.raises(GcadviseError, match="ended within its warm-up"):
        execute(LOOPBACK, LONG_PLAN)


def test_other_signals_are_as_before(runs: Runs) -> None:
    before = signal.getsignal(signal.SIGTERM)
    runs(STEADY)
    execute(LOOPBACK, LONG_PLAN)
    assert signal.getsignal(signal.SIGTERM) is before
