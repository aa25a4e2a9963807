"""Thresholds as users write them, and errors that say how to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.thresholds import Outcome, Quantity, judge, parse_threshold
from gunicorn_conf.errors import BadInput


@pytest.mark.parametrize(
    ("text", "metric", "quantity", "comparison", "limit"),
    [
        ("p95<250ms", "p95", Quantity.LATENCY, "<", 0.25),
        ("p99.9 <= 1.5s", "p99.9", Quantity.LATENCY, "<=", 1.5),
        (" P50<20 ms ", "p50", Quantity.LATENCY, "<", 0.02),
        ("mean<1s", "mean", Quantity.LATENCY, "<", 1.0),
        ("max<2s", "max", Quantity.LATENCY, "<", 2.0),
        ("errors<1%", "errors", Quantity.ERRORS, "<", 0.01),
        ("errors<=0%", "errors", Quantity.ERRORS, "<=", 0.0),
        ("errors < 0.1 %", "errors", Quantity.ERRORS, "<", 0.001),
        ("throughput>300", "throughput", Quantity.THROUGHPUT, ">", 300),
        ("throughput>=1e3/s", "throughput", Quantity.THROUGHPUT, ">=", 1000),
    ],
)
def test_a_threshold_is_read(text: str, metric: str, quantity: Quantity, comparison: str, limit: float) -> None:
    threshold = parse_threshold(text)
    assert (threshold.metric, threshold.quantity, threshold.comparison) == (metric, quantity, comparison)
    assert threshold.limit == pytest.approx(limit)
    assert threshold.text == text.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begins with no name"),
        ("<250ms", "begins with no name"),
        ("throughput", "compared with nothing"),  # what is left when the shell takes > for itself
        ("latency<250ms", "latency is none of p50"),
        ("p<250ms", "p is none of"),
        ("p0<250ms", "p0 is none of"),
        ("p100<250ms", "p100 is none of"),
        ("p99.9999<250ms", "p99.9999 is none of"),
        ("p95=250ms", "never exactly equal"),
        ("p95==250ms", "never exactly equal"),
        ("p95>250ms", "a server that is faster"),
        ("errors>1%", "a server that is sound"),
        ("throughput<300", "a server that is faster"),
        ("p95<250", "in ms or in s"),
        ("p95<", "in ms or in s"),
        ("p95<fasts", "a duration is"),
        ("p95<-3ms", "a duration is"),
        ("p95<nans", "a duration is"),
        ("p95<250ms,errors<1%", "in ms or in s"),
        ("errors<1", "percentage of all requests"),
        ("errors<101%", "percentage of all requests"),
        ("errors<-1%", "percentage of all requests"),
        ("errors<few%", "percentage of all requests"),
        ("throughput>many", "requests per second"),
        ("throughput>inf", "requests per second"),
        ("throughput>nan", "requests per second"),
        ("throughput>-1", "requests per second"),
        ("throughput>300 400", "requests per second"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_threshold(text)
    assert said in error.value.why
    assert error.value.hint


@pytest.mark.parametrize(
    ("text", "observed", "outcome"),
    [
        ("p95<250ms", 0.249, Outcome.KEPT),
        ("p95<250ms", 0.25, Outcome.MISSED),
        ("p95<=250ms", 0.25, Outcome.KEPT),
        ("errors<1%", 0.0, Outcome.KEPT),
        ("errors<1%", 0.011, Outcome.MISSED),
        ("errors<=0%", 0.0, Outcome.KEPT),
        ("throughput>300", 301.0, Outcome.KEPT),
        ("throughput>300", 300.0, Outcome.MISSED),
        ("throughput>=300", 300.0, Outcome.KEPT),
    ],
)
def test_a_threshold_is_judged(text: str, observed: float, outcome: Outcome) -> None:
    judgement = judge(parse_threshold(text), observed)
    assert judgement.outcome is outcome
    assert judgement.kept == (outcome is Outcome.KEPT)


def test_a_percentile_that_has_too_few_samples_is_not_kept() -> None:
    judgement = judge(parse_threshold("p99<1s"), None, samples=412)
    assert judgement.outcome is Outcome.UNKNOWN
    assert not judgement.kept
    assert judgement.shown == "unknown"
    assert judgement.why == "p99 needs 1,000 samples, and there are 412; measure for longer"


def test_what_was_not_measured_is_unknown() -> None:
    assert judge(parse_threshold("throughput>1"), None).why == "it was not measured"


@pytest.mark.parametrize(
    ("text", "observed", "shown"),
    [("p95<1s", 0.2124, "212.4 ms"), ("errors<1%", 0.004, "0.4 %"), ("throughput>1", 1318.0, "1,318/s")],
)
def test_what_was_observed_is_shown_in_its_unit(text: str, observed: float, shown: str) -> None:
    assert judge(parse_threshold(text), observed).shown == shown


@given(st.text(max_size=40) | st.from_regex(r"(p\d+|errors|throughput)[<>=]*[\d.e]*(ms|s|%)?", fullmatch=True))
def test_any_text_is_read_or_refused_as_bad_input(text: str) -> None:
    try:
        threshold = parse_threshold(text)
    except BadInput:
        return
    assert threshold.limit >= 0
    assert parse_threshold(threshold.text) == threshold
