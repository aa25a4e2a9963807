"""What was predicted, beside what was measured: in words, in both commands' texts, and in JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from advisor.facts import Fact
from advisor.measure.bench.bench import Bench
from advisor.measure.bench.beside import Beside
from advisor.measure.bench.compare import compare
from advisor.measure.bench.compare_result import CompareResult
from advisor.measure.bench.result import BenchResult, assess
from advisor.measure.bench.trial import Candidate, Trial, TrialPlan
from advisor.report import bench as report
from advisor.report.bench import bench_text
from advisor.report.bench_json import bench_json
from advisor.report.charts import ASCII
from advisor.report.compare import compare_text
from advisor.report.compare_figures import figures
from advisor.report.compare_json import compare_json
from advisor.report.compare_markdown import compare_markdown
from advisor.report.envelope import envelope
from advisor.report.predicted import predicted_json, predicted_rows, predicted_text
from tests.advisor.measure.bench.contenders import PLAN, Behaviour, FakeExecutor, candidates
from tests.advisor.measure.bench.predictions import AT_RATE, AT_SATURATION, predicted
from tests.advisor.measure.bench.trials import CANDIDATE, closed_trial, open_trial, overloaded_trial
from tests.conftest import MatchesFile

_GOLDEN = Path(__file__).with_name("golden")
_SCHEMAS = Path(report.__file__).with_name("schemas")
_WHY_NOT = "the profile is of GET /a, and GET /b is measured"


def _bench(*trials: Trial) -> BenchResult:
    return assess(Bench(candidate=CANDIDATE, plan=trials[0].plan, restarts=len(trials), trials=trials), cpus=2.0)


def _comparison() -> CompareResult:
    rates = {"A": 500.0, "B": 540.0, "C": 300.0}
    made = FakeExecutor(behaviours={name: Behaviour(rates=[rate, rate * 1.01]) for name, rate in rates.items()})

    def execute(candidate: Candidate, plan: TrialPlan) -> Trial:
        trial = made(candidate, plan)
        if candidate.name == "C":
            return replace(trial, predicted=Fact.unknown("the model knows nothing of gevent workers"))
        return predicted(trial, AT_SATURATION if plan.loop == PLAN.loop else AT_RATE)

    return compare(candidates("ABC"), PLAN, rounds=3, execute=execute)


_BENCHES = {
    "predicted": _bench(*(predicted(closed_trial(rate), AT_SATURATION) for rate in (498, 512, 507))),
    "predicted_p99": _bench(*[predicted(open_trial(), AT_RATE)] * 3),
    "not_predicted": _bench(replace(closed_trial(), predicted=Fact.unknown(_WHY_NOT))),
}


@pytest.mark.parametrize("name", _BENCHES)
def test_a_bench_reads_like_this(name: str, matches_file: MatchesFile) -> None:
    matches_file(bench_text(_BENCHES[name], width=100) + "\n", _GOLDEN / "bench" / f"{name}.txt")


@pytest.mark.parametrize("name", _BENCHES)
def test_ascii_has_no_other_characters(name: str) -> None:
    assert bench_text(_BENCHES[name], width=100, marks=ASCII).isascii()


def test_a_comparison_reads_like_this(matches_file: MatchesFile) -> None:
    result = _comparison()
    matches_file(compare_text(result, figures(result, cpus=4.0), width=100), _GOLDEN / "compare_predicted.txt")


def test_a_comparison_as_markdown_has_the_same_sentences() -> None:
    result = _comparison()
    shown = compare_markdown(result, figures(result, cpus=4.0))
    assert "- Predicted of A: 550 requests/s (band 500 to 600), 9.6 % above what was measured; p99 40.0 ms at " in shown
    assert "- Predicted of C: nothing, because the model knows nothing of gevent workers." in shown


@pytest.mark.parametrize("name", _BENCHES)
def test_the_json_of_a_bench_follows_its_schema(name: str) -> None:
    document = json.loads(envelope("bench", bench_json(_BENCHES[name])))
    jsonschema.validate(document, json.loads((_SCHEMAS / "bench.json").read_text()))
    assert (document["predicted"] is None) == (name == "not_predicted")
    assert document["not_predicted"] == (_WHY_NOT if name == "not_predicted" else None)


def test_the_json_of_a_comparison_follows_its_schema() -> None:
    result = _comparison()
    document = json.loads(envelope("compare", compare_json(result, figures(result, cpus=4.0))))
    jsonschema.validate(document, json.loads((_SCHEMAS / "compare.json").read_text()))
    a, _, c = document["configurations"]
    assert a["predicted"] == {
        "throughput_rps": {"mean": 550, "low": 500, "high": 600},
        "p99_ms": 40.0,
        "memory_bytes": 90 << 20,
        "binding": "cores",
        "error": {
            "throughput": pytest.approx(0.095, abs=0.01),
            "p99": pytest.approx(0.04 / 0.03 - 1, abs=0.01),
            "memory": pytest.approx(0.8),
        },
        "source": "measured, profile.json",
    }
    assert (c["predicted"], c["not_predicted"]) == (None, "the model knows nothing of gevent workers")


def test_no_prediction_that_was_asked_for_is_null_without_a_reason() -> None:
    assert predicted_json(None) == {"predicted": None, "not_predicted": None}
    text = bench_text(_bench(closed_trial()), width=100)
    assert "Predicted" not in text


def test_one_reason_why_nothing_was_predicted_is_said_once() -> None:
    why_not: Fact[Beside] = Fact.unknown(_WHY_NOT)
    assert predicted_rows({"A": why_not, "B": why_not}) == [("all", f"nothing, because {_WHY_NOT}")]
    other: Fact[Beside] = Fact.unknown("another reason")
    assert [name for name, _ in predicted_rows({"A": why_not, "B": other, "C": None})] == ["A", "B"]
    assert predicted_rows({"A": None}) == []


_FOUND = Beside(
    saturation=AT_SATURATION,
    at_rate=None,
    rate_per_second=None,
    throughput_per_second=550.0,
    p99_seconds=None,
    memory_bytes=None,
)
_REST = "2 × 16 gthread, bound by the cores; memory 90 MiB"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (_FOUND, f"550 requests/s (band 500 to 600), as measured; {_REST}"),
        (
            replace(_FOUND, throughput_per_second=560.0, memory_bytes=100 << 20),
            f"550 requests/s (band 500 to 600), 1.8 % below what was measured; {_REST}, 10 % below what was measured",
        ),
        (
            replace(_FOUND, throughput_per_second=None, at_rate=AT_RATE, rate_per_second=400.0, p99_seconds=0.032),
            "p99 40.0 ms at 400 requests/s, 25 % above what was measured; at most 550 requests/s (band 500 to 600); "
            + _REST,
        ),
        (
            replace(_FOUND, throughput_per_second=None, at_rate=AT_SATURATION, rate_per_second=700.0),
            f"an overload at 700 requests/s; at most 550 requests/s (band 500 to 600); {_REST}",
        ),
    ],
)
def test_each_figure_stands_beside_what_it_can_be_compared_with(found: Beside, text: str) -> None:
    assert predicted_text(Fact(value=found, source="measured, profile.json")) == text


def test_an_overload_that_was_not_predicted_is_shown_by_its_throughput() -> None:
    text = " ".join(bench_text(_bench(*[predicted(overloaded_trial(), AT_RATE)] * 3), width=100).split())
    assert "Predicted 550 requests/s (band 500 to 600), 8" in text
    assert "p99 40.0 ms at 400 requests/s" in text
