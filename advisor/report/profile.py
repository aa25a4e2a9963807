"""Shows what profiling an app gave: in words first, then the figures behind them; pure."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.facts import Fact
from advisor.measure.profile.connections import UNIX_SOCKETS
from advisor.measure.profile.result import AppProfile, OpenConnections, ThreadsProfile
from advisor.report.columns import columns, wrap
from advisor.report.profile_words import (
    kind_text,
    ratio_text,
    request_text,
    sentences,
    time_text,
    times_text,
)
from advisor.units import count, sentence, show_bytes, show_number

# Five of a hundred, ten of a thousand: fewer beyond a percentile do not place it.
_FEWEST_FOR_P95, _FEWEST_FOR_P99 = 100, 1000
# A line holds no more; the JSON has all.
_DEAREST_SHOWN = 3
# A smaller share of a worker's memory differs so much between two starts of the same server.
_WORTH_SAVING = 0.05
# Half of the last digit that a time is shown with: below it the text would be "0 ms".
_LEAST_SHOWN_SECONDS = 0.000_000_5


def profile_text(profile: AppProfile, *, width: int, next_steps: Sequence[tuple[str, str]] = ()) -> str:
    """The whole answer, in at most ``width`` columns; ends with a line break."""
    lines = [
        *[line for text in sentences(profile) for line in wrap(text, width=width, indent=0)],
        "",
        *wrap(_measured(profile), width=width, indent=0),
        *columns(_rows(profile), width=width),
    ]
    if len(profile.endpoints) > 1:
        lines += ["", "Each kind of request alone", *columns(_endpoint_rows(profile), width=width)]
    if profile.notes:
        lines += ["", "Notes", *[line for note in profile.notes for line in _bullet(sentence(note), width)]]
    if next_steps:
        lines += ["", "Next"]
        for text, command in next_steps:
            lines += [f"  {text}:", f"    {command}"]
    return "\n".join(lines) + "\n"


def _measured(profile: AppProfile) -> str:
    return (
        f"{'WSGI' if profile.wsgi else 'ASGI'}, Gunicorn {profile.gunicorn}, Python {profile.python}; "
        f"{count(profile.samples, 'request')}, each alone on a worker ({profile.worker_class}); "
        f"{profile.measured_seconds:.0f} s of measuring in all"
    )


def _rows(profile: AppProfile) -> list[tuple[str, str]]:
    rows = [
        ("Request", _request_text(profile)),
        ("", _quantiles_text(profile)),
        ("Answer", f"{show_bytes(profile.cost.request.response_bytes)}, headers included"),
        ("Threads", _threads_text(profile.threads) if profile.wsgi else f"none: {profile.threads.source}"),
    ]
    if profile.handover_seconds.known or profile.kept_alive_saves_seconds.known:
        rows.append(("gthread", _gthread_text(profile)))
    return [
        *rows,
        ("Memory", _memory_text(profile)),
        ("Growth", _growth_text(profile)),
        ("Preload", _preload_text(profile)),
        ("Start", f"{time_text(profile.start_seconds)} until one worker answers; {_imports_text(profile)}"),
        ("Connections", _connections_text(profile)),
    ]


def _request_text(profile: AppProfile) -> str:
    request = profile.cost.request
    return (
        f"{time_text(request.service_seconds)}: {time_text(request.cpu_seconds)} computing, "
        f"{time_text(request.wait_seconds)} waiting"
    )


def _gthread_text(profile: AppProfile) -> str:
    return (
        f"{_shown('handing a request to a thread', 'costs', profile.handover_seconds, none='no cost shown')}; "
        f"{_shown('a connection used again', 'saves', profile.kept_alive_saves_seconds, none='no saving shown')}"
    )


def _quantiles_text(profile: AppProfile) -> str:
    request, samples = profile.cost.request, profile.samples
    if any(endpoint.few_samples for endpoint in profile.endpoints):
        return f"the mean of {count(samples, 'request')}, so few of some kind that it may be off"
    said = f"half within {time_text(_quantile(request.quantiles_seconds, 50))}"
    if samples >= _FEWEST_FOR_P95:
        said += f", 95 % within {time_text(_quantile(request.quantiles_seconds, 95))}"
    if samples >= _FEWEST_FOR_P99:
        said += f", 99 % within {time_text(_quantile(request.quantiles_seconds, 99))}"
    return f"{said}; standard deviation {request.variation * 100:.0f} % of the mean"


def _quantile(quantiles: Sequence[float], percent: int) -> float:
    """Of the quantiles 0.005, 0.015 ... 0.995: what so many per cent lie within, between its two neighbours."""
    above = min(percent * len(quantiles) // 100, len(quantiles) - 1)
    return (quantiles[above - 1] + quantiles[above]) / 2


def _threads_text(threads: Fact[ThreadsProfile]) -> str:
    found = threads.value
    if found is None:
        return f"not known: {threads.source}"
    return (
        f"1 worker × {found.threads} threads: {found.per_second:,.0f} requests/s, {times_text(found.gain)} those of "
        f"one thread, with {found.cpus_used:.2f} CPUs"
    )


def _shown(what: str, does: str, fact: Fact[float], *, none: str) -> str:
    if fact.value is None:
        return f"{what}: not known, {fact.source}"
    return (
        f"{what} {does} {time_text(fact.value)} of CPU time"
        if fact.value >= _LEAST_SHOWN_SECONDS
        else f"{what}: {none}"
    )


def _memory_text(profile: AppProfile) -> str:
    memory, measured = profile.cost.memory, profile.memory
    return (
        f"arbiter and what all share {show_bytes(memory.arbiter_bytes)}, each worker "
        f"{show_bytes(memory.worker_bytes)}{_thread_text(measured.thread_bytes)} "
        f"({measured.source}; {measured.workers} × {measured.threads} {measured.worker_class} after "
        f"{count(measured.requests, 'request')})"
    )


def _thread_text(thread: Fact[int]) -> str:
    if thread.value is None:
        return ""
    return f", each busy thread {show_bytes(thread.value)}" if thread.value else ", of a busy thread no cost shown"


def _growth_text(profile: AppProfile) -> str:
    growth = profile.memory.growth_bytes_per_1000_requests
    over = f"over {count(profile.memory.growth_requests, 'request')}"
    if growth.value is None:
        return f"not known: {growth.source}"
    if growth.value == 0:
        return f"none shown {over}"
    return f"{show_bytes(growth.value)} per 1,000 requests of a worker, {over}"


def _preload_text(profile: AppProfile) -> str:
    saves = profile.memory.preload_saves_bytes
    if saves.value is None:
        return f"what preload_app would save is not known: {saves.source}"
    own = show_bytes(profile.cost.memory.worker_bytes)
    if saves.value < _WORTH_SAVING * profile.cost.memory.worker_bytes:
        return f"preload_app would save hardly anything of each worker's {own}"
    return f"preload_app would save {show_bytes(saves.value)} of each worker's {own}"


def _imports_text(profile: AppProfile) -> str:
    imports = profile.imports.value
    if imports is None:
        return f"what importing the app takes is not known: {profile.imports.source}"
    dearest = ", ".join(f"{one.package} {time_text(one.seconds)}" for one in imports.dearest[:_DEAREST_SHOWN])
    which = f" (dearest: {dearest})" if dearest else ""
    return f"importing the app takes {time_text(imports.seconds)} for {count(imports.modules, 'module')}{which}"


def _connections_text(profile: AppProfile) -> str:
    found = profile.connections.value
    if found is None:
        return f"not known: {profile.connections.source}"
    if not found:
        return "none to other services were seen open"
    return f"each worker held up to {', '.join(map(_connection_text, found))}"


def _connection_text(one: OpenConnections) -> str:
    to = "" if one.place == UNIX_SOCKETS else "to "
    service = f" ({one.service})" if one.service else ""
    return f"{one.most_per_worker} {to}{one.place}{service}"


def _endpoint_rows(profile: AppProfile) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("request", "weight", "in all", "computing", "waiting", "ratio", "samples", "kind")]
    rows += [
        (
            request_text(endpoint),
            show_number(endpoint.request.weight),
            time_text(endpoint.service_seconds),
            time_text(endpoint.cpu_seconds),
            time_text(endpoint.wait_seconds),
            ratio_text(endpoint.wait_ratio),
            f"{endpoint.samples:,}" + (" (few)" if endpoint.few_samples else ""),
            kind_text(endpoint.wait_ratio),
        )
        for endpoint in profile.endpoints
    ]
    return rows


def _bullet(text: str, width: int) -> list[str]:
    return wrap(text, width=width, indent=4, first="- ")
