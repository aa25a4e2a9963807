"""Runs one trial: starts the server, sends the load, cuts the warm-up, and ends the server."""

from __future__ import annotations

import contextlib
import datetime
import socket
import time
from dataclasses import dataclass, replace

from advisor.facts import Fact
from advisor.load.address import resolve
from advisor.load.limits import check_open_files, check_spec
from advisor.load.result import LoadResult
from advisor.load.run import run_load_apart
from advisor.load.samples import Kind
from advisor.load.spec import LoadSpec
from advisor.load.target import is_loopback
from advisor.measure.bench.pinning import Pinning, own_cpus, plan_pinning
from advisor.measure.bench.predicting import Predict
from advisor.measure.bench.readings import Reading, readings_of
from advisor.measure.bench.trial import WINDOW_SECONDS, Candidate, RunningTarget, Trial, TrialPlan
from advisor.measure.bench.used import answered_between, generator_report, others, requests_between, throttled, tree_use
from advisor.measure.bench.warm_up import MeasuredPart, answer_moments, measured_part, samples_within
from advisor.measure.interruption import ending_in_order
from advisor.measure.server import RunningServer, running_server
from advisor.measure.statistics import steady_state
from advisor.model.prediction import Prediction
from gunicorn_conf.errors import BadInput, GcadviseError, ServerFailed

# The rest of a server that died follows its listener within milliseconds; a busy machine may take longer.
_END_SECONDS = 1.0
# A server that takes longer to accept one connection is not to be measured.
_CONNECT_SECONDS = 5.0
# Below this length no steady state can be told, however often the run is repeated.
SHORTEST_TO_JUDGE_SECONDS = steady_state.FEWEST_BATCHES * steady_state.BATCH_WINDOWS * steady_state.WINDOW_SECONDS


def execute(candidate: Candidate, plan: TrialPlan, *, predict: Predict | None = None) -> Trial:
    """Measure one start of a server, or one that runs already, under one load.

    The load is one: ``warm_up_seconds`` and then ``seconds`` without a pause, from processes of its own. At least the
    warm-up is cut, and more where the answers still change (MSER-5). Where no steady state is found and the plan says
    so, the same load follows once more on the same server, and is what is measured; not on another machine, whose
    ceiling of time holds for the whole trial. ``predict`` is asked when the server has started, before the load.

    Ctrl-C gives what was measured until then, marked as interrupted; before anything was measured it is raised. Raises
    BadInput and DoesNotFit for a load that cannot be, and ServerFailed when the server does not start, dies, or cannot
    be reached.
    """
    _check(candidate, plan)
    if isinstance(candidate.server, RunningTarget):
        with ending_in_order():
            _check_reachable(_load(plan, candidate.server, Pinning()))
            predicted = None if predict is None else predict(None, plan, Pinning())
            return _Bench(candidate.name, plan, candidate.server, None, Pinning(), predicted).trial()
    pinning = plan_pinning(own_cpus(), plan.generators)
    trial: Trial | None = None
    try:
        with running_server(candidate.server, cpus=pinning.server) as server:
            target = RunningTarget(url=server.url)
            predicted = None if predict is None else predict(server.settings, plan, pinning)
            trial = _Bench(candidate.name, plan, target, server, pinning, predicted).trial()
    except KeyboardInterrupt:  # perhaps while the server was being ended
        if trial is None:
            raise
        return replace(trial, interrupted=True)
    return trial


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One load on the server, with what was read meanwhile."""

    result: LoadResult
    moments: list[float]
    part: MeasuredPart | None
    readings: list[Reading]
    """Those within the part that counts."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """A server that answers, and what is to be sent to it."""

    name: str
    plan: TrialPlan
    target: RunningTarget
    server: RunningServer | None
    pinning: Pinning
    predicted: Fact[Prediction] | None

    def trial(self) -> Trial:
        """Send the load, once more where it is needed, and put together what it showed."""
        exited_before = 0 if self.server is None else len(self.server.exited_workers)
        run, cut_seconds, lengthened = self._run(), 0.0, False
        interrupted = run.result.interrupted
        if not interrupted and self._needs_more(run):
            again: _Run | None = None
            with contextlib.suppress(KeyboardInterrupt):
                again = self._run()
            interrupted = again is None or again.result.interrupted
            # What was cut short says less than a whole one that changed, unless it is most of one.
            least_seconds = self.plan.seconds / 2 if interrupted else 0.0
            if again is not None and again.part is not None and again.part.seconds >= least_seconds:
                cut_seconds, run, lengthened = run.result.window_seconds, again, True
        if run.part is None:
            if interrupted:
                raise KeyboardInterrupt
            raise GcadviseError(
                "the load ended within its warm-up",
                why=f"it reached the most requests that a load may have ({run.result.started:,})",
                hint="choose a shorter warm-up",
            )
        return self._put_together(run, run.part, exited_before, cut_seconds, lengthened, interrupted)

    def _needs_more(self, run: _Run) -> bool:
        if not self.plan.lengthen or run.part is None or run.part.steady:
            return False
        return is_loopback(self.target.url) and run.result.window_seconds >= SHORTEST_TO_JUDGE_SECONDS

    def _run(self) -> _Run:
        plan = self.plan
        spec = _load(plan, self.target, self.pinning)
        with readings_of(self.server, warm_up_seconds=plan.warm_up_seconds, run_seconds=spec.seconds) as readings:
            result = run_load_apart(spec, begins=readings.begin)
        self._fail_if_gone(result)
        moments = answer_moments(result)
        part = measured_part(moments, run_seconds=result.window_seconds, warm_up_seconds=plan.warm_up_seconds)
        within: list[Reading] = []
        if part is not None:
            # time.perf_counter and time.monotonic are one clock on the systems that Gunicorn runs on
            begin = result.begin_seconds
            within = readings.between(begin + part.begin_seconds, begin + part.end_seconds)
        return _Run(result=result, moments=moments, part=part, readings=within)

    def _fail_if_gone(self, result: LoadResult) -> None:
        kinds = result.samples.kinds()
        if self.server is not None:
            if self.server.alive and not (Kind.REFUSED in kinds and self.server.ends_within(_END_SECONDS)):
                return
            raise ServerFailed(
                "Gunicorn died while it served the requests",
                why="no process of it is left",
                hint="look at its log below",
                log=self.server.log(),
            )
        if kinds and set(kinds) <= {Kind.REFUSED, Kind.RESET}:
            raise _unreachable(self.target.url, "every connection was refused or broken")

    def _put_together(
        self,
        run: _Run,
        part: MeasuredPart,
        exited_before: int,
        cut_seconds: float,
        lengthened: bool,
        interrupted: bool,
    ) -> Trial:
        server, result, readings = self.server, run.result, run.readings
        samples = samples_within(result.samples, begin_seconds=part.begin_seconds, end_seconds=part.end_seconds)
        use = tree_use(readings)
        return Trial(
            name=self.name,
            plan=self.plan,
            settings=None if server is None else server.settings,
            start_seconds=None if server is None else server.start_seconds,
            began=_utc(result.begin_seconds + part.begin_seconds),
            warm_up_seconds=cut_seconds + part.begin_seconds,
            steady=part.steady,
            lengthened=lengthened,
            seconds=part.seconds,
            samples=samples,
            windows=part.windows,
            answered=sum(part.windows),
            answered_while_sampled=answered_between(run.moments, readings, begin_seconds=result.begin_seconds),
            use=use,
            requests_per_worker=requests_between(readings),
            exited_workers=0 if server is None else len(server.exited_workers) - exited_before,
            throttling=throttled(readings),
            generator=generator_report(self.plan, result, part, samples, readings, cpus=self.pinning.generators),
            other_cpus=others(readings, use),
            interrupted=interrupted,
            log="" if server is None else server.log(),
            predicted=self.predicted,
            usable_cpus=len(own_cpus()) or None,
        )


def _load(plan: TrialPlan, target: RunningTarget, pinning: Pinning) -> LoadSpec:
    return LoadSpec(
        url=target.url,
        allowed_host=target.allowed_host,
        loop=plan.loop,
        seconds=plan.warm_up_seconds + plan.seconds,
        requests=plan.requests,
        connections=plan.connections,
        timeout_seconds=plan.timeout_seconds,
        generators=plan.generators,
        cpus=pinning.generators,
        seed=plan.seed,
    )


def _check(candidate: Candidate, plan: TrialPlan) -> None:
    """Raise BadInput or DoesNotFit for what cannot be measured, before anything is started."""
    if not (plan.seconds >= WINDOW_SECONDS and plan.warm_up_seconds >= 0):
        raise BadInput(
            f"a warm-up of {plan.warm_up_seconds:g} s and {plan.seconds:g} s after it cannot be measured",
            why=f"answers are counted in windows of {WINDOW_SECONDS:g} s",
            hint=f"measure for {WINDOW_SECONDS:g} s or longer, after a warm-up of 0 s or more",
        )
    here = RunningTarget(url="http://127.0.0.1")
    spec = _load(plan, candidate.server if isinstance(candidate.server, RunningTarget) else here, Pinning())
    check_spec(spec)
    check_open_files(spec)


def _check_reachable(spec: LoadSpec) -> None:
    """Raise ServerFailed when nothing listens, rather than send it a whole load first."""
    _, address = resolve(spec)
    try:
        socket.create_connection(address, timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        why = error.strerror or "no connection within the time"
        raise _unreachable(spec.url, why[:1].lower() + why[1:]) from error


def _unreachable(url: str, why: str) -> ServerFailed:
    return ServerFailed(f"nothing answers at {url}", why=why, hint="check the address, and that the server runs")


def _utc(moment_seconds: float) -> str:
    """A moment of ``time.perf_counter`` in ISO 8601."""
    wall = time.time() - (time.perf_counter() - moment_seconds)
    return datetime.datetime.fromtimestamp(wall, datetime.timezone.utc).isoformat(timespec="milliseconds")
