"""A profile as JSON, as it is shown and as it is saved; the shape is schemas/profile.json."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.facts import Fact
from advisor.host.host import Host
from advisor.load.samples import Kind
from advisor.measure.profile.result import AppProfile, EndpointProfile
from advisor.workload.profile import kind_of

# In milliseconds: a tenth of a microsecond, far below what is measured.
_DIGITS = 4
_KINDS = {kind: kind.name.lower().replace("_", "-") for kind in Kind}


def profile_json(profile: AppProfile, host: Host) -> dict[str, object]:
    """The body of the answer, below the envelope; null is unknown, and the key's ``_source`` then says why."""
    return {
        "app": profile.app,
        "interface": "wsgi" if profile.wsgi else "asgi",
        "measured": {
            "began": profile.began,
            "seconds": round(profile.measured_seconds, _DIGITS),
            "requests": profile.samples,
            "worker_class": profile.worker_class,
            "gunicorn": profile.gunicorn,
            "python": profile.python,
            "cpus": host.cpus.value,
            "cpus_source": host.cpus.source,
            "memory_bytes": host.memory_bytes.value,
            "memory_source": host.memory_bytes.source,
            "platform": host.platform.value,
            "platform_source": host.platform.source,
        },
        "request": _request(profile),
        "worker": _worker(profile),
        "threads": _threads(profile),
        "threads_source": profile.threads.source,
        "threads_fail": profile.threads_fail,
        "start": _start(profile),
        "connections": _connections(profile),
        "connections_source": profile.connections.source,
        "endpoints": [_endpoint(endpoint) for endpoint in profile.endpoints],
        "notes": list(profile.notes),
    }


def _request(profile: AppProfile) -> dict[str, object]:
    request = profile.cost.request
    return {
        "wall_ms": _ms(request.service_seconds),
        "cpu_ms": _ms(request.cpu_seconds),
        "wait_ms": _ms(request.wait_seconds),
        "wait_ratio": round(request.wait_ratio, _DIGITS),
        "kind": kind_of(request.wait_ratio).value,
        "variation": round(request.variation, _DIGITS),
        "response_bytes": request.response_bytes,
        "queued_ms": _known_ms(profile.queued_seconds),
        "queued_source": profile.queued_seconds.source,
        "gil_ms": _known_ms(profile.gil_seconds),
        "gil_source": profile.gil_seconds.source,
        "handover_ms": _known_ms(profile.handover_seconds),
        "handover_source": profile.handover_seconds.source,
        "kept_alive_saves_ms": _known_ms(profile.kept_alive_saves_seconds),
        "kept_alive_saves_source": profile.kept_alive_saves_seconds.source,
        "quantiles_ms": _all_ms(request.quantiles_seconds),
    }


def _worker(profile: AppProfile) -> dict[str, object]:
    cost, measured = profile.cost.memory, profile.memory
    return {
        "memory_bytes": cost.worker_bytes,
        "arbiter_bytes": cost.arbiter_bytes,
        "memory_source": measured.source,
        "thread_bytes": measured.thread_bytes.value,
        "thread_source": measured.thread_bytes.source,
        "growth_bytes_per_1000_requests": measured.growth_bytes_per_1000_requests.value,
        "growth_source": measured.growth_bytes_per_1000_requests.source,
        "growth_requests": measured.growth_requests,
        "preload_saves_bytes": measured.preload_saves_bytes.value,
        "preload_saves_source": measured.preload_saves_bytes.source,
        "measured_with": {
            "worker_class": measured.worker_class,
            "workers": measured.workers,
            "threads": measured.threads,
            "requests": measured.requests,
        },
    }


def _threads(profile: AppProfile) -> dict[str, object] | None:
    threads = profile.threads.value
    if threads is None:
        return None
    return {
        "threads": threads.threads,
        "requests": threads.samples,
        "throughput_rps": round(threads.per_second, _DIGITS),
        "one_thread_rps": round(threads.alone_per_second, _DIGITS),
        "gain": round(threads.gain, _DIGITS),
        "cpus_used": round(threads.cpus_used, _DIGITS),
        "cpu_ms": _ms(threads.cpu_seconds),
        "releases_gil": threads.releases_gil,
    }


def _start(profile: AppProfile) -> dict[str, object]:
    imports = profile.imports.value
    return {
        "start_seconds": round(profile.start_seconds, _DIGITS),
        "import_seconds": None if imports is None else round(imports.seconds, _DIGITS),
        "imports_source": profile.imports.source,
        "modules": None if imports is None else imports.modules,
        "dearest": []
        if imports is None
        else [
            {"package": one.package, "seconds": round(one.seconds, _DIGITS), "modules": one.modules}
            for one in imports.dearest
        ],
    }


def _connections(profile: AppProfile) -> list[dict[str, object]] | None:
    found = profile.connections.value
    if found is None:
        return None
    return [{"place": one.place, "service": one.service, "most_per_worker": one.most_per_worker} for one in found]


def _endpoint(endpoint: EndpointProfile) -> dict[str, object]:
    return {
        "method": endpoint.request.method,
        "path": endpoint.request.path,
        "weight": endpoint.request.weight,
        "requests": endpoint.samples,
        "wall_ms": _ms(endpoint.service_seconds),
        "cpu_ms": _ms(endpoint.cpu_seconds),
        "wait_ms": _ms(endpoint.wait_seconds),
        "queued_ms": None if endpoint.queued_seconds is None else _ms(endpoint.queued_seconds),
        "wait_ratio": round(endpoint.wait_ratio, _DIGITS),
        "kind": kind_of(endpoint.wait_ratio).value,
        "variation": round(endpoint.variation, _DIGITS),
        "response_bytes": endpoint.response_bytes,
        "statuses": {str(status): number for status, number in sorted(endpoint.statuses.items())},
        "failures": {_KINDS[kind]: number for kind, number in sorted(endpoint.failures.items())},
        "few_samples": endpoint.few_samples,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, _DIGITS)


def _known_ms(fact: Fact[float]) -> float | None:
    return None if fact.value is None else _ms(fact.value)


def _all_ms(seconds: Sequence[float]) -> list[float]:
    return [_ms(one) for one in seconds]
