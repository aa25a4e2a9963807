"""Measures every endpoint at one worker and one client: time, CPU time, growth."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from advisor.facts import Fact
from advisor.load.samples import Kind
from advisor.load.spec import LoadRequest
from advisor.measure.process_readings import Memory, sum_memory
from advisor.measure.process_sampler import read_tree
from advisor.measure.profile.answers import remarks
from advisor.measure.profile.growth import Growth, greatest_bytes
from advisor.measure.profile.load_run import Client, LoadRun, Probed
from advisor.measure.profile.memory_run import TreeMemory
from advisor.measure.profile.mix import mixed_growth, quantiles, queued_part, variation
from advisor.measure.profile.probe import shown
from advisor.measure.profile.result import ENOUGH_SAMPLES, EndpointProfile
from gunicorn_conf.errors import ServerFailed

# Figures of a fast handler are steady after some thousand requests; a slow one is asked until there are enough.
LEAST_SECONDS = 3.0
# The share of all the time for measuring that one client may take; the rest is for threads and memory.
SHARE = 0.4
# Endpoints take turns, so that what changes on the machine meets all of them alike.
SLICE_SECONDS = 0.5
# A request that takes longer is measured once more after the first, or not at all where the time is over.
SLOW_SECONDS = 5.0
# Answers that are looked at one by one; the first is cold, and counts only where there is no other.
_PROBES = 3
# A slow one is looked at once, so that its time goes into the load that counts.
_LOOK_SHARE = 0.25
# The first load is so small that an app which keeps much of every request is found out before it matters.
_FIRST_REQUESTS = 16
_SLICE_GROWTH = 4
_WARM_UP_SECONDS = 0.3
# Long enough to see a thread that computes now and then.
_IDLE_SECONDS = 0.25


@dataclass(slots=True)
class _Tally:
    """What was measured of one endpoint so far."""

    number: int
    request: LoadRequest
    probes: list[Probed] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    queued_seconds: float | None = 0.0
    """How long the worker was ready to compute and had no CPU; None once the system did not tell."""
    whole: int = 0
    spent_seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[Kind] = field(default_factory=Counter)

    def add(self, run: LoadRun) -> None:
        """Count one load."""
        for sample in run.samples:
            if sample.status:
                self.statuses[sample.status] += 1
                self.seconds.append(sample.service_seconds)
            else:
                self.failures[sample.kind] += 1
        self.cpu_seconds += run.cpu_seconds
        self.add_queued(run.queued_seconds)
        self.whole += run.whole
        self.spent_seconds += run.elapsed_seconds

    def add_queued(self, seconds: float | None) -> None:
        """Count a time in which the worker had no CPU."""
        known = seconds is not None and self.queued_seconds is not None
        self.queued_seconds = (self.queued_seconds or 0.0) + (seconds or 0.0) if known else None

    @property
    def last_answer_seconds(self) -> float:
        """Of the last probe."""
        return self.probes[-1].answer.seconds

    def profile(self) -> EndpointProfile:
        """What it comes to."""
        requests = self.whole + sum(self.failures.values())
        cpu, seen = self.cpu_seconds / requests, statistics.fmean(self.seconds)
        queued = None if self.queued_seconds is None else queued_part(self.queued_seconds / requests, seen, cpu)
        share = 1 - (queued or 0.0) / seen if seen > 0 else 1.0
        return EndpointProfile(
            request=self.request,
            samples=len(self.seconds),
            service_seconds=seen * share,
            cpu_seconds=cpu,
            queued_seconds=queued,
            variation=variation(self.seconds),
            quantiles_seconds=tuple(share * seconds for seconds in quantiles(self.seconds)),
            statuses=dict(self.statuses.most_common()),
            failures=dict(self.failures),
            response_bytes=round(statistics.fmean(probed.answer.size_bytes for probed in self.probes)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneClient:
    """What one client showed. ``memory`` is the worker's at the end, ``tree_memory`` with the arbiter's.

    ``growth_requests`` is the number of requests over which the worker's growth was watched.
    """

    endpoints: tuple[EndpointProfile, ...]
    memory: Memory
    tree_memory: Memory
    request_bytes: int
    """What a request took beyond that while it was served, as far as the worker's greatest size shows it."""
    growth_bytes_per_request: float | None
    """None where there were too few requests to tell."""
    growth_by_endpoint: tuple[float | None, ...]
    growth_requests: int
    growth_curve: tuple[tuple[int, int], ...]
    """By how many bytes the worker had grown after how many requests, from its start on."""
    idle_cpus: float
    """What the worker computed while there were no requests."""
    children: int
    """The processes that the worker had started, and that still lived."""
    notes: tuple[str, ...]

    def as_tree(self, why: str) -> TreeMemory:
        """Its memory in place of that of several workers, with the reason why those were not measured."""
        own, total = self.memory.uss_bytes.value, self.tree_memory.pss_bytes.value
        known = own is not None and total is not None
        source = self.tree_memory.pss_bytes.source if known else "RSS"
        return TreeMemory(
            workers=1,
            total_bytes=total if total is not None and known else self.tree_memory.rss_bytes,
            worker_bytes=own if own is not None and known else self.memory.rss_bytes,
            source=f"{source}, one worker alone ({why})",
            requests=self.growth_requests,
            connections=Fact.unknown(why),
        )


def measure_one_client(client: Client, requests: Sequence[LoadRequest]) -> OneClient:
    """Measure each request apart. Raises GcadviseError when one cannot be measured."""
    growth = Growth(client.worker, client.budget.growth_bytes)
    share_seconds = SHARE * client.budget.seconds / len(requests)
    look_seconds = _LOOK_SHARE * share_seconds
    tallies = [
        _first_look(client, _Tally(number, request), growth, look_seconds) for number, request in enumerate(requests)
    ]
    idle_cpus = client.idle_cpus(_IDLE_SECONDS)
    turn = [tally for tally in tallies if tally.last_answer_seconds <= min(SLOW_SECONDS, share_seconds)]
    for tally in turn:
        most = growth.bounded(_FIRST_REQUESTS)
        run = client.load((tally.request,), clients=1, seconds=_WARM_UP_SECONDS, most_requests=most)
        growth.look(len(run.samples), tally.number)
    growth.settle()
    most = _FIRST_REQUESTS
    while turn and not growth.too_much:
        for tally in list(turn):
            run = client.load(
                (tally.request,),
                clients=1,
                seconds=client.budget.part(SLICE_SECONDS),
                most_requests=growth.bounded(most),
            )
            tally.add(run)
            growth.look(len(run.samples), tally.number)
            if _enough(tally, share_seconds, client.budget.part(LEAST_SECONDS)) or growth.too_much:
                turn.remove(tally)
        most *= _SLICE_GROWTH
    _use_first_look(tallies)
    memory, tree_memory, children = _memory(client)
    endpoints = tuple(tally.profile() for tally in tallies)
    by_endpoint = tuple(growth.per_request(tally.number) for tally in tallies)
    grows = mixed_growth(endpoints, by_endpoint)
    client.budget.growth_bytes_per_request = growth.grown_per_request if growth.too_much else grows or 0.0
    return OneClient(
        endpoints=endpoints,
        memory=memory,
        tree_memory=tree_memory,
        request_bytes=max(greatest_bytes(client.worker) - memory.rss_bytes, 0),
        growth_bytes_per_request=grows,
        growth_by_endpoint=by_endpoint,
        growth_curve=tuple(growth.curve),
        growth_requests=growth.requests,
        idle_cpus=idle_cpus,
        children=children,
        notes=tuple(
            note
            for tally in tallies
            for note in [*remarks([probed.answer for probed in tally.probes]), *_failures(tally)]
        ),
    )


def _memory(client: Client) -> tuple[Memory, Memory, int]:
    """What the worker holds with the processes that it started, what the whole server does, and how many these are.

    Raises ServerFailed when one of them is gone.
    """
    tree, worker = read_tree(client.server.arbiter_pid), read_tree(client.worker)
    own = None if worker is None else sum_memory(process.memory for process in worker.processes)
    whole = None if tree is None else tree.memory
    if worker is None or own is None or whole is None:
        raise ServerFailed(
            "the worker ended while it was measured",
            why="its memory cannot be read any more: the app, or a library of it, ended its process",
            hint="look at the log",
            log=client.server.log(),
        )
    return own, whole, len(worker.descendants)


def _first_look(client: Client, tally: _Tally, growth: Growth, seconds: float) -> _Tally:
    for _ in range(_PROBES):
        tally.probes.append(client.probe(tally.request))
        growth.look(1, tally.number)
        if growth.too_much or sum(probed.answer.seconds for probed in tally.probes) > seconds:
            break
    return tally


def _use_first_look(tallies: Sequence[_Tally]) -> None:
    """Of an endpoint that there was no time for, or that was never answered again, the last single answer counts."""
    for tally in tallies:
        if not tally.seconds:
            last = tally.probes[-1]
            tally.seconds.append(last.answer.seconds)
            tally.statuses[last.answer.status] += 1
            tally.whole, tally.cpu_seconds, tally.queued_seconds = 1, last.cpu_seconds, last.queued_seconds
            tally.failures.clear()


def _enough(tally: _Tally, share_seconds: float, least_seconds: float) -> bool:
    mean = statistics.fmean(tally.seconds) if tally.seconds else tally.last_answer_seconds
    return tally.spent_seconds >= min(share_seconds, max(least_seconds, ENOUGH_SAMPLES * mean))


def _failures(tally: _Tally) -> list[str]:
    """What of the answers to the load was not as the first had been."""
    request, total = shown(tally.request), len(tally.seconds) + sum(tally.failures.values())
    found = [
        f"{request} answered {status} to {count:,} of {total:,} requests; they are in the figures"
        for status, count in tally.statuses.items()
        if status >= 400
    ]
    words = {Kind.TIMEOUT: "were not answered in time", Kind.RESET: "got no answer", Kind.SHORT: "got half an answer"}
    found += [
        f"{count:,} of {total:,} requests to {request} {words.get(kind, 'failed')}"
        for kind, count in tally.failures.items()
    ]
    return found
