"""What was predicted of a measured configuration, beside what was measured: in words, and for JSON."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.facts import Fact
from advisor.measure.bench.beside import Beside
from advisor.model.prediction import Throughput
from advisor.report.figures import rate_text, share_text, time_text
from advisor.units import show_bytes

# Below half a per cent there is no direction that a measurement would show.
_SAME = 0.005
_RATE_DIGITS = 4
_MS_DIGITS = 3
_SHARE_DIGITS = 4


def predicted_text(made: Fact[Beside]) -> str:
    """One sentence without its full stop: ``531 requests/s (band 480 to 560), 2 % above what was measured; ...``."""
    found = made.value
    if found is None:
        return f"nothing, because {made.source}"
    throughput, shape = found.saturation.throughput, found.saturation.shape.shown
    memory = f"{show_bytes(found.saturation.memory_bytes)}{_beside(found.memory_error)}"
    bound = f"{shape}, bound by the {throughput.binding.value}"
    return f"{_rates(found, throughput)}; {bound}; memory {memory}"


def predicted_rows(made: Mapping[str, Fact[Beside] | None]) -> list[tuple[str, str]]:
    """Name and sentence of each configuration of which a prediction was asked for; a reason that all share, once."""
    texts = {name: predicted_text(one) for name, one in made.items() if one is not None}
    predicted_any = any(one.known for one in made.values() if one is not None)
    if len(texts) > 1 and not predicted_any and len(set(texts.values())) == 1:
        return [("all", next(iter(texts.values())))]
    return list(texts.items())


def predicted_json(made: Fact[Beside] | None) -> dict[str, object]:
    """``predicted``, null where nothing was; then ``not_predicted`` says why, unless no prediction was asked for."""
    if made is None or made.value is None:
        return {"predicted": None, "not_predicted": None if made is None else made.source}
    found = made.value
    throughput = found.saturation.throughput
    p99 = found.predicted_p99_seconds
    return {
        "predicted": {
            "throughput_rps": {
                "mean": round(throughput.per_second, _RATE_DIGITS),
                "low": round(throughput.low, _RATE_DIGITS),
                "high": round(throughput.high, _RATE_DIGITS),
            },
            "p99_ms": None if p99 is None else round(p99 * 1000, _MS_DIGITS),
            "memory_bytes": found.saturation.memory_bytes,
            "binding": throughput.binding.value,
            "error": {
                "throughput": _share(found.throughput_error),
                "p99": _share(found.p99_error),
                "memory": _share(found.memory_error),
            },
            "source": made.source,
        },
        "not_predicted": None,
    }


def _rates(found: Beside, throughput: Throughput) -> str:
    """The throughput, and the p99 where there was a rate; what was compared stands first."""
    band = f"band {rate_text(throughput.low)} to {rate_text(throughput.high)}"
    most = f"{rate_text(throughput.per_second)} requests/s ({band}){_beside(found.throughput_error)}"
    if found.rate_per_second is None:
        return most
    p99 = found.predicted_p99_seconds
    at_rate = f"at {rate_text(found.rate_per_second)} requests/s"
    latency = f"an overload {at_rate}" if p99 is None else f"p99 {time_text(p99)} {at_rate}{_beside(found.p99_error)}"
    return f"{most}; {latency}" if found.throughput_error is not None else f"{latency}; at most {most}"


def _beside(error: float | None) -> str:
    if error is None:
        return ""
    if abs(error) < _SAME:
        return ", as measured"
    return f", {share_text(abs(error))} {'above' if error > 0 else 'below'} what was measured"


def _share(error: float | None) -> float | None:
    return None if error is None else round(error, _SHARE_DIGITS)
