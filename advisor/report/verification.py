"""What a verification showed, as rows and sentences for the text and Markdown reports; pure."""

from __future__ import annotations

from advisor.measure.concurrency import ConcurrencyResult
from advisor.measure.verify import Verification
from advisor.units import count, show_number

HEADER = ("run", "workers × threads", "sent", "served at once", "waves", "time", "promise")


def verification_rows(verification: Verification) -> list[tuple[str, ...]]:
    """One row for the recommended configuration, and one for the plain rule beside it."""
    results = [verification.planned, *([verification.rule] if verification.rule else [])]
    return [_row(result) for result in results]


def verification_sentences(verification: Verification) -> list[str]:
    """The verdict, why, and what else a reader must know."""
    planned, rule = verification.planned, verification.rule
    where = verification.app or "the sample app"
    sent = f"{count(planned.requests, 'request')} at once to {verification.path} of {where}"
    if planned.kept:
        sentences = [f"The promise holds: of {sent}, {planned.served_at_once:,} were served at once."]
    elif planned.kept is None:
        sentences = [f"Not shown: {planned.reason}."]
    else:
        sentences = [f"The promise does not hold: of {sent}, {planned.served_at_once:,} were served at once."]
        sentences += [f"{planned.reason}."] if planned.reason else []
    sentences += [f"To do: {planned.cure}."] if planned.cure and not planned.kept else []
    if rule is None:
        sentences.append("The plan is the plain rule itself, (2 × cores) + 1 sync workers; there is nothing beside it.")
    elif rule.requests < planned.requests and rule.served_at_once:
        waves = -(-planned.requests // rule.served_at_once)
        each = rule.total_seconds / max(1, len(rule.waves))
        sentences.append(
            f"The plain rule was sent {count(rule.requests, 'request')} only; all {planned.requests:,} would take "
            f"{waves} waves of {rule.served_at_once} there, about {show_number(round(waves * each))} s (computed, not "
            "measured)."
        )
    return [*sentences, *(f"{note[0].upper()}{note[1:]}." for note in verification.notes)]


def _row(result: ConcurrencyResult) -> tuple[str, ...]:
    settings = result.settings
    size = "unknown" if settings is None else f"{settings.workers} × {settings.threads} {settings.worker_class}"
    verdict = {True: "kept", False: "not kept", None: "not shown"}[result.kept]
    served = f"{result.served_at_once:,}" + ("" if result.promised is None else f" of {result.promised:,} promised")
    return (
        result.name,
        size,
        f"{result.requests:,}",
        served,
        f"{len(result.waves):,}",
        f"{result.total_seconds:.1f} s",
        verdict,
    )
