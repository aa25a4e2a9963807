"""A comparison as text, Markdown and JSON; the texts are files beside this one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from advisor.load.spec import ClosedLoop, LoadRequest, OpenLoop
from advisor.measure.bench.compare import compare
from advisor.measure.bench.compare_result import CompareResult, Contender
from advisor.report import compare as report
from advisor.report.compare import compare_text
from advisor.report.compare_figures import figures
from advisor.report.compare_json import compare_json
from advisor.report.compare_markdown import compare_markdown
from advisor.report.compare_verdict import verdict_text
from advisor.report.envelope import envelope
from gunicorn_conf.errors import ServerFailed
from tests.advisor.measure.bench.contenders import (
    PLAN,
    Behaviour,
    FakeExecutor,
    candidates,
    cut_short,
    make_trial,
    raising,
)
from tests.conftest import MatchesFile

_GOLDEN = Path(__file__).with_name("golden")
_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("compare.json").read_text())


def _renamed(result: CompareResult, names: dict[str, str]) -> CompareResult:
    """The same with the names that a user would type."""

    def named(one: Contender) -> Contender:
        return replace(one, candidate=replace(one.candidate, name=names[one.name]))

    pairings = [
        replace(one, first=names[one.first], second=names[one.second])
        for one in (*result.pairings, result.best_two)
        if one
    ]
    return replace(
        result,
        contenders=tuple(map(named, result.contenders)),
        pairings=tuple(pairings[: len(result.pairings)]),
        best_two=pairings[-1] if result.best_two else None,
        identical=tuple((names[one], names[other]) for one, other in result.identical),
    )


def _steady(rate: float, **fields: object) -> Behaviour:
    return Behaviour(rates=[rate, rate * 1.01, rate * 0.99], **fields)  # type: ignore[arg-type]


def _clear() -> CompareResult:
    behaviours = {
        "A": _steady(62, latency_seconds=0.016, pss_mib=40, cpu_ms=3.6),
        "B": _steady(292, latency_seconds=0.017, pss_mib=96, cpu_ms=3.7, workers=5),
        "C": _steady(498, latency_seconds=0.0184, pss_mib=58, cpu_ms=3.9, workers=2, worker_class="gthread"),
    }
    plan = replace(PLAN, requests=(LoadRequest(path="/mixed?ms=3&seconds=0.012"),))
    result = compare(candidates("ABC"), plan, rounds=5, execute=FakeExecutor(behaviours=behaviours))
    return _renamed(result, {"A": "default", "B": "rule", "C": "-w 2 --threads 4"})


def _undecided(spread: float = 0.06) -> CompareResult:
    up_and_down = [1 - spread, 1 + spread, 1.0, 1 + spread, 1 - spread]

    def behaviour(turn: int, pss_mib: float) -> Behaviour:
        return Behaviour(rates=[400 * each for each in up_and_down[turn:] + up_and_down[:turn]], pss_mib=pss_mib)

    execute = FakeExecutor(behaviours={"A": behaviour(0, 120), "B": behaviour(1, 58)})
    return _renamed(compare(candidates("AB"), PLAN, execute=execute), {"A": "gunicorn.conf.py", "B": "recommended"})


def _failing() -> CompareResult:
    behaviours = {
        "A": Behaviour(rates=[1]),
        "B": _steady(3),
        "C": _steady(500, failing=0.4),
        "D": _steady(9, pss_mib=51),
    }
    error = ServerFailed("Gunicorn did not start", why="it ended before it was ready", log="Error: class uri invalid")
    execute = FakeExecutor(behaviours=behaviours, instead={("A", ClosedLoop, 0): raising(error)})
    names = {"A": "-k tornado", "B": "default", "C": "-w 8 --preload", "D": "a.conf.py"}
    return _renamed(compare(candidates("ABCD"), PLAN, execute=execute), names)


def _interrupted() -> CompareResult:
    execute = FakeExecutor(behaviours={"A": _steady(100), "B": _steady(150)}, instead={("A", ClosedLoop, 1): cut_short})
    return compare(candidates("AB"), PLAN, execute=execute)


def _text(result: CompareResult, width: int = 100) -> str:
    return compare_text(result, figures(result, cpus=4.0), width=width)


@pytest.mark.parametrize(
    ("name", "result", "width"),
    [
        ("compare_clear.txt", _clear(), 100),
        ("compare_narrow.txt", _clear(), 80),
        ("compare_undecided.txt", _undecided(), 100),
        ("compare_failing.txt", _failing(), 100),
        ("compare_interrupted.txt", _interrupted(), 100),
    ],
)
def test_the_text(name: str, result: CompareResult, width: int, matches_file: MatchesFile) -> None:
    matches_file(_text(result, width), _GOLDEN / name)


@pytest.mark.parametrize("result", [_clear(), _undecided(), _failing(), _interrupted()])
@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_is_longer_than_the_terminal(result: CompareResult, width: int) -> None:
    for line in _text(result, width).splitlines():
        assert len(line) <= width
        assert line == line.rstrip()


def _far_apart(rounds: int) -> CompareResult:
    behaviours = {"A": Behaviour(rates=[500]), "B": Behaviour(rates=[60, 500, 2000])}
    execute = FakeExecutor(behaviours=behaviours)
    return compare(candidates("AB"), PLAN, rounds=rounds, latency=False, execute=execute)


def test_an_interval_that_leaves_everything_open_is_not_written_out() -> None:
    text = _text(_far_apart(2))
    assert "0.346 (under 0.01 to over 100)" in text
    assert "That leaves a difference by a factor of over 100 open" in " ".join(_text(_far_apart(3)).split())
    jsonschema.validate(_json(_far_apart(2)), _SCHEMA)


@pytest.mark.parametrize(("name", "result"), [("compare_clear.md", _clear()), ("compare_failing.md", _failing())])
def test_the_markdown(name: str, result: CompareResult, matches_file: MatchesFile) -> None:
    matches_file(compare_markdown(result, figures(result, cpus=4.0)), _GOLDEN / name)


def test_every_row_of_the_markdown_has_all_cells() -> None:
    result = _failing()
    rows = [line for line in compare_markdown(result, figures(result, cpus=4.0)).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(result.contenders)
    assert {line.count("|") for line in rows} == {rows[0].count("|")}


def _json(result: CompareResult) -> dict[str, object]:
    document = json.loads(envelope("compare", compare_json(result, figures(result, cpus=4.0))))
    jsonschema.validate(document, _SCHEMA)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("result", [_clear(), _undecided(), _failing(), _interrupted()])
def test_the_json_is_as_its_schema_says(result: CompareResult) -> None:
    assert _json(result)["schema"] == "gcadvise.compare/1"


def test_before_the_first_trial_the_json_is_there_already() -> None:
    contenders = tuple(Contender(candidate=one) for one in candidates("AB"))
    document = _json(CompareResult(contenders=contenders, plan=PLAN, planned_rounds=5))
    assert (document["partial"], document["comparisons"]) == (True, [])


def test_the_json_holds_the_figures_of_the_table() -> None:
    document = _json(_clear())
    assert document["partial"] is False
    last = document["configurations"][2]  # type: ignore[index]
    assert (last["name"], last["comparable"], last["failure"]) == ("-w 2 --threads 4", True, None)
    assert last["throughput_rps"]["mean"] == pytest.approx(498, rel=0.01)
    assert len(last["throughput_rps"]["per_start"]) == 3
    assert last["latency_ms"]["p50"] == pytest.approx(18.4, abs=0.01)
    assert last["latency_ms"]["samples"] > 1000
    assert last["pss_bytes"] == 58 * 1024 * 1024
    assert last["cpu_ms_per_request"] == pytest.approx(3.9)
    comparisons = document["comparisons"]
    assert [(one["first"], one["second"], one["verdict"]) for one in comparisons] == [  # type: ignore[attr-defined]
        ("default", "rule", "higher"),
        ("default", "-w 2 --threads 4", "higher"),
        ("rule", "-w 2 --threads 4", "higher"),
    ]


def test_a_comparison_that_is_not_finished_has_no_verdict_in_the_json() -> None:
    document = _json(_interrupted())
    assert [one["verdict"] for one in document["comparisons"]] == [None]  # type: ignore[attr-defined]
    assert (document["partial"], document["interrupted"]) == (True, True)


def _verdict(result: CompareResult) -> str:
    return verdict_text(result, figures(result, cpus=4.0))


def test_the_verdict_names_the_ratio_its_interval_and_the_memory() -> None:
    text = _verdict(_clear())
    assert text.startswith("'-w 2 --threads 4' serves 1.71 times as many requests/s as rule (95 % interval 1.")
    assert "3 starts each), and needs less memory (58 MiB PSS against 96 MiB)" in text
    assert text.endswith("beside default '-w 2 --threads 4' serves 8.03 times as many.")


def test_without_a_difference_the_cheaper_in_memory_is_named() -> None:
    text = _verdict(_undecided())
    assert text.startswith("No difference shown between ")
    assert "recommended needs less memory: 58 MiB against 120 MiB of gunicorn.conf.py (PSS)." in text


def test_how_much_stays_open_is_said_where_it_is_much() -> None:
    assert "open; more --restarts or --seconds narrow it" in _verdict(_undecided(spread=0.4))
    assert "narrow it" not in _verdict(_undecided(spread=0.001))


def test_two_rounds_are_too_few_for_a_verdict_however_clear_they_look() -> None:
    execute = FakeExecutor(behaviours={"A": _steady(100), "B": _steady(300)})
    text = _verdict(compare(candidates("AB"), PLAN, rounds=2, execute=execute, latency=False))
    assert text.startswith("Too few rounds for a verdict: 2 rounds of the 3 that it takes at least")


def test_the_very_same_server_twice_is_said() -> None:
    first = candidates("A")[0]
    twice = (first, replace(first, name="B"))
    behaviours = {"A": _steady(100), "B": Behaviour(rates=[101, 100, 100])}
    result = compare(twice, PLAN, rounds=3, execute=FakeExecutor(behaviours=behaviours), latency=False)
    assert "A and B start the very same server" in " ".join(_text(result).split())


def test_response_times_of_one_that_is_overloaded_are_not_shown() -> None:
    def stalling(trial):  # type: ignore[no-untyped-def]
        for index in range(len(trial.samples) // 2, len(trial.samples)):
            trial.samples.service_seconds[index] += 2 * trial.seconds
        return replace(trial, answered=trial.answered // 2)

    execute = FakeExecutor(
        behaviours={"A": _steady(100), "B": _steady(300)},
        instead={("B", OpenLoop, 0): stalling, ("B", OpenLoop, 1): stalling},
    )
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    row = next(line for line in _text(result).splitlines() if line.startswith("  B  ") and "±" in line)
    assert row.count("–") == 3
    assert "B did not keep up with the rate" in _text(result)


def test_the_same_doubt_about_several_is_said_once() -> None:
    def busy(trial):  # type: ignore[no-untyped-def]
        share = 0.8 if trial.name == "A" else 0.95
        return replace(trial, generator=replace(trial.generator, cpu_share=share))

    execute = FakeExecutor(
        behaviours={"A": _steady(100), "B": _steady(300)},
        instead={(name, ClosedLoop, number): busy for name in "AB" for number in range(3)},
    )
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute, latency=False)
    lines = [line for line in " ".join(_text(result).split()).split(" - ") if "load generator took" in line]
    assert len(lines) == 1
    assert lines[0].startswith("INVALID for all (most with B): the load generator took 95")
    assert not all(one.valid for one in figures(result, cpus=4.0).values())


def test_it_reads_well_with_one_round_of_a_contender_without_settings() -> None:
    trial = replace(make_trial("A", PLAN, _steady(100), 100), settings=None)
    one, other = candidates("AB")
    result = CompareResult(
        contenders=(Contender(candidate=one, trials=(trial,)), Contender(candidate=other)), plan=PLAN, planned_rounds=1
    )
    assert "never measured" in _text(result)


def test_long_names_stand_above_their_rows() -> None:
    execute = FakeExecutor(behaviours={"A": _steady(100), "B": _steady(300)})
    result = compare(candidates("AB"), PLAN, rounds=3, execute=execute)
    long = "-w 4 --threads 8 --worker-connections 8 --keep-alive 0"
    lines = _text(_renamed(result, {"A": "default", "B": long}), width=80).splitlines()
    place = lines.index(f"  {long}")
    assert lines[place + 1].split()[0] == "300"
    assert max(map(len, lines)) <= 80


def test_without_response_times_there_are_no_columns_for_them() -> None:
    execute = FakeExecutor(behaviours={"A": _steady(100), "B": _steady(300)})
    text = _text(compare(candidates("AB"), PLAN, rounds=3, execute=execute, latency=False))
    assert "p99 ms" not in text
    assert "Response times were not measured: --no-latency was given." in text
