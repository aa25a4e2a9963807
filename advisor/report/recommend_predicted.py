"""What the model predicts of a plan and of what it was chosen from, as rows and sentences; said to be predicted."""

from __future__ import annotations

from advisor.model.prediction import Ceiling, Prediction
from advisor.model.shape import Shape
from advisor.sizing.by_model.choice import Alternative, Choice, Role
from advisor.sizing.by_model.settings import duration, show_rate
from advisor.units import count, show_bytes, show_cpus, show_number
from advisor.workload.workload import Workload

HEADER = ("configuration", "requests/s", "memory", "workers × threads, expected band, what binds")
# Ratios nearer to 1 than this are the same: the model is off by more (docs/model.md).
_SAME = 0.03
# From here on "1.5 times as many" reads better than "50 % more".
_TIMES_FROM = 1.5


def measured_rows(choice: Choice, workload: Workload) -> list[tuple[str, str, str]]:
    """What was measured of the app: name, value, where it is from."""
    request, memory = choice.cost.request, choice.cost.memory
    spent = f"{duration(request.cpu_seconds)} computing, {duration(request.wait_seconds)} waiting"
    needs = f"of its own; the arbiter {show_bytes(memory.arbiter_bytes)}, a thread {show_bytes(memory.thread_bytes)}"
    return [
        ("request", duration(request.service_seconds), f"{spent}; {workload.response_time_seconds.source}"),
        ("worker", show_bytes(memory.worker_bytes), f"{needs}; {workload.worker_memory_bytes.source}"),
    ]


def predicted_rows(choice: Choice) -> list[tuple[str, ...]]:
    """One row for each configuration of the comparison, the chosen one first."""
    return [_row(one) for one in choice.alternatives]


def predicted_sentences(choice: Choice) -> list[str]:
    """The chosen configuration beside the rule, the latency at a rate, and what the figures are worth."""
    return [f"{against_rule(choice)}.", *_latency(choice), f"{_basis(choice)}."]


def throughput_text(choice: Choice) -> str:
    """The predicted throughput with its band and what bounds it, as part of a sentence."""
    found = choice.chosen.throughput
    return (
        f"{show_rate(found.per_second)} requests/s predicted ({_band(choice.chosen)}), bound by {_the(found.binding)}"
    )


def against_rule(choice: Choice) -> str:
    """The chosen configuration beside (2 × cores) + 1, as a sentence without its full stop."""
    chosen, rule, request = choice.chosen, choice.rule, choice.cost.request
    cpus = show_number(choice.load.demand.cpus)
    given = f"The rule, (2 × {cpus}) + 1, gives {count(rule.shape.workers, 'sync worker')}"
    listed = choice.alternative(Role.RULE)
    if chosen.shape == rule.shape:
        return f"{given}, and so does the model"
    waits = request.wait_seconds / request.service_seconds if request.service_seconds > 0 else 0.0
    spends = f"waits {_percent(waits)}" if waits >= 0.5 else f"computes {_percent(1 - waits)}"
    too_much = "" if listed is None or listed.fits else ", which do not keep to the limits"
    return (
        f"{given}{too_much}; the app {spends} of its time: {_named(chosen.shape)} "
        f"{'is' if _is_one(chosen.shape) else 'are'} predicted to serve {_as_many(throughput_ratio(choice))} requests "
        f"({show_rate(chosen.throughput.per_second)} against {show_rate(rule.throughput.per_second)} per second) in "
        f"{_memory(memory_ratio(choice))}"
    )


def throughput_ratio(choice: Choice) -> float:
    """The predicted throughput of the chosen configuration, divided by the rule's."""
    rule = choice.rule.throughput.per_second
    return choice.chosen.throughput.per_second / rule if rule > 0 else 1.0


def memory_ratio(choice: Choice) -> float:
    """The same of the memory."""
    return choice.chosen.memory_bytes / max(1, choice.rule.memory_bytes)


def _row(one: Alternative) -> tuple[str, ...]:
    found = one.prediction.throughput
    what = f"{one.prediction.shape.shown}; {_band(one.prediction)}, {_the(found.binding)}"
    return (
        one.role.value,
        show_rate(found.per_second),
        show_bytes(one.prediction.memory_bytes),
        what + ("" if one.fits else "; does not keep to the limits"),
    )


def _the(ceiling: Ceiling) -> str:
    return f"the {ceiling.value}"


def _band(one: Prediction) -> str:
    return f"{show_rate(one.throughput.low)} to {show_rate(one.throughput.high)}"


def _named(shape: Shape) -> str:
    if shape.threads == 1:
        return count(shape.workers, f"{shape.worker_class.value} worker")
    policy = "" if shape.takes_only_what_it_serves else " with default connections"
    return f"{count(shape.workers, 'worker')} × {shape.threads} threads{policy}"


def _is_one(shape: Shape) -> bool:
    return shape.slots == 1


def _as_many(ratio: float) -> str:
    if abs(ratio - 1) <= _SAME:
        return "as many"
    if ratio >= _TIMES_FROM:
        return f"{ratio:.1f} times as many" if ratio < 10 else f"{ratio:,.0f} times as many"
    return f"{(ratio - 1) * 100:.0f} % more" if ratio > 1 else f"{(1 - ratio) * 100:.0f} % fewer"


def _percent(share: float) -> str:
    """A share of a whole that is not quite the whole."""
    return "more than 99 %" if share > 0.99 else f"{share * 100:.0f} %"


def _memory(ratio: float) -> str:
    if abs(ratio - 1) <= _SAME:
        return "the same memory"
    return f"{ratio:.1f} times the memory" if ratio >= _TIMES_FROM else f"{ratio * 100:.0f} % of the memory"


def _latency(choice: Choice) -> list[str]:
    wanted, found = choice.load.demand.rate_per_second, choice.chosen.latency
    if wanted is None or found is None:
        return []
    text = (
        f"At {show_number(wanted)} requests/s, {found.utilisation * 100:.0f} % of that, a response time of "
        f"{duration(found.mean_seconds)} in the mean and {duration(found.p99_seconds)} at the 99th "
        "percentile is predicted."
    )
    return [text]


def _basis(choice: Choice) -> str:
    demand = choice.load.demand
    keeps = "keep their connections" if demand.kept_alive else "open a connection for each request"
    return (
        f"Predicted from the cost of one request and one worker, for {count(demand.clients, 'client')} that {keeps}, "
        f"on {show_cpus(demand.cpus)}; no row was measured"
    )
