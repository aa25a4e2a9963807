"""Doubts about what is around the server: the load generator, the CPU quota, other programs on the machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.doubt import Code, Doubt, Severity, percent
from advisor.measure.bench.summary import Summary
from advisor.measure.bench.trial import Trial
from advisor.measure.statistics.validity import LITTLE_LIMIT, little_residual
from advisor.units import show_cpus, show_duration, show_number

# Above this a generator is late with what it sends and reads, however fast the server is.
GENERATOR_CPU_LIMIT = 0.7
# A late send is seen in response times from here on: a tenth of the usual one, and what a timer on an idle CPU is good
# for. On CPUs that the server shares, 1 % of the sends were 2 ms late with little else running (measured with
# `gcadvise bench --rate 350 -- -w 2 --threads 8` on 2 CPUs, of which the server took 1.3).
LATE_SECONDS = 0.001
LATE_SECONDS_SHARED = 0.003
LATE_SHARE = 0.1
# ... and makes them the generator's own when it is a good part of the slow ones.
LATE_SHARE_OF_P95 = 0.25
# Periods cut short, of those in which there was something to run: the odd one is no matter.
THROTTLED_LIMIT = 0.05
# Of the machine's CPUs. Kernel threads and a terminal take 1 or 2 %; what a twentieth of the CPUs costs is within the
# usual interval, what a seventh costs is not.
OTHER_LOAD_NOTE, OTHER_LOAD_LIMIT = 0.05, 0.15
# Below this what the generator takes of the CPUs of the server is less than the usual interval.
SHARED_LIMIT = 0.05
# Clients that are held back reach a little less than what they may send.
HELD_BACK = 0.95


def disturbances(
    trials: Sequence[Trial], summary: Summary, *, cpus: float | None, most_per_second: float | None
) -> Iterator[Doubt]:
    """The doubts of one configuration's trials; ``cpus`` is the CPU budget of this machine.

    ``most_per_second`` is the most that a closed loop may send to a server on another machine; None for one on this.
    """
    yield from _generator(trials, summary, cpus)
    yield from _lateness(trials, summary)
    if most_per_second is None:
        yield from _little(trials)
    else:
        yield from _held_back(trials, summary, most_per_second)
    yield from _throttled(trials, summary)
    yield from _other_load(trials, summary, cpus)
    yield from _shared(trials, summary, cpus)


def _generator(trials: Sequence[Trial], summary: Summary, cpus: float | None) -> Iterator[Doubt]:
    share = summary.generator_cpu_share
    if share > GENERATOR_CPU_LIMIT:
        generators = trials[0].plan.generators
        room = cpus is not None and generators < cpus
        yield Doubt(
            code=Code.GENERATOR_CPU,
            severity=Severity.INVALID,
            what=f"the load generator took {percent(share)} of one CPU (at most {percent(GENERATOR_CPU_LIMIT)}):"
            " it may have been the slower one",
            observed=share,
            limit=GENERATOR_CPU_LIMIT,
            next_step=f"share the load among more processes: --generators {generators + 1}"
            if room
            else "measure on a machine with more CPUs",
        )


def _lateness(trials: Sequence[Trial], summary: Summary) -> Iterator[Doubt]:
    late = summary.lateness_p99_seconds
    if not isinstance(trials[0].plan.loop, OpenLoop) or late is None or summary.overloaded:
        return
    usual, slow = summary.response.at(50), summary.response.at(95)
    timer = LATE_SECONDS if trials[0].generator.cpus else LATE_SECONDS_SHARED
    limit = max(timer, LATE_SHARE * (usual or 0.0))
    if late <= limit:
        return
    worst = max(timer, LATE_SHARE_OF_P95 * (slow or 0.0))
    yield Doubt(
        code=Code.LATENESS,
        severity=Severity.INVALID if late > worst else Severity.NOTE,
        what=f"1 % of the requests were sent {show_duration(late)} late or more (at most {show_duration(limit)});"
        " response times are counted from when they were due, so they include it",
        observed=late,
        limit=limit,
        next_step="leave CPUs free for the generator: a lower --rate, or a machine with more CPUs",
    )


def _little(trials: Sequence[Trial]) -> Iterator[Doubt]:
    """The largest residual of the trials.

    What was under way at the beginning is not in the samples, and what is at the end is in them beyond it; where all
    requests go in step, that is up to one service time.
    """
    worst: tuple[float, float] | None = None
    for trial in trials:
        loop = trial.plan.loop
        requests = len(trial.samples)
        if not isinstance(loop, ClosedLoop) or trial.interrupted or not requests or trial.seconds <= 0:
            continue
        service = math.fsum(trial.samples.service_seconds) / requests
        residual = little_residual(
            throughput_rps=requests / trial.seconds, mean_latency_seconds=service, clients=loop.clients
        )
        limit = LITTLE_LIMIT + service / trial.seconds
        if abs(residual) > limit and (worst is None or abs(residual) > abs(worst[0])):
            worst = residual, limit
    if worst is not None:
        residual, limit = worst
        side = "below" if residual < 0 else "above"
        yield Doubt(
            code=Code.LITTLE,
            severity=Severity.INVALID,
            what=f"requests/s × service time is {percent(abs(residual))} {side} the number"
            f" of clients (at most {percent(limit)}): clients stood still, or answers were counted wrongly",
            observed=residual,
            limit=limit,
            next_step="let clients wait less for the generator: --generators 2, or fewer --clients",
        )


def _held_back(trials: Sequence[Trial], summary: Summary, most_per_second: float) -> Iterator[Doubt]:
    """Clients that wait for their turn, so that another machine is not sent more than it may be."""
    if not isinstance(trials[0].plan.loop, ClosedLoop) or summary.offered_per_second < HELD_BACK * most_per_second:
        return
    yield Doubt(
        code=Code.NOT_SATURATED,
        severity=Severity.INVALID,
        what=f"a server on another machine is sent {show_number(most_per_second)} requests/s at most, and that is what"
        " was reached: this is not its capacity",
        observed=summary.offered_per_second,
        limit=most_per_second,
        next_step="measure on the machine that the server runs on",
    )


def _throttled(trials: Sequence[Trial], summary: Summary) -> Iterator[Doubt]:
    share, seconds = summary.throttled_share.value, summary.throttled_seconds.value
    if share is None or seconds is None or share <= THROTTLED_LIMIT:
        return
    closed = isinstance(trials[0].plan.loop, ClosedLoop)
    # Below saturation the server would not meet its quota but for the generator, which is held back with it.
    yield Doubt(
        code=Code.THROTTLED,
        severity=Severity.NOTE if closed else Severity.INVALID,
        what=f"the CPU quota cut short {percent(share)} of its periods (at most {percent(THROTTLED_LIMIT)}),"
        f" {show_duration(seconds)} in all; the generator is under the same quota",
        observed=share,
        limit=THROTTLED_LIMIT,
        next_step="send the load from outside of the container, with --url on the host that it runs on"
        if closed
        else "lower --rate, or send the load from outside of the container",
    )


def _other_load(trials: Sequence[Trial], summary: Summary, cpus: float | None) -> Iterator[Doubt]:
    """What others take of the machine's CPUs: of a quota they take nothing."""
    other = summary.other_cpus.value
    machine = trials[0].usable_cpus or cpus
    if other is None or not machine or other <= OTHER_LOAD_NOTE * machine:
        return
    invalid = other > OTHER_LOAD_LIMIT * machine
    limit = (OTHER_LOAD_LIMIT if invalid else OTHER_LOAD_NOTE) * machine
    yield Doubt(
        code=Code.OTHER_LOAD,
        severity=Severity.INVALID if invalid else Severity.NOTE,
        what=f"other programs took {show_number(other)} of {show_cpus(machine)} (at most {show_number(limit)})",
        observed=other,
        limit=limit,
        next_step="end them, or measure when they are idle",
    )


def _shared(trials: Sequence[Trial], summary: Summary, cpus: float | None) -> Iterator[Doubt]:
    machine = trials[0].usable_cpus or cpus
    if not cpus or not machine or summary.use is None:
        return
    if any(trial.generator.cpus for trial in trials) and cpus >= machine:
        return  # it has its own; of a quota it takes its part all the same
    taken = summary.generator_cpus
    each = summary.use.cpu_seconds_per_request
    if taken <= SHARED_LIMIT * cpus or each is None:
        return
    generators = "load generator" if trials[0].plan.generators == 1 else "load generators"
    yield Doubt(
        code=Code.SHARED_CPUS,
        severity=Severity.NOTE,
        what=f"the {generators} took {show_number(taken)} of the {show_cpus(cpus)} that the server has;"
        f" the server's own CPU time, {show_duration(each)} a request, does not depend on it",
        observed=taken,
        limit=SHARED_LIMIT * cpus,
        next_step="with 4 CPUs or more, and no quota, the generator gets its own",
    )
