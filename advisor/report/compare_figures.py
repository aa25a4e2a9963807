"""The figures of each compared configuration, and what speaks against them, once for text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.facts import Fact
from advisor.load.spec import OpenLoop
from advisor.measure.bench.beside import Beside, beside
from advisor.measure.bench.compare_result import CompareResult, Contender, Phase
from advisor.measure.bench.doubt import Code, Doubt, Severity, is_valid
from advisor.measure.bench.doubts import doubts
from advisor.measure.bench.summary import Summary, summarise
from advisor.measure.bench.trial import Trial, TrialPlan
from advisor.measure.server_events import ServerSettings
from advisor.report.concurrency import configuration_text
from advisor.units import count

# Of these percentiles a comparison shows the response times.
PERCENTS = (50.0, 95.0, 99.0)
# A comparison says these itself: failures, an overload, and how well a mean is known.
_SAID = frozenset({Code.ERRORS, Code.NO_ANSWERS, Code.OVERLOADED, Code.SPREAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One configuration: its trials at saturation together, and those at the open loop; None where there are none."""

    contender: Contender
    saturation: Summary | None
    latency: Summary | None
    doubts: Mapping[Phase, tuple[Doubt, ...]]

    @property
    def valid(self) -> bool:
        """Whether no doubt makes its figures invalid."""
        return all(map(is_valid, self.doubts.values()))

    @property
    def settings(self) -> ServerSettings | None:
        """The settings in effect; None where it was never measured."""
        return self.contender.trials[0].settings if self.contender.trials else None

    @property
    def pss_bytes(self) -> int | None:
        """The memory of arbiter and workers after the load, as PSS; None where it is not known."""
        use = None if self.saturation is None else self.saturation.use
        return None if use is None else use.pss_bytes.value

    @property
    def cpu_seconds_per_request(self) -> float | None:
        """CPU time of arbiter and workers for each answer at saturation; None where it is not known."""
        use = None if self.saturation is None else self.saturation.use
        return None if use is None else use.cpu_seconds_per_request

    @property
    def predicted(self) -> Fact[Beside] | None:
        """What was predicted, beside what was measured; None where no prediction was asked for."""
        one = self.contender
        return beside(one.trials, self.saturation, one.latency_trials, self.latency)

    def response_seconds(self, percent: float) -> float | None:
        """A percentile of the response times at the open loop; None where it was not shown."""
        if self.latency is None or self.latency.overloaded:
            return None
        return self.latency.response.at(percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDoubt:
    """A doubt of the same kind about several configurations; ``worst`` is the one of ``name``."""

    phase: Phase
    names: tuple[str, ...]
    name: str
    worst: Doubt


def figures(result: CompareResult, *, cpus: float | None) -> Mapping[str, Figures]:
    """The figures of every configuration, by its name, in the order given; ``cpus`` is this machine's CPU budget."""
    return {one.name: _figures(one, cpus) for one in result.contenders}


def shared_doubts(shown: Mapping[str, Figures]) -> list[SharedDoubt]:
    """The doubts about all configurations that are compared, those of one kind together; invalid ones first."""
    found: dict[tuple[Phase, Code], list[tuple[str, Doubt]]] = {}
    for name, one in shown.items():
        for phase, each in one.doubts.items():
            for doubt in each if one.contender.comparable else ():
                found.setdefault((phase, doubt.code), []).append((name, doubt))
    shared = []
    for (phase, _), named in found.items():
        name, worst = max(named, key=lambda pair: (pair[1].severity is Severity.INVALID, abs(pair[1].observed)))
        shared.append(SharedDoubt(phase=phase, names=tuple(name for name, _ in named), name=name, worst=worst))
    return sorted(shared, key=lambda one: (one.worst.severity is not Severity.INVALID, one.phase is Phase.LATENCY))


def _figures(contender: Contender, cpus: float | None) -> Figures:
    saturation = summarise(contender.trials) if contender.trials else None
    latency = summarise(contender.latency_trials) if contender.latency_trials else None
    return Figures(
        contender=contender,
        saturation=saturation,
        latency=latency,
        doubts={
            Phase.SATURATION: _doubts(contender.trials, saturation, cpus),
            Phase.LATENCY: _doubts(contender.latency_trials, latency, cpus),
        },
    )


def _doubts(trials: Sequence[Trial], summary: Summary | None, cpus: float | None) -> tuple[Doubt, ...]:
    if summary is None:
        return ()
    found = (doubt for doubt in doubts(trials, summary, cpus=cpus) if doubt.code not in _SAID)
    return tuple(map(_with_step_from_here, found))


def _with_step_from_here(doubt: Doubt) -> Doubt:
    """The doubt with a next step that a comparison can take: it has no --rate and no --url."""
    match doubt.code:
        case Code.NOT_SATURATED if doubt.limit is not None:
            step = f"send more: --clients {2 * doubt.limit:.0f}"
        case Code.LATENESS:
            step = "leave CPUs free for the generator: end other programs, or use a machine with more CPUs"
        case Code.THROTTLED:
            step = "compare where the quota is larger, or go by the CPU time for each request alone"
        case _:
            return doubt
    return replace(doubt, next_step=step)


def settings_text(settings: ServerSettings) -> str:
    """What ran: ``2 workers × 4 threads, gthread, worker_connections 1000, keepalive 2``."""
    text = configuration_text(settings)
    if settings.worker_class == "sync":
        return text
    return f"{text}, worker_connections {settings.worker_connections}, keepalive {settings.keepalive}"


def requests_text(plan: TrialPlan) -> str:
    """What was requested: ``GET /mixed``; several kinds with their shares."""
    total = sum(request.weight for request in plan.requests)
    if len(plan.requests) == 1:
        return f"{plan.requests[0].method} {plan.requests[0].path}"
    return ", ".join(f"{100 * one.weight / total:.0f} % {one.method} {one.path}" for one in plan.requests)


def load_text(plan: TrialPlan) -> str:
    """The load at saturation: ``64 clients, a new connection for each request``."""
    connections = "kept-alive connections" if plan.connections.value == "kept-alive" else None
    assert not isinstance(plan.loop, OpenLoop), "a comparison begins with a closed loop"
    return f"{count(plan.loop.clients, 'client')}, {connections or 'a new connection for each request'}"
