"""``gcadvise recommend`` with a measured app: from its file, or measured first."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from advisor.cli.startup_input import workers_like
from tests.advisor.costs import make_cost, measured_plan
from tests.advisor.hosts import make_host
from tests.advisor.report.test_recommend_json import VALIDATOR
from tests.conftest import RunGcadvise

HOST = ("--cpus", "2", "--memory", "8GiB", "--platform", "bare", "--gunicorn-version", "27.0.1")
APP = """
import time
def app(environ, start_response):
    time.sleep(0.02)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """What `gcadvise profile` writes of an app that waits 12 of 15 ms, as far as recommend reads it."""
    path = tmp_path / "profile.json"
    request = {
        "wall_ms": 15.0,
        "cpu_ms": 3.0,
        "wait_ratio": 4.0,
        "gil_ms": 3.0,
        "handover_ms": 0.1,
        "kept_alive_saves_ms": 0.1,
        "variation": 0.01,
        "response_bytes": 200,
        "quantiles_ms": [15.0] * 100,
    }
    worker = {
        "memory_bytes": 40 << 20,
        "arbiter_bytes": 20 << 20,
        "thread_bytes": 200 << 10,
        "growth_bytes_per_1000_requests": 0,
    }
    path.write_text(
        json.dumps({"schema": "gcadvise.profile/1", "app": "shop:app", "request": request, "worker": worker})
    )
    return path


def test_a_file_with_the_cost_is_answered_by_the_model(run_gcadvise: RunGcadvise, profile: Path) -> None:
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nPredicted\n" in done.stdout
    assert "The rule, (2 × 2) + 1, gives 5 sync workers; the app waits 80 % of its time" in " ".join(
        done.stdout.split()
    )
    assert "gunicorn -c gunicorn.conf.py shop:app" in done.stdout


def test_a_file_without_the_cost_is_answered_as_before(run_gcadvise: RunGcadvise, profile: Path) -> None:
    document = json.loads(profile.read_text())
    minimal = {
        "schema": document["schema"],
        "app": "shop:app",
        "request": {key: document["request"][key] for key in ("wall_ms", "cpu_ms", "wait_ratio")},
        "worker": {"memory_bytes": 40 << 20},
    }
    profile.write_text(json.dumps(minimal))
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST)
    assert "Predicted" not in done.stdout
    assert "(2 × 2 CPUs) + 1 = 5, Gunicorn's starting rule" in done.stdout


def test_json_has_what_is_predicted_and_the_rule_beside_it(run_gcadvise: RunGcadvise, profile: Path) -> None:
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--rate", "100", "--format", "json")
    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    assert document["predicted"]["workers"] == document["settings"]["workers"]
    assert document["predicted"]["latency_ms"]["p99"] >= 15
    assert document["predicted"]["load"]["rate_per_second"] == 100
    assert document["rule"]["workers"] == 5
    assert document["measured"]["app"] == "shop:app"


def test_the_file_names_the_command_that_makes_it_again(run_gcadvise: RunGcadvise, profile: Path) -> None:
    options = ("--worker-memory", "60MiB", "--max-db-connections", "9", "--clients-keep-alive", "--rate", "50")
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, *options, "--format", "conf")
    lines = [line.removeprefix("#") for line in done.stdout.splitlines() if line.startswith("#")]
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("gcadvise recommend"))
    text = " ".join(lines[start:])
    command = re.match(r"\s*(gcadvise recommend .*?--format conf)", text.replace("\\ ", " "))
    assert command is not None
    words = shlex.split(command[1])
    assert run_gcadvise(*words[1:]).stdout == done.stdout


def test_an_option_that_replaces_a_measured_figure_is_said(run_gcadvise: RunGcadvise, profile: Path) -> None:
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--wait-ratio", "0.1")
    assert "The wait ratio 0.1 was given with --wait-ratio and replaces the measured 4." in done.stdout
    assert "workload  cpu-bound" in done.stdout


def test_a_kind_has_no_effect_on_a_measured_app_and_that_is_said(run_gcadvise: RunGcadvise, profile: Path) -> None:
    given = run_gcadvise("recommend", "--cpu-bound", "--profile", "profile.json", *HOST, "--format", "conf")
    assert given.stderr == "--cpu-bound has no effect: the app was measured, and is mixed.\n"
    assert given.stdout == run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "conf").stdout


def test_keep_alive_has_no_effect_without_a_measured_app_and_that_is_said(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, "--clients-keep-alive")
    assert done.returncode == 0
    assert done.stderr.startswith("--clients-keep-alive has no effect")


def test_an_app_that_failed_with_threads_gets_none_and_the_reason(run_gcadvise: RunGcadvise, profile: Path) -> None:
    failing = {"threads_fail": "with 8 threads 9 of 40 requests failed"}
    profile.write_text(json.dumps(json.loads(profile.read_text()) | failing))
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "json")
    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    assert document["settings"]["worker_class"] == "sync"
    assert any("with 8 threads 9 of 40 requests failed" in warning for warning in document["warnings"])
    wanted = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--thread-safe", "--format", "json")
    assert json.loads(wanted.stdout)["settings"]["threads"] > 1


def test_a_part_of_a_request_that_holds_no_gil_at_all_bounds_nothing(run_gcadvise: RunGcadvise, profile: Path) -> None:
    document = json.loads(profile.read_text())
    document["request"] |= {"gil_ms": 0.0, "handover_ms": 0.0}
    profile.write_text(json.dumps(document))
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "json")
    assert done.returncode == 0, done.stderr
    VALIDATOR.validate(json.loads(done.stdout))


def test_startup_and_apply_take_the_same_file(run_gcadvise: RunGcadvise, profile: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (tmp_path / "gunicorn.conf.py").write_text("workers = 5\n")
    plan = json.loads(
        run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "json", "--platform", "docker").stdout
    )
    made = run_gcadvise("startup", "docker", "app:app", "--profile", "profile.json", "--cpus", "2", "--memory", "8GiB")
    assert made.returncode == 0, made.stderr
    assert f"threads = {plan['settings']['threads']}\n" in made.stdout
    applied = run_gcadvise("apply", "gunicorn.conf.py", "--profile", "profile.json", *HOST, "--yes")
    assert applied.returncode == 0, applied.stderr
    assert f"threads = {plan['settings']['threads']}\n" in (tmp_path / "gunicorn.conf.py").read_text()


def test_an_asgi_app_gets_event_loops_and_no_slots_are_promised(run_gcadvise: RunGcadvise, profile: Path) -> None:
    profile.write_text(json.dumps(json.loads(profile.read_text()) | {"interface": "asgi"}))
    done = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "json")
    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    assert (document["settings"]["worker_class"], document["settings"]["workers"]) == (
        "uvicorn_worker.UvicornWorker",
        2,
    )
    assert document["capacity"]["concurrent_requests"] is None
    text = run_gcadvise("recommend", "--profile", "profile.json", *HOST).stdout
    assert "has 2 event loops" in text
    assert "at once" not in text.partition("Assumed")[0]
    conf = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--format", "conf").stdout
    assert 'worker_class = "uvicorn_worker.UvicornWorker"' in conf
    refused = run_gcadvise("recommend", "--profile", "profile.json", *HOST, "--verify")
    assert (refused.returncode, refused.stdout) == (2, "")


@pytest.mark.parametrize("cpus", [0.5, 1.0, 2.0, 3.5, 8.0])
@pytest.mark.parametrize("service_ms", [3.0, 15.0, 300.0])
def test_a_script_that_counts_cpus_comes_to_the_plan_on_the_plans_own(cpus: float, service_ms: float) -> None:
    plan = measured_plan(make_cost(service_ms, 3.0), host=make_host(cpus=cpus, memory=None))
    per_cpu, plus = workers_like(plan)
    assert max(1, int(per_cpu * cpus) + plus) == plan.workers


# Each must be said at once: none of them names an app that exists.
BEFORE_MEASURING = {
    "both an app and a file": (("--profile", "profile.json"), "leave one of them out"),
    "two apps": (("--app", "blog:app"), "leave one of them out"),
    "a file that exists": (("-o", "profile.json"), "--force"),
    "cpus": (("--cpus", "0"), "0.5"),
    "rate": (("--rate", "-1"), "--rate"),
    "memory share": (("--memory-share", "2"), "--memory-share 0.5"),
}


@pytest.mark.parametrize("case", BEFORE_MEASURING)
def test_what_is_wrong_is_said_before_anything_is_measured(run_gcadvise: RunGcadvise, profile: Path, case: str) -> None:
    arguments, hint = BEFORE_MEASURING[case]
    done = run_gcadvise("recommend", "no_such_module:app", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert hint in done.stderr.splitlines()[2]


def test_an_app_that_cannot_be_served_ends_with_2(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("recommend", "no_such_module:app", *HOST)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no_such_module" in done.stderr


@pytest.mark.slow
def test_an_app_is_measured_then_advised_and_verified(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APP)
    done = run_gcadvise("recommend", "shop:app", "--concurrency", "4", "-o", "gunicorn.conf.py", "--verify")
    assert "Wrote gunicorn.conf.py." in done.stderr
    assert "measured just now" in done.stdout
    assert "gcadvise recommend shop:app" in (tmp_path / "gunicorn.conf.py").read_text()
    assert "of shop:app" in done.stdout
