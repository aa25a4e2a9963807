"""``gcadvise apply``: what it changes in a file, what it leaves, and what it asks."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import RunGcadvise
from tests.neutral import child_environment

# A machine of its own, so that the plan does not depend on where the tests run: 5 workers with 16 threads.
HOST = ("--io-bound", "--cpus=2", "--memory=4GiB", "--platform=docker", "--gunicorn-version=27.0.1")
CONF = """\
# Ours: é
bind = ':9000'
workers = 2   # two
threads = 4
timeout = 30


def post_fork(server, worker):
    pass
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text(CONF, encoding="utf-8")
    return path


def test_values_are_replaced_where_they_stand_and_the_rest_stays(run_gcadvise: RunGcadvise, conf: Path) -> None:
    done = run_gcadvise("apply", conf.name, *HOST, "--yes", "--only=workers,threads")
    assert done.returncode == 0, done.stderr
    changed = CONF.replace("workers = 2", "workers = 5").replace("threads = 4", "threads = 16")
    assert conf.read_text(encoding="utf-8") == changed
    assert conf.with_name("gunicorn.conf.py.bak").read_text(encoding="utf-8") == CONF
    assert "workers  2  →  5" in done.stdout
    assert "Changed 2 settings in gunicorn.conf.py: workers, threads; " in done.stderr


def test_what_is_missing_is_added_at_the_end_with_its_reason(run_gcadvise: RunGcadvise, conf: Path) -> None:
    run_gcadvise("apply", conf.name, *HOST, "--yes")
    text = conf.read_text(encoding="utf-8")
    head = CONF.replace("workers = 2", "workers = 5").replace("threads = 4", "threads = 16")
    assert text.startswith(head + "\n")
    assert "\nkeepalive = 0\n" in text
    assert "bind = ':9000'" in text


def test_a_second_run_has_nothing_to_change(run_gcadvise: RunGcadvise, conf: Path) -> None:
    run_gcadvise("apply", conf.name, *HOST, "--yes")
    after = conf.read_bytes()
    done = run_gcadvise("apply", conf.name, *HOST, "--yes")
    assert (done.returncode, done.stdout) == (0, "gunicorn.conf.py is already as recommended.\n")
    assert conf.read_bytes() == after


def test_what_recommend_writes_is_already_as_recommended(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    run_gcadvise("recommend", *HOST, "-o", "new.py")
    done = run_gcadvise("apply", "new.py", *HOST, "--yes")
    assert done.stdout == "new.py is already as recommended.\n"


def test_a_small_difference_is_none(run_gcadvise: RunGcadvise, conf: Path) -> None:
    conf.write_text("threads = 62\n")
    wanted = ("--wait-ratio=310", "--memory=64GiB")  # 64 threads
    done = run_gcadvise("apply", conf.name, *HOST, *wanted, "--yes", "--only=threads")
    assert done.stdout == "gunicorn.conf.py is already as recommended in threads.\n"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_stay(run_gcadvise: RunGcadvise, conf: Path, end: str) -> None:
    conf.write_bytes(CONF.replace("\n", end).encode())
    run_gcadvise("apply", conf.name, *HOST, "--yes")
    content = conf.read_bytes()
    assert content.count(b"\n") == content.count(end.encode())
    assert b"workers = 5   # two" in content


def test_a_dry_run_shows_the_difference_and_writes_nothing(run_gcadvise: RunGcadvise, conf: Path) -> None:
    done = run_gcadvise("apply", conf.name, *HOST, "--dry-run", "--only=workers")
    assert (done.returncode, done.stderr) == (0, "")
    assert "-workers = 2   # two\n+workers = 5   # two\n" in done.stdout
    assert [path.name for path in conf.parent.iterdir()] == [conf.name]


def test_a_computed_value_is_left_unless_it_is_named(run_gcadvise: RunGcadvise, conf: Path) -> None:
    computed = "import os\nworkers = int(os.environ.get('N', 3))\n"
    conf.write_text(computed)
    done = run_gcadvise("apply", conf.name, *HOST, "--yes")
    assert conf.read_text().startswith(computed)
    assert "workers is computed (line 2)" in done.stderr
    run_gcadvise("apply", conf.name, *HOST, "--yes", "--only=workers")
    assert conf.read_text().startswith("import os\nworkers = 5\n")


def test_a_value_within_a_condition_is_left_to_the_owner(run_gcadvise: RunGcadvise, conf: Path) -> None:
    text = "import os\nif os.environ.get('BIG'):\n    workers = 3\n"
    conf.write_text(text)
    done = run_gcadvise("apply", conf.name, *HOST, "--yes", "--only=workers")
    assert conf.read_text() == text
    assert "change it there by hand to 5" in done.stderr


def test_nothing_changes_that_was_not_looked_at(run_gcadvise: RunGcadvise, conf: Path) -> None:
    text = "threads = 4\nworker_connections = threads * 10\n"
    conf.write_text(text)
    done = run_gcadvise("apply", conf.name, *HOST, "--yes", "--only=threads")
    assert done.returncode == 2
    assert "worker_connections would change too" in done.stderr
    assert conf.read_text() == text


def test_the_latest_backup_can_be_put_back(run_gcadvise: RunGcadvise, conf: Path) -> None:
    run_gcadvise("apply", conf.name, *HOST, "--yes", "--only=workers")
    changed = conf.read_text(encoding="utf-8")
    done = run_gcadvise("apply", conf.name, "--restore")
    assert done.returncode == 0
    assert conf.read_text(encoding="utf-8") == CONF
    assert any(path.read_text(encoding="utf-8") == changed for path in conf.parent.glob("*.bak*"))


@pytest.mark.parametrize(
    ("text", "arguments", "what"),
    [
        (None, [], "cannot be read"),
        ("workers = \n", [], "is left as it is"),
        (CONF, ["--only=worker"], "nothing is recommended for 'worker'"),
        (CONF, ["--restore"], "there is no backup of gunicorn.conf.py"),
    ],
)
def test_what_cannot_be_done_is_said_in_three_lines(
    run_gcadvise: RunGcadvise, tmp_path: Path, text: str | None, arguments: list[str], what: str
) -> None:
    if text is not None:
        (tmp_path / "gunicorn.conf.py").write_text(text)
    done = run_gcadvise("apply", "gunicorn.conf.py", *HOST, "--yes", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert what in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_without_a_terminal_nobody_is_asked(run_gcadvise: RunGcadvise, conf: Path) -> None:
    done = run_gcadvise("apply", conf.name, *HOST)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert conf.read_text(encoding="utf-8") == CONF


def on_a_terminal(conf: Path, replies: list[str], *arguments: str) -> str:
    """Run apply on a terminal, give one reply to each question, and return what was shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("gcadvise")), "apply", conf.name, *HOST, *arguments],
        cwd=conf.parent,
        env=child_environment(conf.parent),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown, answered, end = "", 0, time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk.decode()
        asked = shown.count("quit [skip]: ") + shown.count("[y/N]: ")
        while answered < min(asked, len(replies)):
            os.write(master, f"{replies[answered]}\n".encode())
            answered += 1
    process.wait(30)
    os.close(master)
    assert answered == len(replies), shown
    return shown


def test_each_group_is_reviewed_on_a_terminal(conf: Path) -> None:
    shown = on_a_terminal(conf, ["details", "yes", "skip", "quit"])
    text = conf.read_text(encoding="utf-8")
    assert "workers = 5   # two" in text
    assert "threads = 16" in text
    assert "keepalive" not in text
    assert "accesslog" not in text
    assert "Gunicorn's starting rule" in shown


def test_a_computed_value_is_asked_for_alone(conf: Path) -> None:
    conf.write_text("import os\nworkers = (os.cpu_count() or 1) * 100\nthreads = 16\n")
    on_a_terminal(conf, ["yes", "n", "quit"])
    assert "os.cpu_count()" in conf.read_text()
    on_a_terminal(conf, ["yes", "y", "quit"])
    assert "workers = 5\n" in conf.read_text()


def test_quitting_at_once_changes_nothing(conf: Path) -> None:
    on_a_terminal(conf, ["q"])
    assert conf.read_text(encoding="utf-8") == CONF
