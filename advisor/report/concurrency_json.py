"""A concurrency check as JSON; the shape is schemas/concurrency.json."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.measure.concurrency import ConcurrencyResult
from advisor.measure.experiments import ExperimentResult
from advisor.measure.timeline import RequestTimes

# Times are good to a fraction of a millisecond; more digits would only look exact.
_DIGITS = 4


def concurrency_json(results: Sequence[ConcurrencyResult]) -> dict[str, object]:
    """The body of the answer, below the envelope."""
    return {"results": [result_json(result) for result in results]}


def experiments_json(results: Sequence[ExperimentResult]) -> dict[str, object]:
    """The same with what was expected of each."""
    return {
        "results": [
            {
                **result_json(each.result),
                "must_hold": each.experiment.must_hold,
                "held": each.held,
                "expected": {
                    "served_at_once": each.experiment.slots,
                    "waves": list(each.experiment.expected_waves),
                    "total_seconds": round(each.expected_seconds, _DIGITS),
                },
            }
            for each in results
        ]
    }


def result_json(result: ConcurrencyResult) -> dict[str, object]:
    """One check; the shape of ``$defs/result`` in the schema."""
    settings = result.settings
    return {
        "name": result.name,
        "path": result.path,
        "gunicorn": None if settings is None else settings.gunicorn,
        "python": None if settings is None else settings.python,
        "app": None if settings is None else settings.app,
        "config_file": None if settings is None else settings.config_file,
        "workers": None if settings is None else settings.workers,
        "threads": None if settings is None else settings.threads,
        "worker_class": None if settings is None else settings.worker_class,
        "worker_connections": None if settings is None else settings.worker_connections,
        "keepalive_seconds": None if settings is None else settings.keepalive,
        "requests": result.requests,
        "promised": result.promised,
        "served_at_once": result.served_at_once,
        "waves": list(result.waves),
        "total_seconds": round(result.total_seconds, _DIGITS),
        "kept": result.kept,
        "reason": result.reason,
        "cure": result.cure,
        "estimated": result.is_estimated,
        "timeline": [_request(times) for times in result.timeline],
    }


def _request(times: RequestTimes) -> dict[str, object]:
    return {
        "sent_seconds": round(times.sent_seconds, _DIGITS),
        "answered_seconds": round(times.answered_seconds, _DIGITS),
        "started_seconds": None if times.started_seconds is None else round(times.started_seconds, _DIGITS),
        "finished_seconds": None if times.finished_seconds is None else round(times.finished_seconds, _DIGITS),
        "worker": times.worker,
        "status": times.status,
        "error": times.error,
    }
