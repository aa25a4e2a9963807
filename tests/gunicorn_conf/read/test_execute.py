"""Executing a file in a child process: real values, static places, and bounds that hold."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gunicorn_conf.config import Assigned
from gunicorn_conf.read.execute import execute
from gunicorn_conf.rules.subject import ConfFile
from gunicorn_conf.value import Known, Unknown, certain


def _execute(
    text: str, directory: Path, seconds: float = 20, **environment: str
) -> tuple[ConfFile, dict[str, Assigned]]:
    conf, assigned = execute(
        "gunicorn.conf.py",
        text,
        python=sys.executable,
        environment=environment,
        directory=str(directory),
        seconds=seconds,
        memory_bytes=1024**3,
    )
    return conf, {one.name: one for one in assigned}


def test_values_are_real_and_places_are_those_of_the_text(tmp_path: Path) -> None:
    text = "import hashlib\nworkers = len(hashlib.md5(b'x').hexdigest())\n"
    conf, found = _execute(text, tmp_path)
    assert conf.failure is None
    assert (found["workers"].value, str(found["workers"].place)) == (Known(value=32), "gunicorn.conf.py:2:1")


def test_only_the_given_environment_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "1")
    _, found = _execute("import os\nraw_env = [os.environ['A'], str('OUTSIDE' in os.environ)]\n", tmp_path, A="b")
    assert certain(found["raw_env"].value) == (["b", "False"],)


def test_modules_that_are_missing_are_stood_in_for(tmp_path: Path) -> None:
    text = "import no_such_package.part as p\nfrom no_such_package import Worker\np.patch()\nclass W(Worker): pass\n"
    text += "worker_class = Worker\nworkers = p.SIZE * 2\nthreads = 3\n"
    conf, found = _execute(text, tmp_path)
    assert conf.failure is None
    assert certain(found["worker_class"].value) == ("no_such_package.Worker",)
    assert isinstance(found["workers"].value, Unknown)
    assert certain(found["threads"].value) == (3,)


def test_neighbours_are_imported(tmp_path: Path) -> None:
    (tmp_path / "sizes.py").write_text("workers = 7\ndef post_fork(server, worker): pass\n")
    conf, found = _execute("from sizes import *\n", tmp_path)
    assert certain(found["workers"].value) == (7,)
    post_fork = conf.function("post_fork")
    assert post_fork is not None
    assert (post_fork.least, post_fork.most) == (2, 2)
    assert not list(tmp_path.glob("__pycache__"))


def test_types_survive_the_way_back(tmp_path: Path) -> None:
    text = "raw_env = [1, 2.5, True, None, 'ü', ('a',), {'k': {1}}, float('inf'), 2 ** 70]\n"
    _, found = _execute(text, tmp_path)
    assert certain(found["raw_env"].value) == ([1, 2.5, True, None, "ü", ("a",), {"k": {1}}, float("inf"), 2**70],)


def test_output_is_discarded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _execute("import os, sys\nprint('x')\nos.write(2, b'y')\nworkers = 2\n", tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_fails_says_how_and_keeps_the_static_values(tmp_path: Path) -> None:
    conf, found = _execute("workers = 2\nopen('/no/such/file')\n", tmp_path)
    assert conf.failure is not None
    assert conf.failure.startswith("FileNotFoundError")
    assert certain(found["workers"].value) == (2,)


def test_a_file_that_never_ends_is_stopped_with_its_children(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    text = f"import time\nheld = open({str(fifo)!r}, 'wb', buffering=0)\nheld.write(b'x')\ntime.sleep(600)\n"
    conf, _ = _execute(text, tmp_path, seconds=2)
    assert conf.failure == "it takes more than 2 seconds to execute"
    # What it wrote, then the end of the file: nobody holds it open any more.
    assert (os.read(reading, 2), os.read(reading, 1)) == (b"x", b"")
    os.close(reading)


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("x = 'a' * 10 ** 10\n", "MemoryError"),
        ("import os\nos.kill(os.getpid(), 9)\n", "the process that executes it ended"),
        ("import os\nos._exit(0)\n", "the process that executes it ended"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    ],
)
def test_a_file_that_ends_its_process_is_a_failure(text: str, failure: str, tmp_path: Path) -> None:
    conf, _ = _execute(text, tmp_path)
    assert conf.failure is not None
    assert conf.failure.startswith(failure)


def test_a_file_cannot_write_to_files(tmp_path: Path) -> None:
    target = tmp_path / "target"
    conf, _ = _execute(f"with open({str(target)!r}, 'w') as f:\n    f.write('x')\n", tmp_path)
    assert conf.failure is not None
    assert target.read_text() == ""


def test_an_interpreter_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    conf, _ = execute("c.py", "workers = 1\n", python="/no/python", environment={}, directory=str(tmp_path))
    assert conf.failure == "/no/python cannot be started: No such file or directory"


def test_what_cannot_be_parsed_is_not_executed(tmp_path: Path) -> None:
    conf, assigned = execute("c.py", "workers = (\n", python="/no/python", environment={}, directory=str(tmp_path))
    assert conf.problem is not None
    assert assigned == ()
