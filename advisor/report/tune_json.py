"""A tuning as JSON, for programs and for going on after an interruption."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.measure.server_events import ServerSettings
from advisor.measure.statistics.comparison import Comparison
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.plan import option_of
from advisor.measure.tune.result import Subject, TuneResult
from advisor.measure.tune.runs import Run
from advisor.measure.tune.verdict import Decision
from advisor.report.tune_words import sentences
from advisor.workload.cost import AppCost


def identity(subject: Subject) -> dict[str, object]:
    """What a tuning is of; one that differs in anything cannot be resumed."""
    return {
        "app": subject.app,
        "directory": subject.directory,
        "python": subject.python,
        "gunicorn": subject.gunicorn,
        "cpus": subject.cpus,
        "memory_budget_bytes": subject.memory_bytes,
        "requests": list(subject.requests),
        "clients": subject.clients,
        "keep_alive": subject.kept_alive,
        "max_workers": subject.max_workers,
        "max_threads": subject.max_threads,
        "max_db_connections": subject.max_db_connections,
        "event_loops": list(subject.event_loops),
        "config": subject.config,
        "present": subject.present,
        "slo": subject.slo,
    }


def tune_json(result: TuneResult, subject: Subject, cost: AppCost, *, complete: bool) -> dict[str, object]:
    """The body of the envelope; ``complete`` is false while the tuning goes on, and after an interruption."""
    return {
        "complete": complete,
        "identity": identity(subject),
        "cost": cost_json(cost),
        "threads_fail": subject.threads_fail,
        "budget": {
            "seconds": result.budget_seconds,
            "search_seconds": result.search_seconds,
            "confirm_seconds": result.confirm_seconds,
        },
        "search_end": result.search_end.value,
        "configurations": len(result.forecasts),
        "winner": _winner(result),
        "rate": _rate(result),
        "finalists": [_finalist(result, one) for one in result.finalists],
        "rule": result.rule,
        "present": result.present,
        "present_is_as_good": _as_good(result),
        "sentences": sentences(result) if complete else [],
        "notes": list(result.notes),
        "runs": [run_json(run) for run in result.runs],
    }


def cost_json(cost: AppCost) -> dict[str, object]:
    """What the app costs, as the predictions were made from it."""
    request, memory = cost.request, cost.memory
    return {
        "request": {
            "service_seconds": request.service_seconds,
            "cpu_seconds": request.cpu_seconds,
            "gil_seconds": request.gil_seconds,
            "handover_seconds": request.handover_seconds,
            "kept_alive_saves_seconds": request.kept_alive_saves_seconds,
            "variation": request.variation,
            "quantiles_seconds": list(request.quantiles_seconds),
            "response_bytes": request.response_bytes,
        },
        "memory": {
            "arbiter_bytes": memory.arbiter_bytes,
            "worker_bytes": memory.worker_bytes,
            "thread_bytes": memory.thread_bytes,
            "growth_bytes_per_1000_requests": memory.growth_bytes_per_1000_requests,
        },
    }


def run_json(run: Run) -> dict[str, object]:
    """One run, with what had been predicted of it."""
    latencies = run.latencies
    return {
        "phase": run.phase.value,
        "name": run.name,
        "number": run.number,
        "predicted_rps": run.predicted_per_second,
        "offered_rps": run.rate_per_second,
        "throughput_rps": run.throughput_per_second,
        "latency_ms": None
        if latencies is None
        else {
            "p50": _ms(latencies.p50_seconds),
            "p95": _ms(latencies.p95_seconds),
            "p99": _ms(latencies.p99_seconds),
            "samples": latencies.samples,
        },
        "late_share": run.late_share,
        "error_share": run.error_share,
        "pss_bytes": run.memory_bytes,
        "cpu_ms_per_request": _ms(run.cpu_seconds_per_request),
        "settings": None if run.settings is None else _settings(run.settings),
        "failure": None if run.failure is None else {"kind": run.failure.kind.value, "text": run.failure.text},
        "began": run.began,
        "elapsed_seconds": run.elapsed_seconds,
    }


def _winner(result: TuneResult) -> Mapping[str, object] | None:
    decision, confirmation = result.decision, result.confirmation
    if decision is None or confirmation is None:
        return None
    name = decision.winner.name
    return {
        "name": name,
        "settings": _contender_settings(result, decision.winner),
        "throughput_rps": confirmation.mean(name),
        "predicted_rps": decision.winner.predicted_per_second,
        "pss_bytes": confirmation.memory_bytes(name),
        "starts": len(confirmation.runs[name]),
    }


def _finalist(result: TuneResult, one: Contender) -> dict[str, object]:
    decision, confirmation = result.decision, result.confirmation
    outcome = None if decision is None else decision.of(one.name)
    measured = confirmation is not None and one.name in confirmation.runs
    return {
        "name": one.name,
        "settings": _contender_settings(result, one),
        "predicted_rps": one.predicted_per_second,
        "throughput_rps": confirmation.mean(one.name) or None if confirmation is not None and measured else None,
        "pss_bytes": confirmation.memory_bytes(one.name) if confirmation is not None and measured else None,
        "outcome": _outcome(decision, one),
        "relative": None if outcome is None or outcome.comparison is None else _comparison(outcome.comparison),
    }


def _outcome(decision: Decision | None, one: Contender) -> str | None:
    if decision is None:
        return None
    if one.name == decision.winner.name:
        return "winner"
    outcome = decision.of(one.name)
    return None if outcome is None else outcome.lost.value


def _comparison(comparison: Comparison) -> dict[str, object]:
    interval = comparison.interval
    return {
        "ratio": comparison.ratio,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "rounds": comparison.pairs,
        "verdict": comparison.verdict.value,
    }


def _rate(result: TuneResult) -> dict[str, object] | None:
    rate = result.rate
    if rate is None:
        return None
    return {
        "limit": rate.limit.text,
        "held_rps": rate.bracket.held,
        "missed_rps": rate.bracket.missed,
        "confirmed_rps": rate.rate_per_second,
    }


def _as_good(result: TuneResult) -> bool | None:
    if result.decision is None or result.present is None:
        return None
    return result.winner_is_present or result.decision.as_good(result.present)


def _contender_settings(result: TuneResult, one: Contender) -> dict[str, int | str] | None:
    """The settings of concurrency; None of the user's own that never ran."""
    if one.option is not None:
        return one.option.settings()
    found = next((run.settings for run in result.runs if run.name == one.name and run.settings is not None), None)
    return None if found is None else option_of(found).settings()


def _settings(settings: ServerSettings) -> dict[str, object]:
    return {
        "gunicorn": settings.gunicorn,
        "python": settings.python,
        "app": settings.app,
        "config_file": settings.config_file,
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": settings.worker_class,
        "worker_connections": settings.worker_connections,
        "keepalive": settings.keepalive,
        "timeout": settings.timeout,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
