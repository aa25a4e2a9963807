"""What a reader of a plan by the model must know before trusting it."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.facts import Fact, Origin
from advisor.host.host import Host
from advisor.model.shape import WorkerClass
from advisor.sizing.by_model.choice import Bound, Choice
from advisor.sizing.by_model.settings import rate
from advisor.sizing.limits import Size
from advisor.sizing.plan import Capacity
from advisor.sizing.warn import closing_waits, free_threaded, low_memory, not_delivered, shared_plan
from advisor.sizing.worker_settings import CURED_SINCE
from advisor.units import count, show_bytes, show_number
from gunicorn_conf.platforms import Platform
from gunicorn_conf.release import Release

# A rate above this share of what is predicted leaves no room for a burst, and queues grow long.
_TIGHT = 0.9
# A leak is worth a word when 1,000 requests take so much of a worker's own memory: 10,000 then double it.
_GROWTH_SHARE = 0.1


def warnings(
    choice: Choice,
    host: Host,
    size: Size,
    capacity: Capacity,
    platform: Platform,
    release: Release,
    *,
    thread_safe: Fact[bool],
) -> Iterator[str]:
    """The sentences, the gravest first."""
    if release < CURED_SINCE:
        yield from not_delivered(capacity, release)
    else:
        yield from _uneven(choice)
        if choice.chosen.shape.takes_only_what_it_serves:
            yield from closing_waits(size, platform, release)
    yield from _no_threads(thread_safe)
    yield from _short(choice)
    yield from _rate(choice)
    yield from _growth(choice)
    yield from _alone(choice, capacity)
    yield from low_memory(host, capacity)
    yield from shared_plan(host, capacity, platform)
    yield from free_threaded(host)
    yield from platform.notes


def _uneven(choice: Choice) -> Iterator[str]:
    shape = choice.chosen.shape
    if shape.takes_only_what_it_serves or shape.workers == 1:
        return
    yield (
        f"Not all {shape.slots:,} slots fill before requests queue: with Gunicorn's default worker_connections a "
        "gthread worker takes connections although its threads are busy, while another worker idles. It is chosen for "
        "clients that keep connections (--clients-keep-alive); without them, give --no-clients-keep-alive."
    )


def _no_threads(thread_safe: Fact[bool]) -> Iterator[str]:
    if thread_safe.value is False and thread_safe.origin is Origin.DETECTED:
        yield (
            f"Threads are left out, since they do not work for the app ({thread_safe.source}). Once that is mended, "
            "measure it again; --thread-safe has them weighed all the same."
        )


def _short(choice: Choice) -> Iterator[str]:
    match choice.bound:
        case None:
            return
        case Bound.MEMORY:
            limit = "The memory"
        case Bound.DATABASE:
            limit = "The limit on database connections"
        case Bound.THREADS:
            limit = "The limit on threads"
    yield f"{limit} binds: without it more than the {rate(choice.chosen)} requests/s would be predicted."


def _rate(choice: Choice) -> Iterator[str]:
    wanted, possible = choice.load.demand.rate_per_second, choice.chosen.throughput.per_second
    if wanted is None or wanted <= _TIGHT * possible:
        return
    if wanted > possible:
        yield f"{show_number(wanted)} requests/s cannot be held: {rate(choice.chosen)} are predicted."
    else:
        yield (
            f"{show_number(wanted)} requests/s are {wanted / possible * 100:.0f} % of what is predicted: queues grow "
            "long, and a burst is not held."
        )


def _growth(choice: Choice) -> Iterator[str]:
    memory = choice.cost.memory
    grown = memory.growth_bytes_per_1000_requests
    if grown > _GROWTH_SHARE * memory.worker_bytes:
        yield (
            f"A worker grew by {show_bytes(grown)} over 1,000 requests when it was measured, which nothing here "
            "provides for: find the leak, or bound it with --max-requests."
        )


def _alone(choice: Choice, capacity: Capacity) -> Iterator[str]:
    shape, cost = choice.chosen.shape, choice.cost.memory
    if shape.workers != 1:
        return
    slots = "one request at a time" if shape.worker_class is WorkerClass.SYNC else count(shape.threads, "thread")
    two, most = cost.total_bytes(2, shape.threads), capacity.memory_budget_bytes
    if most is None or two <= most:
        second = f"WEB_CONCURRENCY=2 keeps a second one, in {show_bytes(two)}."
    else:
        second = f"A second one does not fit: both need {show_bytes(two)}, and {show_bytes(most)} may be used."
    yield f"One worker ({slots}): while it restarts after a crash or a timeout nobody serves. {second}"
