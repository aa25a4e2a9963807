"""A comparison as JSON; the shape is schemas/compare.json."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.load.spec import ClosedLoop, OpenLoop
from advisor.measure.bench.compare_result import CompareResult, Contender, Pairing, Phase
from advisor.measure.bench.doubt import Doubt
from advisor.measure.bench.summary import Summary
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.statistics.comparison import FEWEST_PAIRS
from advisor.report.compare_figures import Figures
from advisor.report.compare_verdict import notes, verdict_text
from advisor.report.predicted import predicted_json

# Requests per second and milliseconds are good to a thousandth at most, ratios and CPU times to a millionth.
_DIGITS = 3
_FINE_DIGITS = 6


def compare_json(result: CompareResult, shown: Mapping[str, Figures]) -> dict[str, object]:
    """The body of the answer, below the envelope; also of a comparison that is still under way."""
    return {
        "partial": not result.finished,
        "interrupted": result.interrupted,
        "valid": all(one.valid for one in shown.values()),
        "load": _load(result.plan),
        "rounds": {"planned": result.planned_rounds, "made": result.rounds},
        "baseline": None if result.baseline is None else result.baseline.name,
        "verdict": verdict_text(result, shown) if shown else "",
        "configurations": [_configuration(one) for one in shown.values()],
        "comparisons": [_pairing(pairing) for pairing in result.all_pairings],
        "latency_load": None if result.latency_plan is None else _load(result.latency_plan),
        "identical": [list(pair) for pair in result.identical],
        "notes": notes(result, shown),
    }


def _load(plan: TrialPlan) -> dict[str, object]:
    loop = plan.loop
    return {
        "requests": [
            {"method": one.method, "path": one.path, "weight": one.weight, "body_bytes": len(one.body)}
            for one in plan.requests
        ],
        "loop": "closed" if isinstance(loop, ClosedLoop) else "open",
        "clients": loop.clients if isinstance(loop, ClosedLoop) else None,
        "rate_per_second": round(loop.rate_per_second, _DIGITS) if isinstance(loop, OpenLoop) else None,
        "arrivals": loop.arrivals.value if isinstance(loop, OpenLoop) else None,
        "connections": plan.connections.value,
        "seconds": plan.seconds,
        "warm_up_seconds": plan.warm_up_seconds,
        "timeout_seconds": plan.timeout_seconds,
        "generators": plan.generators,
        "seed": plan.seed,
    }


def _configuration(one: Figures) -> dict[str, object]:
    contender, settings = one.contender, one.settings
    estimate = None if one.saturation is None else one.saturation.throughput
    interval = None if estimate is None else estimate.interval
    use = None if one.saturation is None else one.saturation.use
    return {
        "name": contender.name,
        "gunicorn": None if settings is None else settings.gunicorn,
        "python": None if settings is None else settings.python,
        "app": None if settings is None else settings.app,
        "config_file": None if settings is None else settings.config_file,
        "workers": None if settings is None else settings.workers,
        "threads": None if settings is None else settings.threads,
        "worker_class": None if settings is None else settings.worker_class,
        "worker_connections": None if settings is None else settings.worker_connections,
        "keepalive_seconds": None if settings is None else settings.keepalive,
        "comparable": contender.comparable,
        "failure": _failure(contender),
        "throughput_rps": None
        if estimate is None
        else {
            "mean": round(estimate.mean, _DIGITS),
            "low": None if interval is None else round(max(interval.low, 0.0), _DIGITS),
            "high": None if interval is None else round(interval.high, _DIGITS),
            "basis": estimate.basis.value,
            "per_start": [round(value, _DIGITS) for value in contender.throughputs],
        },
        "pss_bytes": one.pss_bytes,
        "cpu_ms_per_request": None if use is None else _milliseconds(use.cpu_seconds_per_request),
        "saturation_latency_ms": _latency(one.saturation),
        "latency_ms": _latency(one.latency),
        "errors": {} if one.saturation is None else _errors(one.saturation),
        "latency_errors": {} if one.latency is None else _errors(one.latency),
        **predicted_json(one.predicted),
        "valid": one.valid,
        "doubts": [_doubt(phase, doubt) for phase, each in one.doubts.items() for doubt in each],
    }


def _failure(contender: Contender) -> dict[str, object] | None:
    failure = contender.failure
    return None if failure is None else {"phase": failure.phase.value, "what": failure.what, "log": failure.log}


def _latency(summary: Summary | None) -> dict[str, object] | None:
    if summary is None:
        return None
    times: dict[str, object] = {
        one.name.replace(".", "_"): _milliseconds(one.latency_seconds) for one in summary.response.percentiles
    }
    return {
        **times,
        "max": _milliseconds(summary.response.max_seconds),
        "samples": summary.samples,
        "overloaded": summary.overloaded,
    }


def _errors(summary: Summary) -> dict[str, int]:
    return {kind.name.lower(): number for kind, number in summary.errors.items()}


def _doubt(phase: Phase, doubt: Doubt) -> dict[str, object]:
    return {
        "phase": phase.value,
        "code": doubt.code.value,
        "severity": doubt.severity.value,
        "what": doubt.what,
        "observed": round(doubt.observed, _FINE_DIGITS),
        "limit": None if doubt.limit is None else round(doubt.limit, _FINE_DIGITS),
        "next_step": doubt.next_step,
    }


def _pairing(pairing: Pairing) -> dict[str, object]:
    comparison = pairing.comparison
    interval = comparison.interval
    shown = comparison.finished and comparison.pairs >= FEWEST_PAIRS
    return {
        "first": pairing.first,
        "second": pairing.second,
        "ratio": round(comparison.ratio, _FINE_DIGITS),
        "low": None if interval is None else round(interval.low, _FINE_DIGITS),
        "high": None if interval is None else round(interval.high, _FINE_DIGITS),
        "pairs": comparison.pairs,
        "verdict": comparison.verdict.value if shown else None,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, _DIGITS)
