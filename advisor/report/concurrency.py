"""Shows how many requests were served at once: a timeline with one bar a request, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from advisor.measure.concurrency import ConcurrencyResult
from advisor.measure.server_events import ServerSettings
from advisor.measure.timeline import RequestTimes, waves
from advisor.report.columns import columns, wrap
from advisor.units import count

_NARROWEST_BAR = 20
_WIDEST_BAR = 80
_OK = 200
_VERDICTS = {True: "kept", False: "NOT kept", None: "cannot be told"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The characters that a bar is drawn with."""

    waiting: str
    served: str
    failed: str


BLOCKS = Marks(waiting="·", served="█", failed="✗")
ASCII = Marks(waiting=".", served="#", failed="x")


def marks_for(encoding: str | None) -> Marks:
    """Blocks where the encoding of the output has them, else ASCII."""
    try:
        (BLOCKS.waiting + BLOCKS.served + BLOCKS.failed + "×").encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def concurrency_text(result: ConcurrencyResult, *, width: int, marks: Marks = BLOCKS) -> str:
    """What ran, the timeline, and the verdict, in at most ``width`` columns."""
    lines = [
        *_header(result, width, marks),
        "",
        *_timeline(result, width, marks),
        "",
        *columns(_summary(result), width=width),
    ]
    text = "\n".join(lines)
    return text if marks is BLOCKS else text.replace("×", "x").replace("–", "-")


def configuration_text(settings: ServerSettings) -> str:
    """What runs, in words: ``3 workers × 3 threads, gthread``."""
    threads = f" × {count(settings.threads, 'thread')}" if settings.worker_class == "gthread" else ""
    return f"{count(settings.workers, 'worker')}{threads}, {settings.worker_class}"


def _header(result: ConcurrencyResult, width: int, marks: Marks) -> Iterator[str]:
    settings = result.settings
    if settings is None:
        yield result.path
    else:
        extra = ""
        if settings.worker_class != "sync":
            extra = f", worker_connections {settings.worker_connections}, keepalive {settings.keepalive}"
        running = f"Gunicorn {settings.gunicorn}: {configuration_text(settings)}{extra}"
        configuration = f", configuration {settings.config_file}" if settings.config_file else ""
        yield from wrap(running, width=width, indent=0)
        yield from wrap(f"App {settings.app}{configuration}, Python {settings.python}", width=width, indent=0)
    sent = f"{count(result.requests, 'request')}{f' for {result.path}' if settings else ''} sent at the same moment"
    yield from wrap(f"{sent}; {marks.waiting} waits, {marks.served} is served", width=width, indent=0)


def _timeline(result: ConcurrencyResult, width: int, marks: Marks) -> Iterator[str]:
    numbers = worker_numbers(result)
    head = "wave  " + ("worker  " if numbers else "")
    tail = max((len(_outcome(times, marks)) for times in result.timeline), default=0)
    bar = min(max(width - len(head) - tail, _NARROWEST_BAR), _WIDEST_BAR)
    scale = bar / max(result.total_seconds, 1e-9)
    yield head + _axis(result.total_seconds, bar)
    for wave, group in enumerate(waves(result.timeline), 1):
        for index, times in enumerate(group):
            label = f"{wave if index == 0 else '':>4}  "
            yield label + _row(times, numbers, scale, bar, marks)
    for times in result.timeline:
        if times.started_seconds is None:
            yield "   –  " + _row(times, numbers, scale, bar, marks)


def _axis(total_seconds: float, bar: int) -> str:
    end = time_text(total_seconds)
    middle = time_text(total_seconds / 2)
    half = bar // 2 - len(middle) // 2
    return ("0".ljust(half) + middle).ljust(bar - len(end)) + end


def _row(times: RequestTimes, numbers: dict[int, int], scale: float, bar: int, marks: Marks) -> str:
    worker = "" if not numbers else f"{numbers.get(times.worker or 0, '–'):>6}  "
    end = min(max(round(times.answered_seconds * scale), 1), bar)
    start = end if times.started_seconds is None else min(round(times.started_seconds * scale), end - 1)
    sent = min(round(times.sent_seconds * scale), start)
    drawn = " " * sent + marks.waiting * (start - sent) + marks.served * (end - start)
    return worker + drawn + _outcome(times, marks)


def _outcome(times: RequestTimes, marks: Marks) -> str:
    """What stands after a bar: when it was answered, and what went wrong."""
    wrong = ""
    if times.error:
        wrong = f" {marks.failed} {times.error}"
    elif times.status != _OK:
        wrong = f" {times.status}"
    return f" {time_text(times.answered_seconds)}{wrong}"


def worker_numbers(result: ConcurrencyResult) -> dict[int, int]:
    """A small number for each worker's process id, in the order of the ids; empty when no request's worker is known."""
    if not result.requests_per_worker:
        return {}
    return {pid: number for number, pid in enumerate(result.workers, 1)}


def _summary(result: ConcurrencyResult) -> list[tuple[str, str]]:
    rows = [
        ("Served at once", _served_text(result)),
        ("Waves", waves_text(result.waves)),
        ("Time in all", time_text(result.total_seconds)),
    ]
    numbers = worker_numbers(result)
    if numbers:
        taken = result.requests_per_worker
        each = (f"worker {number} (pid {pid}): {taken.get(pid, 0)}" for pid, number in numbers.items())
        rows.append(("Requests taken", ", ".join(each)))
    if result.is_estimated:
        unseen = "a server that gcadvise did not start" if result.settings is None else "this worker class"
        whose = f"the handlers of {unseen} are not seen:"
        estimate = "the quickest answer's time stands for each, which can show too many at once"
        rows.append(("Estimated", f"{whose} {estimate}"))
    rows.append(("Promise", _VERDICTS[result.kept]))
    if result.reason:
        rows.append(("Why", result.reason))
    if result.cure:
        rows.append(("Fix", result.cure))
    return rows


def _served_text(result: ConcurrencyResult) -> str:
    if result.promised is None or result.expected is None:
        return f"{result.served_at_once}; nothing is promised"
    of_all = (
        "" if result.expected == result.promised else f" ({result.promised} are promised; {result.requests} were sent)"
    )
    promise = f"the {result.expected} promised" if not of_all else f"{result.expected}"
    return f"{result.served_at_once} of {promise}{of_all}"


def time_text(seconds: float) -> str:
    """A time: ``0``, ``12 ms``, ``1.25 s``."""
    if seconds == 0:
        return "0"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def waves_text(sizes: Sequence[int]) -> str:
    """The sizes of waves: ``9, 9, 2``; equal ones in a long row are counted: ``1 (20 times)``."""
    if len(sizes) > 6 and len(set(sizes)) == 1:
        return f"{sizes[0]} ({len(sizes)} times)"
    return ", ".join(map(str, sizes)) or "none"
