"""The command as a user runs it: what it refuses, and a few short runs of a real server."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from advisor.report import bench as report
from tests.conftest import RunGcadvise
from tests.neutral import child_environment

_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("bench.json").read_text())
# As short as can be: what is measured is no matter here, but that it is.
_SHORT = ("--seconds", "1", "--warm-up", "0.5", "--restarts", "1", "--clients", "4")
_QUICK = (*_SHORT, "--path", "/io?seconds=0.01")


def test_a_short_run_is_shown_saved_and_valid_json(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    done = run_gcadvise(
        *("bench", *_QUICK, "--format", "json", "--save", "result.json", "--threshold", "errors<1%"),
        *("--threshold", "p50<30s", "--", "-w", "2"),
    )
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert re.fullmatch(r"bench: start 1 of 1: starting Gunicorn, then measuring; about \d+ s left\n", done.stderr)
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    assert json.loads((tmp_path / "result.json").read_text()) == document
    config = document["config"]
    assert (config["workers"], config["worker_class"], config["app"]) == (2, "sync", "sample_app:app")
    assert (document["partial"], document["load"]["clients"], document["errors"]["total"]) == (False, 4, 0)
    assert document["samples"] > 0
    assert len(document["restarts"]) == 1
    assert [each["outcome"] for each in document["thresholds"]] == ["kept", "kept"]
    assert sum(document["server"]["requests_per_worker"][0]) > 0


def _profile(tmp_path: Path, path: str) -> None:
    """What `gcadvise profile` writes of an endpoint that waits 10 ms, as far as it is read here."""
    document = {
        "schema": "gcadvise.profile/1",
        "app": "sample_app:app",
        "request": {
            "wall_ms": 10.5,
            "cpu_ms": 0.5,
            "wait_ratio": 20.0,
            "variation": 0.01,
            "response_bytes": 200,
            "quantiles_ms": [10.5] * 100,
        },
        "worker": {"memory_bytes": 16 << 20, "arbiter_bytes": 20 << 20},
        "endpoints": [{"method": "GET", "path": path, "weight": 1}],
    }
    (tmp_path / "profile.json").write_text(json.dumps(document))


def test_with_a_profile_the_prediction_stands_beside_the_measurement(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    _profile(tmp_path, "/io?seconds=0.01")
    command = ("bench", *_QUICK, "--profile", "profile.json", "--format", "json", "--save", "result.json")
    done = run_gcadvise(*command, "--", "-w", "2")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    assert json.loads((tmp_path / "result.json").read_text()) == document
    made = document["predicted"]
    assert made["throughput_rps"]["mean"] == pytest.approx(2 / 0.0105, rel=0.1)
    assert (made["binding"], made["p99_ms"], made["error"]["p99"]) == ("slots", None, None)
    assert made["error"]["throughput"] is not None
    assert made["source"].startswith("measured, profile.json; ")


def test_a_profile_of_other_requests_predicts_nothing_and_that_is_said(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    _profile(tmp_path, "/other")
    done = run_gcadvise("bench", *_QUICK, env={"GCADVISE_PROFILE": "profile.json"})
    assert done.returncode == 0
    shown = " ".join(done.stdout.split())
    assert "Predicted nothing, because the profile is of GET /other, and GET /io?seconds=0.01 is measured" in shown


def test_a_missed_threshold_exits_1_and_shows_what_was_observed(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("bench", *_QUICK, "--threshold", "p50<0.001ms")
    assert done.returncode == 1
    assert re.search(r"p50<0\.001ms  MISSED  [\d.]+ ms", done.stdout)
    assert done.stdout.startswith("Gunicorn 27.0.1: 1 worker, sync\nApp sample_app:app, Python ")
    assert "4 clients, a new connection for each request, GET /io?seconds=0.01" in done.stdout


def test_a_measurement_that_is_not_valid_exits_1_only_when_strict(run_gcadvise: RunGcadvise) -> None:
    command = ("bench", *_SHORT, "--path", "/nothing-here")
    done = run_gcadvise(*command)
    assert (done.returncode, "NOT VALID" in done.stdout) == (0, True)
    assert "(100 %, at most 1 %), mostly: status 404" in done.stdout
    assert run_gcadvise(*command, "--strict", "--format", "json").returncode == 1


def test_errors_of_the_app_come_with_the_end_of_the_log(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("def app(environ, start_response):\n    raise RuntimeError('no luck')\n")
    done = run_gcadvise("bench", "--app", "shop:app", *_SHORT)
    assert (done.returncode, "mostly: status 500" in done.stdout) == (0, True)
    assert "The end of Gunicorn's log:" in done.stderr
    assert "RuntimeError: no luck" in done.stderr


def test_a_rate_is_held_and_posts_carry_their_body(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "body.txt").write_text("hello")
    (tmp_path / "echo.py").write_text(
        "def app(environ, start_response):\n"
        "    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))\n"
        "    good = body == b'hello' and environ['REQUEST_METHOD'] == 'POST' and environ['HTTP_X_KEY'] == 'a b'\n"
        "    start_response('200 OK' if good else '400 Bad Request', [])\n"
        "    return [b'']\n"
    )
    done = run_gcadvise(
        *("bench", "--app", "echo:app", "--rate", "50", "--arrivals", "constant", "--seconds", "1", "--warm-up", "0"),
        *("--restarts", "1", "--request", "2 post /x", "--body-file", "body.txt", "--header", "X-Key: a b"),
        *("--format", "json"),
    )
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    assert document["statuses"] == {"200": document["samples"]}
    assert document["load"]["loop"] == "open"
    assert document["load"]["requests"] == [
        {"method": "POST", "path": "/x", "weight": 2.0, "headers": ["X-Key"], "body_bytes": 5}
    ]
    assert document["generator"]["lateness_p99_ms"] is not None


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    saved = tmp_path / "result.json"
    process = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("gcadvise"), "bench", "--path", "/", "--clients", "2"),
            *("--seconds", "1", "--warm-up", "0", "--restarts", "40", "--save", saved),
        ],
        cwd=tmp_path,
        env=child_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if "start 1 of 40" in line:
                early = json.loads(saved.read_text())
            if "start 2 of 40" in line:  # the first has ended
                process.send_signal(signal.SIGINT)
                break
        stdout, _ = process.communicate(timeout=60)
    jsonschema.validate(early, _SCHEMA)
    assert (early["partial"], early["restarts"], early["throughput_rps"]) == (True, [], None)
    assert process.returncode == 130
    assert "40 starts of 1 s, each after 0 s of warm-up or more; interrupted: only " in re.sub(r"\n", " ", stdout)
    document = json.loads(saved.read_text())
    jsonschema.validate(document, _SCHEMA)
    assert (document["partial"], document["interrupted"]) == (True, True)
    assert document["samples"] > 0


def test_a_file_that_cannot_be_written_any_more_costs_no_figures(tmp_path: Path) -> None:
    directory = tmp_path / "results"
    directory.mkdir()
    command = (Path(sys.executable).with_name("gcadvise"), "bench", *_QUICK, "--save", "results/bench.json")
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=child_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        assert "start 1 of 1" in process.stderr.readline()
        directory.rename(tmp_path / "moved")
        stdout, stderr = process.communicate(timeout=60)
    assert "  Throughput  " in stdout
    assert "results/bench.json cannot be written: No such file or directory; the measurement goes on\n" in stderr
    assert "Error: results/bench.json cannot be written" in stderr
    assert process.returncode == 2


def test_output_that_is_not_unicode_gets_ascii(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("bench", *_QUICK, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_an_app_that_cannot_be_imported_exits_2_with_gunicorns_log(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import no_such_module\n")
    done = run_gcadvise("bench", "--app", "shop:app", "--save", "result.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No module named 'no_such_module'" in done.stderr
    assert json.loads((tmp_path / "result.json").read_text())["partial"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "missing.py"], "missing.py is not a file"),
        (["--app", "-x"], "'-x' is not an app"),
        (["--python", "/no/python"], "there is no Python at '/no/python'"),
        (["--path", "io"], "'io' is not a path"),
        (["--path", "/a b"], "'/a b' is not a path"),
        (["--request", "FETCH it"], "--request 'FETCH it' is not a request"),
        (["--request", "CONNECT /"], "'CONNECT' is not a method"),
        (["--path", "/a=0"], "0 is not a weight"),
        (["--header", "Accept"], "--header 'Accept' is not a header"),
        (["--header", "Host: a"], "the header Host cannot be chosen"),
        (["--body-file", "missing"], "missing cannot be read"),
        (["--clients", "0"], "0 is not a number of clients"),
        (["--clients", "30000"], "30,000 is not a number of clients"),
        (["--rate", "nan"], "nan requests/s is not a rate"),
        (["--rate", "1e9"], "1e+09 requests/s is not a rate"),
        (["--rate", "10", "--clients", "3"], "--clients and --rate do not go together"),
        (["--arrivals", "constant"], "--arrivals goes with --rate alone"),
        (["--seconds", "0"], "--seconds 0 is not a time to measure for"),
        (["--seconds", "nan"], "--seconds nan is not a time to measure for"),
        (["--warm-up", "-1"], "--warm-up -1 is not a time to warm up for"),
        (["--restarts", "0"], "--restarts 0 is not a number of restarts"),
        (["--timeout", "0"], "0 s is not a timeout"),
        (["--generators", "0"], "0 is not a number of generators"),
        (["--threshold", "p95>1s"], "'p95>1s' is the wrong way round"),
        (["--threshold", "p95<250"], "'p95<250' has no unit"),
        (["--threshold", "p99.9<1s", "--rate", "20"], "p99.9<1s could not be judged"),
        (["--save", "missing/result.json"], "missing/result.json cannot be written"),
        (["--save", "notes.txt"], "notes.txt exists and is left as it is"),
        (["--force"], "--force goes with --save"),
        (["--url", "http://staging.example/"], "staging.example is not this machine"),
        (["--url", "http://127.0.0.1:1/", "--app", "a:b"], "--url does not go with"),
        (["--url", "http://127.0.0.1:1/a", "--path", "/b"], "--url with a path does not go with --path"),
        (["--url", "http://ann:secret@127.0.0.1:1/"], "the address of 127.0.0.1 has a user name in it"),
        (["--url", "nonsense"], "'nonsense' is not the address of a server"),
        (["--url", "http://127.0.0.1:1/"], "nothing answers at http://127.0.0.1:1"),
        (["--i-am-allowed-to-load", "x"], "--i-am-allowed-to-load goes with --url alone"),
        (
            ["--url", "http://a.example/", "--i-am-allowed-to-load", "a.example", "--seconds", "90"],
            "92 s is not a time that a load on another machine may have",
        ),
        (
            ["--url", "http://a.example/", "--i-am-allowed-to-load", "a.example", "--restarts", "9"],
            "9 runs of 7 s are 63 s of load on another machine",
        ),
        (["--profile", "missing.json"], "missing.json is no profile that can be used"),
        (["--", "--no-such-flag"], "Gunicorn did not start"),
    ],
)
def test_what_cannot_be_used_exits_2_and_says_what_to_do(
    run_gcadvise: RunGcadvise, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = run_gcadvise("bench", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {said}" in done.stderr
    assert "  Fix: " in done.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_of_settings_cannot_allow_load_on_another_machine(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text('url = "http://a.example/"\ni-am-allowed-to-load = "a.example"\n')
    for command in ("bench", "concurrency"):
        done = run_gcadvise(command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Error: --i-am-allowed-to-load is set in gcadvise.toml or pyproject.toml" in done.stderr


def test_a_body_needs_a_request_that_has_one(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "body").write_text("x")
    done = run_gcadvise("bench", "--body-file", "body")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--body-file goes with a request that has a body" in done.stderr


def test_a_server_that_runs_already_is_measured_where_it_is(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    from advisor.measure.server import running_server
    from advisor.measure.server_spec import ServerSpec

    with running_server(ServerSpec(arguments=("-w", "1"))) as server:
        done = run_gcadvise("bench", "--url", server.url + "/io?seconds=0.01", *_SHORT, "--format", "json")
        assert server.alive
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    assert (document["config"]["url"], document["server"]["cpu_seconds"]) == (server.url, None)
    assert document["load"]["requests"][0]["path"] == "/io?seconds=0.01"
    assert document["bound"]["by"] == "unknown"
    assert list(tmp_path.iterdir()) == []
