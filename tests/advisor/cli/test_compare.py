"""The command as a user runs it, with real servers where nothing less shows it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from advisor.cli.commands import load
from advisor.cli.compare import _DEFAULT_ROUNDS, _FEWEST_ROUNDS_FOR_A_VERDICT, _MOST_ROUNDS, _Keeper
from advisor.cli.progress import Meter
from advisor.measure.bench.compare import DEFAULT_ROUNDS, MOST_ROUNDS, compare
from advisor.measure.bench.compare_result import CompareResult
from advisor.measure.statistics.comparison import FEWEST_PAIRS
from advisor.report import compare as report
from gunicorn_conf.errors import BadInput
from tests.advisor.measure.bench.contenders import PLAN, Behaviour, FakeExecutor, candidates
from tests.conftest import RunGcadvise
from tests.neutral import child_environment

_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("compare.json").read_text())
_QUICK = ("--seconds", "1", "--warm-up", "0.5", "--clients", "8")
_THREADS = "-w 2 --threads 4 --worker-connections 4 --keep-alive 0"


def _document(text: str) -> dict[str, Any]:
    document = json.loads(text)
    jsonschema.validate(document, _SCHEMA)
    assert isinstance(document, dict)
    return document


def test_one_worker_is_shown_to_serve_less_than_eight_threads(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    done = run_gcadvise(
        *("compare", _THREADS, "default", "--path", "/io?seconds=0.004", "--restarts", "3", *_QUICK),
        *("--no-latency", "--fail-if-slower", "--format", "json", "--save", "result.json"),
    )
    assert done.returncode == 1, done.stderr
    document = _document(done.stdout)
    assert document == _document((tmp_path / "result.json").read_text())
    (comparison,) = document["comparisons"]
    assert (comparison["first"], comparison["second"], comparison["verdict"]) == (_THREADS, "default", "lower")
    assert comparison["ratio"] < 0.5
    threads, default = document["configurations"]
    assert (threads["workers"], threads["threads"], default["workers"], default["threads"]) == (2, 4, 1, 1)
    lines = done.stderr.splitlines()
    assert lines[0].startswith("2 configurations, up to 3 starts of each: about ")
    assert [line.split(": ")[1].split("; ")[0] for line in lines[1:7]] == [
        *(_THREADS, "default"),
        *("default", _THREADS),
        *("default", _THREADS),
    ]


@pytest.mark.slow
def test_response_times_are_of_all_at_one_rate(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise(
        *(
            "compare",
            "default",
            _THREADS,
            "--path",
            "/io?seconds=0.004",
            "--restarts",
            "1",
            *_QUICK,
            "--format",
            "json",
        ),
        timeout_seconds=110,
    )
    assert done.returncode == 0, done.stderr
    document = _document(done.stdout)
    default, threads = document["configurations"]
    rate = document["latency_load"]["rate_per_second"]
    assert rate == pytest.approx(0.7 * default["throughput_rps"]["mean"], rel=0.05)
    for one in (default, threads):
        assert one["latency_ms"]["p50"] >= 4
        assert one["latency_ms"]["samples"] >= 500


def test_words_do_not_depend_on_what_lies_around(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("workers = 7\n")
    done = run_gcadvise(
        *("compare", "rule", "default", "recommended", "--io-bound", "--cpus", "2", "--memory", "2GiB"),
        *("--path", "/", "--restarts", "1", "--no-latency", *_QUICK, "--format", "json"),
        env={"WEB_CONCURRENCY": "9", "GUNICORN_CMD_ARGS": "--threads 3"},
    )
    assert done.returncode == 0, done.stderr
    rule, default, recommended = _document(done.stdout)["configurations"]
    assert (rule["workers"], rule["threads"], default["workers"], default["threads"]) == (5, 1, 1, 1)
    assert recommended["worker_class"] == "gthread"
    assert recommended["workers"] not in (7, 9)


def test_a_profile_predicts_each_configuration_without_recommended_too(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    request = {"wall_ms": 10.5, "cpu_ms": 0.5, "wait_ratio": 20.0, "variation": 0.0, "response_bytes": 200}
    document = {
        "schema": "gcadvise.profile/1",
        "app": "sample_app:app",
        "request": {**request, "quantiles_ms": [10.5] * 100},
        "worker": {"memory_bytes": 16 << 20, "arbiter_bytes": 20 << 20},
        "endpoints": [{"method": "GET", "path": "/io?seconds=0.01", "weight": 1}],
    }
    (tmp_path / "profile.json").write_text(json.dumps(document))
    done = run_gcadvise(
        *("compare", "default", "-w 2", "--profile", "profile.json", "--path", "/io?seconds=0.01"),
        *("--restarts", "1", "--no-latency", *_QUICK, "--format", "json"),
    )
    assert done.returncode == 0, done.stderr
    one, two = (each["predicted"] for each in _document(done.stdout)["configurations"])
    ratio = two["throughput_rps"]["mean"] / one["throughput_rps"]["mean"]
    assert ratio == pytest.approx(2, rel=0.1)
    assert one["error"]["throughput"] is not None


def test_one_that_does_not_start_is_shown_with_its_log(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("compare", "default", "-k no.such.Worker", "--restarts", "3", *_QUICK)
    assert done.returncode == 1
    assert "'-k no.such.Worker' failed: Gunicorn did not start" in " ".join(done.stdout.split())
    assert "Nothing is compared: only default could be measured." in done.stdout
    assert "Gunicorn's log of -k no.such.Worker:" in done.stderr


def test_an_app_that_answers_errors_is_not_compared(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("compare", "default", "-w 2", "--path", "/none", *_QUICK, "--format", "markdown")
    assert done.returncode == 1
    assert "- default failed: 100 % of its requests failed (status 404)." in done.stdout
    assert "Nothing is compared: no configuration could be measured." in done.stdout


def test_ctrl_c_keeps_and_shows_what_was_measured(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("gcadvise")), "compare", "default", "-w 2", "--save", "result.json"]
    process = subprocess.Popen(
        [*command, "--path", "/io?seconds=0.01", *_QUICK],
        cwd=tmp_path,
        env=child_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        while "round 2 of 5" not in process.stderr.readline():
            assert process.poll() is None
        assert _document((tmp_path / "result.json").read_text())["rounds"] == {"planned": 5, "made": 1}
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted after 1 of 5 rounds." in shown
    document = _document((tmp_path / "result.json").read_text())
    assert (document["partial"], document["interrupted"]) == (True, True)
    assert all(one["throughput_rps"] for one in document["configurations"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a comparison takes 2 to 8 configurations, and none is given"),
        (["default"], "a comparison takes 2 to 8 configurations, and only one is given"),
        (["default", "none.py"], "'none.py' is neither a file, nor arguments of gunicorn"),
        (["default", "--workrs 4"], "gunicorn refuses '--workrs 4'"),
        (["default", "-w4", "--wrkrs", "3"], "No such option: --wrkrs"),
        (["default", "recommended"], "the kind of workload is missing"),
        (["default", "rule", "--io-bound"], "--io-bound goes with recommended alone"),
        (["default", "rule", "--profile", "none.json"], "none.json is no profile that can be used"),
        (["default", "rule", "--restarts", "13"], "--restarts 13 is not a number of restarts"),
        (["default", "rule", "--restarts", "2", "--fail-if-slower"], "--restarts 2 is not a number of restarts"),
        (["default", "rule", "--seconds", "0"], "--seconds 0 is not a time to measure for"),
        (["default", "rule", "--app", "-x"], "'-x' is not an app"),
        (["default", "rule", "--python", "/no/python"], "there is no Python at '/no/python'"),
        (["default", "rule", "--save", "missing/result.json"], "missing/result.json cannot be written"),
        (["default", "rule", "--cpus", "none"], "'none' is not a number of CPUs"),
    ],
)
def test_what_cannot_be_used_exits_2_before_anything_is_started(
    run_gcadvise: RunGcadvise, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = run_gcadvise("compare", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {said}" in done.stderr
    assert "Fix: " in done.stderr
    assert "round 1" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_any_more_costs_no_comparison(tmp_path: Path) -> None:
    directory = tmp_path / "results"
    directory.mkdir()
    keeper = _Keeper(directory / "result.json", force=False)
    shown = io.StringIO()
    meter = Meter(stream=shown, terminal=False)

    def lose_it(result: CompareResult) -> None:
        if len(result.contenders[-1].trials) == 1 and directory.exists():
            directory.rename(tmp_path / "moved")
        keeper.after_trial(result, meter)

    keeper.begin(candidates("AB"), PLAN, 3)
    behaviours = {name: Behaviour(rates=[500.0]) for name in "AB"}
    result = compare(
        candidates("AB"), PLAN, rounds=3, latency=False, execute=FakeExecutor(behaviours=behaviours), on_trial=lose_it
    )
    assert (result.finished, result.rounds) == (True, 3)
    assert shown.getvalue().count("result.json cannot be written: No such file or directory; the comparison") == 3
    with pytest.raises(BadInput, match="cannot be written"):
        keeper.write(result)


def test_a_file_that_is_no_result_is_not_replaced(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = run_gcadvise("compare", "default", "rule", "--save", "notes.txt")
    assert done.returncode == 2
    assert "Error: notes.txt exists and is left as it is" in done.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        (["-w 4", "default"], ["-w 4", "default"]),
        (["--workers=4", "-w4", "--preload"], ["--workers=4", "-w4", "--preload"]),
        (["default", "--timeout", "3", "--threads 2"], ["default", "--threads 2"]),
        (["-H", "A: b", "-w 2 -H x", "--", "-w 3"], ["-w 2 -H x", "-w 3"]),
    ],
)
def test_arguments_that_begin_with_a_dash_are_told_from_options(typed: list[str], understood: list[str]) -> None:
    context = load("compare").make_context("compare", list(typed))
    assert [each.strip() for each in context.params["configurations"]] == understood


def test_the_numbers_of_the_help_are_those_of_the_measurement() -> None:
    assert (_DEFAULT_ROUNDS, _MOST_ROUNDS, _FEWEST_ROUNDS_FOR_A_VERDICT) == (DEFAULT_ROUNDS, MOST_ROUNDS, FEWEST_PAIRS)


def test_nothing_is_left_in_the_temporary_directory(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = run_gcadvise("compare", "default", "rule", "--app", "no_such_module:app", env={"TMPDIR": str(folder)})
    assert done.returncode == 2
    assert "No module named 'no_such_module'" in done.stderr
    assert list(folder.iterdir()) == []
