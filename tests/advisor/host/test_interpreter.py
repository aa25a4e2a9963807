"""The Python that will run Gunicorn, and the Gunicorn in it; other programs are run for real."""

from __future__ import annotations

import importlib.metadata
import os
import select
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.facts import Fact, Origin
from advisor.host.ask_python import Answer, ask_python
from advisor.host.interpreter import find_python
from advisor.host.system import System
from gunicorn_conf.errors import BadInput

OWN_VERSION = "{}.{}.{}".format(*sys.version_info[:3])


def system(tmp_path: Path, **environ: str) -> System:
    return System(root=tmp_path, environ=environ)


def given(path: Path | str) -> Fact[str]:
    return Fact(value=str(path), source="given with --python", origin=Origin.FLAG)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def ends(pid: int) -> bool:
    """Whether the process is gone, or goes within the time that the kernel may take to end it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 30)[0])
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("venv") / "empty"
    venv.create(path, with_pip=False, symlinks=True)
    return path


def install(environment: Path, name: str) -> Path:
    metadata = next(environment.glob("lib/python*/site-packages")) / name
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gunicorn\nVersion: 22.0.0\n")
    return metadata


@pytest.fixture
def environment(empty_environment: Path) -> Iterator[Path]:
    metadata = install(empty_environment, "gunicorn-22.0.0.dist-info")
    yield empty_environment
    (metadata / "METADATA").unlink()
    metadata.rmdir()


def test_our_own_python_is_taken_when_nothing_says_otherwise(tmp_path: Path) -> None:
    python, gunicorn = find_python(system(tmp_path), None)
    assert python.value is not None
    assert (python.value.path, python.value.version) == (sys.executable, OWN_VERSION)
    assert python.source == "gcadvise's own"
    assert gunicorn.value == importlib.metadata.version("gunicorn")


def test_the_virtual_environment_that_is_active_is_taken(tmp_path: Path, environment: Path) -> None:
    python, gunicorn = find_python(system(tmp_path, VIRTUAL_ENV=str(environment)), None)
    assert python.value is not None
    assert python.value.path == f"{environment}/bin/python"
    assert python.source == "VIRTUAL_ENV"
    assert (gunicorn.value, gunicorn.source) == ("22.0.0", f"installed in {environment}/bin/python")


def test_a_virtual_environment_that_is_gone_is_told_and_our_own_taken(tmp_path: Path) -> None:
    python, _ = find_python(system(tmp_path, VIRTUAL_ENV="/nowhere"), None)
    assert python.known
    assert python.source == "gcadvise's own; VIRTUAL_ENV names /nowhere, which has no bin/python"


@pytest.mark.parametrize("below", ["", "bin/python"])
def test_a_given_environment_or_its_python_wins(tmp_path: Path, environment: Path, below: str) -> None:
    python, gunicorn = find_python(system(tmp_path, VIRTUAL_ENV="/nowhere"), given(environment / below))
    assert python.value is not None
    assert python.value.version == OWN_VERSION
    assert python.origin is Origin.FLAG
    assert gunicorn.value == "22.0.0"


def test_a_name_is_looked_for_on_the_path(tmp_path: Path, environment: Path) -> None:
    python, _ = find_python(system(tmp_path, PATH=f"{environment}/bin"), given("python"))
    assert python.value is not None
    assert python.value.path == f"{environment}/bin/python"


def test_a_python_without_gunicorn_says_so(tmp_path: Path, empty_environment: Path) -> None:
    python, gunicorn = find_python(system(tmp_path), given(empty_environment))
    assert python.known
    assert (gunicorn.value, gunicorn.source) == (None, f"no Gunicorn in {empty_environment}/bin/python")


def test_our_own_python_by_its_path_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> Answer | str:
        raise AssertionError(f"{path} was started")

    monkeypatch.setattr("advisor.host.ask_python.ask_python", refuse)
    python, gunicorn = find_python(system(tmp_path), given(sys.executable))
    assert python.source == "given with --python"
    assert gunicorn.known


@pytest.mark.parametrize("name", ["gunicorn-20.1.0.dist-info", "gunicorn-20.1.0-py3.10.egg-info"])
def test_our_own_gunicorn_is_the_first_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "gunicorn-notes.dist-info").mkdir()
    (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "path", ["/nowhere", str(tmp_path), *sys.path])
    assert find_python(system(tmp_path), None)[1].value == "20.1.0"


@pytest.mark.parametrize("path", ["/nowhere/python", "no-such-program", "\0", ""])
def test_a_given_python_that_does_not_exist_is_bad_input(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadInput, match="there is no Python at"):
        find_python(system(tmp_path, PATH="/nowhere"), given(path))


@pytest.mark.parametrize("text", ["exit 3", "echo hello", "cat; echo gcadvise-answer"])
def test_a_given_program_that_is_no_python_is_bad_input(tmp_path: Path, text: str) -> None:
    path = program(tmp_path / "pretender", text)
    with pytest.raises(BadInput, match="is not a Python that runs") as caught:
        find_python(system(tmp_path), given(path))
    assert caught.value.why == f"given with --python; {path} did not answer as a Python does"


def test_a_broken_python_of_the_active_environment_is_unknown_with_the_reason(tmp_path: Path) -> None:
    path = program(tmp_path / "env/bin/python", "exit 1")
    python, gunicorn = find_python(system(tmp_path, VIRTUAL_ENV=str(tmp_path / "env")), None)
    assert (python.value, gunicorn.value) == (None, None)
    assert python.source == gunicorn.source == f"{path} did not answer as a Python does"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open, to await the end of a process")
def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    path = program(tmp_path / "hangs", f"sleep 1000 & echo $! > {pid_file}; wait")
    assert ask_python(str(path), timeout_seconds=2) == f"{path} gave no answer within 2 s"
    assert ends(int(pid_file.read_text()))


def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    path = program(tmp_path / "prints", "exec yes")
    assert ask_python(str(path)) == f"{path} did not answer as a Python does"


def test_a_file_that_cannot_be_executed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    assert ask_python(str(path)) == f"{path} cannot be run: Exec format error"


def test_modules_of_the_working_directory_are_not_run(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('ran the wrong module')")
    (tmp_path / "importlib.py").write_text("raise SystemExit('ran the wrong module')")
    monkeypatch.chdir(tmp_path)
    answer = ask_python(os.fspath(environment / "bin/python"))
    assert answer == Answer(OWN_VERSION, False, "22.0.0")
