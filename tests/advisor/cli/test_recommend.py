"""``gcadvise recommend`` as a user meets it: what goes where, what is asked, what is refused, what is written."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gunicorn_conf.platforms import PLATFORM_NAMES
from tests.advisor.report.test_recommend_json import VALIDATOR
from tests.conftest import RunGcadvise
from tests.neutral import child_environment

HOST = ("--cpus", "2", "--memory", "8GiB", "--platform", "bare", "--gunicorn-version", "27.0.1")
GCADVISE = str(Path(sys.executable).with_name("gcadvise"))


def test_the_answer_is_on_standard_output_and_nothing_else_anywhere(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Host\n")
    assert "serves 80 requests at once" in done.stdout


def test_the_same_input_gives_the_same_bytes(run_gcadvise: RunGcadvise) -> None:
    for shape in ("text", "conf", "markdown"):
        command = ("recommend", "--mixed", *HOST, "--format", shape)
        assert run_gcadvise(*command).stdout == run_gcadvise(*command).stdout != ""


def as_json(text: str) -> dict[str, Any]:
    """The document without what the machine has free at the moment."""
    document = json.loads(text)
    del document["host"]["available_memory_bytes"]
    return document


@pytest.mark.parametrize("kind", ["--io-bound", "--cpu-bound", "--mixed"])
@pytest.mark.parametrize("name", PLATFORM_NAMES)
def test_json_on_every_platform_follows_the_schema(run_gcadvise: RunGcadvise, kind: str, name: str) -> None:
    done = run_gcadvise("recommend", kind, *HOST, "--platform", name, "--format", "json")
    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    assert document["host"]["platform"] == name


def test_this_very_machine_has_a_recommendation(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("recommend", "--cpu-bound", "--format", "json")
    VALIDATOR.validate(json.loads(done.stdout))


BAD_INPUT = {
    "no kind": ((), "--io-bound, --cpu-bound, --mixed"),
    "two kinds": (("--io-bound", "--mixed"), "--io-bound, --cpu-bound, --mixed"),
    "cpus": (("--io-bound", "--cpus", "0"), "0.5"),
    "memory": (("--io-bound", "--memory", "much"), "512MiB"),
    "too little memory": (("--io-bound", "--memory", "64MiB"), "--worker-memory"),
    "platform": (("--io-bound", "--platform", "herokku"), "did you mean 'heroku'?"),
    "sku": (("--io-bound", "--sku", "Z9"), "--cpus"),
    "python": (("--io-bound", "--python", "/no/such/python"), "path"),
    "rate alone": (("--io-bound", "--rate", "50"), "--response-time"),
    "rate": (("--io-bound", "--rate", "-1", "--response-time", "1"), "--rate"),
    "response time": (("--io-bound", "--response-time", "soon"), "200ms"),
    "wait ratio": (("--io-bound", "--wait-ratio", "-1"), "0 or more"),
    "wait ratio text": (("--io-bound", "--wait-ratio", "x"), "--help"),
    "concurrency": (("--io-bound", "--concurrency", "0"), "--concurrency 1"),
    "worker memory": (("--io-bound", "--worker-memory", "0"), "above zero"),
    "memory share": (("--io-bound", "--memory-share", "2"), "--memory-share 0.5"),
    "db connections": (("--io-bound", "--max-db-connections", "0"), "--max-db-connections 1"),
    "threads": (("--io-bound", "--max-threads", "0"), "--max-threads 1"),
    "max requests": (("--io-bound", "--max-requests", "0"), "--max-requests 1"),
    "old release": (("--io-bound", "--gunicorn-version", "19.9"), "--gunicorn-version"),
    "release": (("--io-bound", "--gunicorn-version", "new"), "27.0.1"),
    "format": (("--io-bound", "--format", "xml"), "--help"),
    "unknown flag": (("--io-bound", "--iobound"), "--help"),
    "two arguments": (("shop:app", "blog:app"), "--help"),
    "no directory": (("--io-bound", "-o", "no/such/file"), "a directory that exists"),
    "a directory": (("--io-bound", "-o", "."), "a directory that exists"),
    "two answers on stdout": (("--io-bound", "-o", "-", "--format", "json"), "one of them"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_ends_with_2_and_says_what_to_do(run_gcadvise: RunGcadvise, case: str) -> None:
    arguments, hint = BAD_INPUT[case]
    done = run_gcadvise("recommend", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert 2 <= len(lines) <= 3
    assert lines[0].startswith("Error: ")
    assert lines[-1].startswith("  Fix: ")
    assert hint in lines[-1]


def test_without_a_kind_a_terminal_is_asked() -> None:
    status, shown = on_a_terminal([GCADVISE, "recommend", *HOST, "--format", "conf"], [(b"1, 2 or 3", b"maybe\n2\n")])
    assert status == 0
    assert "wait for a database" in shown
    assert 'worker_class = "sync"' in shown


def test_interrupted_at_the_question_ends_with_130() -> None:
    status, shown = on_a_terminal([GCADVISE, "recommend", *HOST], [(b"1, 2 or 3", b"\x03")])
    assert status == 130
    assert "Traceback" not in shown


def on_a_terminal(command: list[str], answers: list[tuple[bytes, bytes]]) -> tuple[int, str]:
    """Run on a pseudo-terminal; each answer is typed once its question is on the screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, child_environment(Path("/")))
    shown, waiting = b"", list(answers)
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says EIO when the other side has closed
            break
        if not piece:
            break
        shown += piece
        if waiting and waiting[0][0] in shown:
            os.write(terminal, waiting.pop(0)[1])
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


# --- the file -------------------------------------------------------------------------------------------------


def test_a_new_file_is_written_and_the_next_step_names_it(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "my conf.py")
    assert (done.returncode, done.stderr) == (0, "Wrote my conf.py.\n")
    assert "gunicorn -c 'my conf.py' MODULE:APP" in done.stdout
    assert "Write the file" not in done.stdout
    assert (tmp_path / "my conf.py").read_text() == run_gcadvise(
        "recommend", "--io-bound", *HOST, "--format", "conf"
    ).stdout


def test_a_file_that_is_as_recommended_is_left_and_that_is_fine(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    run_gcadvise("recommend", "--io-bound", *HOST, "-o", "a.py")
    before = (tmp_path / "a.py").stat()
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "a.py")
    assert (done.returncode, done.stderr) == (0, "a.py is already as recommended; nothing written.\n")
    after = (tmp_path / "a.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [file.name for file in tmp_path.iterdir()] == ["a.py"]


def test_another_file_is_replaced_only_with_force_and_kept(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("workers = 1\n")
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "a.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--force" in done.stderr
    assert (tmp_path / "a.py").read_text() == "workers = 1\n"
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "a.py", "--force")
    assert (done.returncode, done.stderr) == (0, "Wrote a.py; the former file is kept as a.py.bak.\n")
    assert (tmp_path / "a.py.bak").read_text() == "workers = 1\n"


@pytest.mark.parametrize("shape", ["text", "json", "markdown", "conf"])
def test_a_file_and_every_format_go_together(run_gcadvise: RunGcadvise, tmp_path: Path, shape: str) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "a.py", "--format", shape)
    assert done.returncode == 0
    alone = run_gcadvise("recommend", "--io-bound", *HOST, "--format", shape)
    if shape == "json":
        assert as_json(done.stdout) == as_json(alone.stdout)
    elif shape != "text":  # which no longer says how to write the file
        assert done.stdout == alone.stdout
    assert (tmp_path / "a.py").exists()


def test_a_dash_is_standard_output(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, "-o", "-")
    assert done.stdout == run_gcadvise("recommend", "--io-bound", *HOST, "--format", "conf").stdout
    assert list(tmp_path.iterdir()) == []


COMMANDS = {
    "plain": ("--io-bound", *HOST),
    "this machine": ("--io-bound",),
    "half a CPU": ("--io-bound", "--cpus", "500m", "--memory", "512MiB", "--platform", "docker"),
    "app service": ("--cpu-bound", "--sku", "P1v3", "--max-requests", "500", "--preload"),
    "heroku, old": ("--mixed", *HOST, "--platform", "heroku", "--gunicorn-version", "23.0.0", "--max-threads", "3"),
    "bounded": ("--io-bound", *HOST, "--max-db-connections", "7", "--memory-share", "0.25", "--no-thread-safe"),
    "load": ("--mixed", *HOST, "--rate", "33.3", "--response-time", "150ms", "--wait-ratio", "2.5"),
    "memory": ("--io-bound", *HOST, "--worker-memory", "333MiB", "--concurrency", "40"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_the_command_in_the_file_makes_the_same_file(run_gcadvise: RunGcadvise, case: str) -> None:
    text = run_gcadvise("recommend", *COMMANDS[case], "--format", "conf").stdout
    header = text.split("\n\n", 1)[0].replace("\n# ", "\n")
    if "The same file again, on any machine:" not in header:
        pytest.skip("this machine has no usual tmpfs; the file says that the command leaves worker_tmp_dir out")
    program, *arguments = shlex.split(header[header.index("gcadvise recommend") :].replace("\\\n", " "))
    assert program == "gcadvise"
    assert run_gcadvise(*arguments).stdout == text


@pytest.mark.parametrize("case", COMMANDS)
def test_the_next_commands_repeat_what_was_given(run_gcadvise: RunGcadvise, tmp_path: Path, case: str) -> None:
    text = run_gcadvise("recommend", *COMMANDS[case]).stdout
    (command,) = re.findall(r"^ +(gcadvise recommend .* -o gunicorn.conf.py)$", text, re.MULTILINE)
    assert run_gcadvise(*shlex.split(command)[1:]).returncode == 0
    expected = run_gcadvise("recommend", *COMMANDS[case], "--format", "conf").stdout
    assert (tmp_path / "gunicorn.conf.py").read_text() == expected


# --- where it runs --------------------------------------------------------------------------------------------


def test_web_concurrency_here_is_a_warning_and_changes_nothing_else(run_gcadvise: RunGcadvise) -> None:
    command = ("recommend", "--io-bound", *HOST, "--format", "json")
    plain = as_json(run_gcadvise(*command).stdout)
    warned = as_json(run_gcadvise(*command, env={"WEB_CONCURRENCY": "3"}).stdout)
    first, *others = warned["warnings"]
    assert first.startswith("WEB_CONCURRENCY=3 is set here and wins over the 5 workers of the plan")
    assert "16 threads each it serves 48 at once" in first
    assert warned | {"warnings": others} == plain
    assert as_json(run_gcadvise(*command, env={"WEB_CONCURRENCY": "5"}).stdout) == plain


def test_on_app_service_the_startup_command_and_the_platforms_habits_are_named(run_gcadvise: RunGcadvise) -> None:
    text = " ".join(run_gcadvise("recommend", "--io-bound", "--sku", "B1", "--platform", "app-service").stdout.split())
    assert "a gunicorn.conf.py of yours is ignored unless a startup command names it" in text
    assert "shared by every app, slot and WebJob" in text
    assert "gcadvise startup app-service --io-bound --sku B1 -o ." in text
    assert "unverified" in text


def test_more_than_b1_has_left_is_said_as_an_unverified_figure(run_gcadvise: RunGcadvise) -> None:
    def warnings(worker_memory: str) -> str:
        command = ("recommend", "--io-bound", "--sku", "B1", "--worker-memory", worker_memory, "--format", "json")
        return " ".join(json.loads(run_gcadvise(*command).stdout)["warnings"])

    assert "73 % in use" in warnings("300MiB")
    assert "not verified" in warnings("300MiB")
    assert "73 %" not in warnings("100MiB")


@pytest.mark.parametrize("shape", ["text", "json", "conf", "markdown"])
def test_an_ascii_stream_gets_look_alikes(run_gcadvise: RunGcadvise, shape: str) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, "--format", shape, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "(2 x 2 CPUs) + 1 = 5" in done.stdout
    assert "?" not in done.stdout


@pytest.mark.parametrize("columns", ["20", "40", "60", "300"])
def test_columns_is_the_width(run_gcadvise: RunGcadvise, columns: str) -> None:
    done = run_gcadvise("recommend", "--io-bound", *HOST, env={"COLUMNS": columns})
    assert done.returncode == 0
    prose = [line for line in done.stdout.splitlines() if "gcadvise recommend" not in line]
    assert max(map(len, prose)) <= max(int(columns) if int(columns) < 120 else 120, 60)


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [GCADVISE, "recommend", "--io-bound", *HOST]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=child_environment(tmp_path), timeout=60, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which this system does not have")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    command = [GCADVISE, "recommend", "--io-bound", *HOST]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=child_environment(tmp_path), timeout=60, check=False
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr


# --- the proof -----------------------------------------------------------------------------------------------

SMALL = ("--cpus", "0.5", "--memory", "1GiB", "--platform", "bare", "--concurrency", "4")


def test_verify_proves_the_plan_beside_the_plain_rule(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    done = run_gcadvise("recommend", "--io-bound", *SMALL, "--verify", "--format", "json", "-o", "a.py")
    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    verification = document["verification"]
    assert (done.returncode, verification["kept"]) == (0, True)
    planned, rule = verification["results"]
    assert (planned["promised"], planned["served_at_once"]) == (4, 4)
    assert (rule["worker_class"], rule["served_at_once"]) == ("sync", 2)
    assert "Wrote a.py." in done.stderr
    assert (tmp_path / "a.py").exists()


def test_what_has_no_place_in_the_file_is_said_on_standard_error(run_gcadvise: RunGcadvise) -> None:
    command = ("recommend", "--cpu-bound", *SMALL, "--format", "conf")
    done = run_gcadvise(*command, "--verify")
    assert done.returncode == 0
    assert done.stdout == run_gcadvise(*command).stdout
    assert "The promise holds" in done.stderr


# --- exit codes -----------------------------------------------------------------------------------------------

BROKEN = """
import sys
import advisor.cli.plan_input
def broken(*arguments, **keywords):
    raise {error}
advisor.cli.plan_input.detect = broken
from advisor.cli.main import main
sys.argv = ["gcadvise", *sys.argv[1:]]
main()
"""


def broken(error: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BROKEN.format(error=error), "recommend", "--io-bound", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=child_environment(cwd), timeout=60, check=False
    )


def test_a_defect_ends_with_2_and_three_lines(tmp_path: Path) -> None:
    done = broken("ZeroDivisionError('oops')", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "Error: something unexpected went wrong: ZeroDivisionError: oops",
        "  Why: this is a defect in gcadvise",
        "  Fix: run it again with --traceback and report what it prints",
    ]


def test_traceback_shows_it_wherever_the_flag_stands(tmp_path: Path, run_gcadvise: RunGcadvise) -> None:
    done = broken("ZeroDivisionError('oops')", "--traceback", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback (most recent call last):")
    done = run_gcadvise("--traceback", "recommend", "--io-bound", "--cpus", "x")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_interrupted_ends_with_130(tmp_path: Path) -> None:
    done = broken(f"KeyboardInterrupt({signal.SIGINT})", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def test_an_unknown_command_suggests_the_right_one(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("recomend")
    assert done.returncode == 2
    assert "'recommend'" in done.stderr


def test_no_command_shows_the_overview(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise()
    assert done.returncode == 2
    for command in ("inspect", "recommend", "concurrency"):
        assert command in done.stdout


@pytest.mark.parametrize("flag", ["--version", "--help", "-h"])
def test_version_and_help_end_with_0(run_gcadvise: RunGcadvise, flag: str) -> None:
    assert run_gcadvise(flag).returncode == 0


def profile(directory: Path, wait_ratio: float = 24.0) -> str:
    request = {"wall_ms": 8.4 * (1 + wait_ratio), "cpu_ms": 8.4, "wait_ratio": wait_ratio}
    worker = {"memory_bytes": 88080384}
    document = {"schema": "gcadvise.profile/1", "app": "shop:app", "request": request, "worker": worker}
    (directory / "profile.json").write_text(json.dumps(document))
    return "profile.json"


@pytest.mark.parametrize(("wait_ratio", "kind"), [(0.1, "cpu-bound"), (4.0, "mixed"), (24.0, "io-bound")])
def test_a_profile_gives_the_figures_and_the_kind(
    wait_ratio: float, kind: str, run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    command = ("recommend", "--profile", profile(tmp_path, wait_ratio), "--format", "json")
    workload = as_json(run_gcadvise(*command).stdout)["workload"]
    assert workload["kind"] == kind
    assert (workload["wait_ratio"], workload["worker_memory_bytes"]) == (wait_ratio, 88080384)
    assert {workload["source"][name] for name in ("wait_ratio", "worker_memory_bytes", "response_time_seconds")} == {
        "file"
    }


def test_flags_win_over_a_profile(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    flags = ("--mixed", "--wait-ratio", "3", "--worker-memory", "60MiB")
    done = run_gcadvise("recommend", "--profile", profile(tmp_path), *flags, "--format", "json")
    workload = as_json(done.stdout)["workload"]
    assert (workload["kind"], workload["wait_ratio"], workload["worker_memory_bytes"]) == ("mixed", 3, 60 * 1024**2)
    assert workload["source"]["response_time_seconds"] == "file"


def test_a_profile_is_named_as_the_source(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    text = run_gcadvise("recommend", "--profile", profile(tmp_path)).stdout
    assert "wait ratio 24, measured, profile.json" in text
    assert "gcadvise recommend --io-bound --profile profile.json --verify" in text


def test_a_bad_profile_ends_with_2(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{}")
    done = run_gcadvise("recommend", "--profile", "p.json")
    assert done.returncode == 2
    assert 'its "schema" is null' in done.stderr
