"""The command: what it refuses before anything is started, and one whole tuning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunGcadvise


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--budget", "5s"], "--budget 5s is not a time to tune in"),
        (["--budget", "soon"], "'soon' is not a duration"),
        (["--slo", "p99"], "'p99' is not a threshold"),
        (["--slo", "errors<1%"], "no limit that a rate can be found for"),
        (["--slo", "mean<1s"], "no limit that a rate can be found for"),
        (["--resume", "missing.json"], "missing.json is no tuning that can be resumed"),
        (["--save", "no/where.json"], "no/where.json cannot be written"),
        (["--max-workers", "0"], "--max-workers 0 makes no sense"),
        (["--max-threads", "0"], "--max-threads 0 makes no sense"),
        (["--clients", "0"], "--clients 0 makes no sense"),
        (["--config", "missing.py"], "missing.py is not a file"),
        (["--current", "-w '4"], "cannot be taken apart"),
        (["--profile", "missing.json"], "missing.json"),
        (["nonsense app"], "'nonsense app' is not an app"),
        (["--path", "orders"], "orders"),
        (["-o", "no/where.py"], "no/where.py cannot be written"),
    ],
)
def test_what_makes_no_sense_is_refused_in_three_lines(
    run_gcadvise: RunGcadvise, arguments: list[str], what: str
) -> None:
    done = run_gcadvise("tune", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    error = done.stderr[done.stderr.index("Error: ") :]
    assert what in error
    assert len(error.splitlines()) <= 3


def test_a_file_that_exists_is_not_replaced_unasked(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    done = run_gcadvise("tune", "-o", "gunicorn.conf.py")
    assert done.returncode == 2
    assert "exists and is left as it is" in done.stderr
    assert (tmp_path / "gunicorn.conf.py").read_text() == "workers = 2\n"


@pytest.mark.slow
def test_a_tuning_of_the_sample_app_saves_itself_and_writes_what_it_found(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    flags = ["--path", "/mixed?ms=3&seconds=0.012", "--max-workers", "3", "--max-threads", "16"]
    done = run_gcadvise("tune", *flags, "--budget", "25s", "--save", "result.json", timeout_seconds=110)
    assert done.returncode == 0, done.stderr
    assert "Confirmed on fresh starts" in done.stdout
    document = json.loads((tmp_path / "result.json").read_text())
    assert document["complete"]
    workers = document["winner"]["settings"]["workers"]
    # What is saved is not measured again.
    again = run_gcadvise("tune", *flags, "--resume", "result.json", "-o", "gunicorn.conf.py")
    assert again.returncode == 0, again.stderr
    assert again.stdout.split("\n\nNext")[0] == done.stdout.split("\n\nNext")[0]
    assert f'int(os.environ.get("WEB_CONCURRENCY") or {workers})' in (tmp_path / "gunicorn.conf.py").read_text()
    other = run_gcadvise("tune", *flags, "--clients", "32", "--resume", "result.json")
    assert other.returncode == 2
    assert "its clients was 64, and is 32 now" in other.stderr
