"""A measured configuration as JSON, for programs and for the file of --save; the shape is schemas/bench.json."""

from __future__ import annotations

from advisor.load.spec import ClosedLoop
from advisor.measure.bench.bench import Bench
from advisor.measure.bench.beside import beside
from advisor.measure.bench.doubt import Doubt
from advisor.measure.bench.result import BenchResult
from advisor.measure.bench.server_use import ServerUse, server_use
from advisor.measure.bench.summary import Summary, Times, per_second, summarise
from advisor.measure.bench.trial import Candidate, RunningTarget, Trial, TrialPlan
from advisor.measure.server_events import ServerSettings
from advisor.measure.statistics.estimate import Basis, Estimate
from advisor.measure.statistics.histogram import Bucket
from advisor.measure.statistics.thresholds import Judgement, Quantity
from advisor.report.predicted import predicted_json

# Of a millisecond: a microsecond. Of rates and of seconds of CPU time: what is beyond is noise.
_MS_DIGITS = 3
_DIGITS = 4
_KEYS = {50.0: "p50", 90.0: "p90", 95.0: "p95", 99.0: "p99", 99.9: "p99_9"}
_BETWEEN_RUNS = "between runs"


def bench_json(result: BenchResult) -> dict[str, object]:
    """The body of the answer, below the envelope."""
    bench, summary = result.bench, result.summary
    settings = next((trial.settings for trial in bench.trials if trial.settings is not None), None)
    return {
        "config": config_json(bench.candidate, settings),
        "load": {**load_json(bench.plan), "restarts": bench.restarts},
        "partial": bench.partial,
        "interrupted": bench.interrupted,
        "valid": result.valid,
        "doubts": [doubt_json(doubt) for doubt in result.doubts],
        "throughput_rps": _throughput(bench, summary),
        "offered_rps": None if summary is None else _rounded(summary.offered_per_second),
        "achieved_rps": None if summary is None else _rounded(summary.achieved_per_second),
        "overloaded": summary is not None and summary.overloaded,
        "backlog_growth_rps": None if summary is None else _rounded(summary.backlog_per_second),
        "latency_ms": None if summary is None or summary.overloaded else times_json(summary.response),
        "service_ms": None if summary is None or summary.overloaded else times_json(summary.service),
        "samples": 0 if summary is None else summary.samples,
        "errors": None if summary is None else errors_json(summary),
        "statuses": {} if summary is None else {str(status): count for status, count in summary.statuses.items()},
        "histogram": [] if summary is None or summary.overloaded else [_bucket(each) for each in summary.histogram],
        "server": None if summary is None else _server(summary),
        "generator": None if summary is None else _generator(result, summary),
        "bound": None if result.binding is None else {"by": result.binding.bound.value, "reason": result.binding.why},
        "host": {"cpus": result.cpus, "other_cpus": None if summary is None else _rounded(summary.other_cpus.value)},
        "restarts": [_trial(trial, overloaded=summary is not None and summary.overloaded) for trial in bench.trials],
        "thresholds": [_judgement(judgement) for judgement in result.judgements],
        **predicted_json(beside(bench.trials, summary)),
    }


def config_json(candidate: Candidate, settings: ServerSettings | None) -> dict[str, object]:
    """What was measured; the settings are null before the first start, and for a server that already runs."""
    server = candidate.server
    return {
        "name": candidate.name,
        "url": server.url if isinstance(server, RunningTarget) else None,
        "gunicorn": None if settings is None else settings.gunicorn,
        "python": None if settings is None else settings.python,
        "app": None if settings is None else settings.app,
        "config_file": None if settings is None else settings.config_file,
        "workers": None if settings is None else settings.workers,
        "threads": None if settings is None else settings.threads,
        "worker_class": None if settings is None else settings.worker_class,
        "worker_connections": None if settings is None else settings.worker_connections,
        "keepalive_seconds": None if settings is None else settings.keepalive,
        "timeout_seconds": None if settings is None else settings.timeout,
    }


def load_json(plan: TrialPlan) -> dict[str, object]:
    """The load of one trial."""
    closed = isinstance(plan.loop, ClosedLoop)
    return {
        "loop": "closed" if closed else "open",
        "clients": plan.loop.clients if isinstance(plan.loop, ClosedLoop) else None,
        "rate_rps": None if isinstance(plan.loop, ClosedLoop) else plan.loop.rate_per_second,
        "arrivals": None if isinstance(plan.loop, ClosedLoop) else plan.loop.arrivals.value,
        "connections": plan.connections.value,
        "requests": [
            {
                "method": request.method,
                "path": request.path,
                "weight": request.weight,
                "headers": [name for name, _ in request.headers],  # their values may be secrets
                "body_bytes": len(request.body),
            }
            for request in plan.requests
        ],
        "seconds": plan.seconds,
        "warm_up_seconds": plan.warm_up_seconds,
        "timeout_seconds": plan.timeout_seconds,
        "generators": plan.generators,
        "seed": plan.seed,
    }


def doubt_json(doubt: Doubt) -> dict[str, object]:
    """One doubt with its number and limit."""
    return {
        "code": doubt.code.value,
        "severity": doubt.severity.value,
        "message": doubt.what,
        "observed": _rounded(doubt.observed),
        "limit": _rounded(doubt.limit),
        "next_step": doubt.next_step,
    }


def estimate_json(estimate: Estimate, *, restarted: bool) -> dict[str, object]:
    """A mean with its 95 % interval, and what that covers."""
    between_runs = estimate.basis is Basis.RESTARTS and not restarted
    interval = estimate.interval
    return {
        "mean": _rounded(estimate.mean),
        "low": None if interval is None else _rounded(max(interval.low, 0.0)),
        "high": None if interval is None else _rounded(interval.high),
        "basis": _BETWEEN_RUNS if between_runs else estimate.basis.value,
        "values": estimate.values,
    }


def times_json(times: Times) -> dict[str, object]:
    """Response or service times in milliseconds; a percentile is null where the samples do not suffice for it."""
    shown = [(_KEYS[each.percent], each) for each in times.percentiles if each.percent in _KEYS]
    return {
        "mean": _ms(times.mean_seconds),
        **{key: _ms(each.latency_seconds) for key, each in shown},
        "max": _ms(times.max_seconds),
        "intervals": {
            key: None if each.interval is None else [_ms(each.interval.low), _ms(each.interval.high)]
            for key, each in shown
        },
    }


def errors_json(summary: Summary) -> dict[str, object]:
    """How many requests failed, and how."""
    return {
        "total": summary.failed,
        "share": _rounded(summary.error_share, 6),
        "by_kind": {kind.name.lower(): count for kind, count in summary.errors.items()},
    }


def _throughput(bench: Bench, summary: Summary | None) -> dict[str, object] | None:
    if summary is None or summary.throughput is None:
        return None
    return estimate_json(summary.throughput, restarted=bench.restarted)


def _server(summary: Summary) -> dict[str, object]:
    use = summary.use
    return {
        **_use(use),
        "requests_per_worker": [None if each is None else list(each) for each in summary.requests_per_worker],
        "worker_restarts": summary.exited_workers,
        "throttled_seconds": _rounded(summary.throttled_seconds.value),
        "throttled_share": _rounded(summary.throttled_share.value),
    }


def _use(use: ServerUse | None) -> dict[str, object]:
    each = None if use is None else use.cpu_seconds_per_request
    return {
        "cpu_seconds": None if use is None else _rounded(use.cpu_seconds),
        "cpu_ms_per_request": _ms(each),
        "cpus_used": None if use is None else _rounded(use.cpus),
        "pss_bytes": None if use is None else use.pss_bytes.value,
        "uss_bytes": None if use is None else use.uss_bytes.value,
        "rss_bytes": None if use is None else use.rss_bytes,
        "peak_pss_bytes": None if use is None else use.peak_pss_bytes.value,
        "context_switches": None
        if use is None
        else {"voluntary": use.switches.voluntary, "involuntary": use.switches.involuntary, "requests": use.requests},
    }


def _generator(result: BenchResult, summary: Summary) -> dict[str, object]:
    return {
        "cpu_seconds": _rounded(summary.generator_cpu_seconds),
        "cpu_share": _rounded(summary.generator_cpu_share),
        "lateness_p99_ms": _ms(summary.lateness_p99_seconds),
        "cpus": sorted({cpu for trial in result.bench.trials for cpu in trial.generator.cpus}),
        "valid": result.generator_valid,
    }


def _trial(trial: Trial, *, overloaded: bool) -> dict[str, object]:
    """One start of the server."""
    alone = summarise([trial])
    return {
        "began": trial.began,
        "start_seconds": _rounded(trial.start_seconds),
        "warm_up_seconds": _rounded(trial.warm_up_seconds),
        "steady": trial.steady,
        "lengthened": trial.lengthened,
        "interrupted": trial.interrupted,
        "seconds": _rounded(trial.seconds),
        "answered": trial.answered,
        "throughput_rps": _rounded(trial.throughput_per_second),
        "answers_per_second": list(per_second(trial.windows)),
        "latency_ms": None if overloaded else times_json(alone.response),
        "samples": alone.samples,
        "errors": errors_json(alone),
        **_use(server_use([trial])),
        "generator_cpu_share": _rounded(trial.generator.cpu_share),
        "other_cpus": _rounded(trial.other_cpus.value),
    }


def _bucket(bucket: Bucket) -> dict[str, object]:
    return {"low_ms": _ms(bucket.low_seconds), "high_ms": _ms(bucket.high_seconds), "samples": bucket.samples}


def _judgement(judgement: Judgement) -> dict[str, object]:
    threshold = judgement.threshold
    scale = 1000.0 if threshold.quantity is Quantity.LATENCY else 1.0
    unit = {Quantity.LATENCY: "ms", Quantity.ERRORS: "share", Quantity.THROUGHPUT: "rps"}[threshold.quantity]
    return {
        "text": threshold.text,
        "metric": threshold.metric,
        "comparison": threshold.comparison,
        "unit": unit,
        "limit": _rounded(threshold.limit * scale, 6),
        "observed": None if judgement.observed is None else _rounded(judgement.observed * scale, 6),
        "outcome": judgement.outcome.value,
        "why": judgement.why,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, _MS_DIGITS)


def _rounded(value: float | None, digits: int = _DIGITS) -> float | None:
    return None if value is None else round(value, digits)
