"""The command as a user runs it: what it shows, what it saves, and what it leaves alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from advisor.cli.main import main
from advisor.measure.profile import profile as measuring
from advisor.report import profile as report
from tests.advisor.profiles import app_profile
from tests.conftest import Completed, RunGcadvise
from tests.neutral import child_environment

SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("profile.json").read_text())
APP = """
import time

def app(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\\n"]
"""
Run = Callable[..., Completed]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, in a directory with an app, with a made-up measurement."""
    monkeypatch.chdir(tmp_path)
    Path("shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    monkeypatch.setattr(measuring, "profile_app", lambda *_, **__: app_profile())

    def command(*arguments: str) -> Completed:
        monkeypatch.setattr(sys, "argv", ["gcadvise", "profile", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        code = ended.value.code
        return Completed(code if isinstance(code, int) else 0, shown.out, shown.err)

    return command


def test_it_is_said_in_words_and_saved(run: Run) -> None:
    done = run()
    assert done.returncode == 0
    assert done.stdout.startswith("shop:app spends 3.1 ms computing and 12.4 ms waiting per request: mixed")
    assert done.stderr.splitlines() == ["App shop:app: Flask, WSGI, found in shop.py", "Wrote profile.json."]
    assert "    gcadvise recommend --profile profile.json\n" in done.stdout
    assert "    gcadvise tune shop:app\n" in done.stdout
    jsonschema.validate(json.loads(Path("profile.json").read_text()), SCHEMA)


def test_the_advice_that_comes_next_is_for_the_same_python_and_directory(run: Run) -> None:
    done = run("--python", sys.executable, "--chdir", ".", "--path", "/slow=2")
    assert f"    gcadvise recommend --profile profile.json --chdir . --python {sys.executable}\n" in done.stdout


def test_as_json_it_is_what_is_saved(run: Run) -> None:
    done = run("--format", "json", "-o", "out.json")
    assert done.returncode == 0
    assert done.stdout == Path("out.json").read_text()
    assert not Path("profile.json").exists()


def test_a_minus_shows_the_json_and_saves_nothing(run: Run) -> None:
    assert json.loads(run("-o", "-").stdout)["app"] == "shop:app"
    assert not Path("profile.json").exists()


def test_it_need_not_be_saved(run: Run) -> None:
    done = run("--no-save", "--path", "/a b".replace(" ", "%20"))
    assert done.returncode == 0
    assert not Path("profile.json").exists()
    assert "    gcadvise profile shop:app --path /a%20b -o profile.json\n" in done.stdout


def test_a_former_profile_is_kept_beside(run: Run) -> None:
    former = run("-o", "-").stdout.replace("shop:app", "other:app")
    Path("profile.json").write_text(former)
    done = run()
    assert "Wrote profile.json; the former file is kept as profile.json.bak." in done.stderr
    assert Path("profile.json.bak").read_text() == former


def test_any_other_file_is_left_alone_before_anything_is_measured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("profile.json").write_text('{"schema": "trace/1"}')

    def measure(*_: object, **__: object) -> None:
        pytest.fail("it was measured")

    monkeypatch.setattr(measuring, "profile_app", measure)
    done = run()
    assert done.returncode == 2
    assert "Error: profile.json exists and is left as it is" in done.stderr


def test_forced_it_is_replaced_and_kept(run: Run) -> None:
    Path("profile.json").write_text("{}")
    assert run("--force").returncode == 0
    assert Path("profile.json.bak").read_text() == "{}"


def test_an_interruption_saves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "profile_app", measure)
    done = run()
    assert (done.returncode, done.stdout) == (130, "")
    assert sorted(path.name for path in Path().iterdir()) == ["shop.py"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", "1"], "--seconds 1 is not a time to measure for"),
        (["--seconds", "nan"], "--seconds nan is not a time to measure for"),
        (["--timeout", "0"], "0 s is not a time to wait for an answer"),
        (["-o", "gone/profile.json"], "gone/profile.json cannot be written"),
        (["-o", "x.json", "--no-save"], "--output and --no-save do not go together"),
        (["--path", "slow"], "'slow' is not a path"),
        (["--body-file", "gone"], "gone cannot be read"),
        (["a b"], "'a b' is not an app"),
    ],
)
def test_what_cannot_be_used_exits_2_and_says_what_to_do(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {said}" in done.stderr
    assert "  Fix: " in done.stderr


def test_recommend_takes_what_was_saved(run_gcadvise: RunGcadvise, run: Run) -> None:
    run()
    done = run_gcadvise("recommend", "--profile", "profile.json", "--cpus", "2", "--memory", "2GiB", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["workload"]["wait_ratio"] == 4.0


def test_a_real_app_is_measured(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    done = run_gcadvise("profile", "--seconds", "2", "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert document["app"] == "app:app"
    assert 10 <= document["request"]["wait_ms"] < document["request"]["wall_ms"]
    assert document["request"]["cpu_ms"] < document["request"]["wait_ms"]
    assert document["endpoints"][0]["statuses"].keys() == {"200"}
    assert json.loads((tmp_path / "profile.json").read_text()) == document


def test_ctrl_c_ends_the_server_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    running = subprocess.Popen(
        [str(Path(sys.executable).with_name("gcadvise")), "profile"],
        cwd=tmp_path,
        env=child_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    with running:
        for line in running.stderr:
            if line.startswith("measuring"):
                os.killpg(running.pid, signal.SIGINT)  # as a terminal does
                break
        stdout, _ = running.communicate(timeout=30)
    assert (running.returncode, stdout) == (130, "")
    assert not list(tmp_path.glob("*.json*"))
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
