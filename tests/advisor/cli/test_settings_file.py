"""Defaults from gcadvise.toml and pyproject.toml: what wins, where a value is said to come from, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.commands import COMMANDS, flags
from advisor.cli.settings_file import defaults_from_files
from gunicorn_conf.errors import BadInput
from tests.conftest import Completed, RunGcadvise


def recommended(done: Completed) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file_and_the_file_over_what_is_detected(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    command = ("recommend", "--io-bound", "--format", "json")
    variable = {"GCADVISE_CPUS": "3", "GCADVISE_WAIT_RATIO": "3"}

    detected = recommended(run_gcadvise(*command))
    assert detected["workload"]["source"]["wait_ratio"] == "assumed"

    (tmp_path / "gcadvise.toml").write_text("cpus = 2\nwait-ratio = 2\n")
    by_file = recommended(run_gcadvise(*command))
    assert by_file["host"]["cpus"] == 2
    assert by_file["host"]["cpus_source"] == "given as cpus in gcadvise.toml or pyproject.toml"
    assert (by_file["workload"]["wait_ratio"], by_file["workload"]["source"]["wait_ratio"]) == (2, "file")

    by_variable = recommended(run_gcadvise(*command, env=variable))
    assert by_variable["host"]["cpus"] == 3
    assert by_variable["host"]["cpus_source"] == "given with GCADVISE_CPUS"
    assert (by_variable["workload"]["wait_ratio"], by_variable["workload"]["source"]["wait_ratio"]) == (3, "variable")

    by_flag = recommended(run_gcadvise(*command, "--cpus", "4", "--wait-ratio", "4", env=variable))
    assert by_flag["host"]["cpus"] == 4
    assert by_flag["host"]["cpus_source"] == "given with --cpus"
    assert (by_flag["workload"]["wait_ratio"], by_flag["workload"]["source"]["wait_ratio"]) == (4, "flag")


def test_the_kind_may_stand_in_the_file_and_a_flag_wins_over_it(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text("[recommend]\ncpu-bound = true\n")
    assert recommended(run_gcadvise("recommend", "--format", "json"))["workload"]["kind"] == "cpu-bound"
    by_flag = recommended(run_gcadvise("recommend", "--mixed", "--format", "json"))
    assert by_flag["workload"]["kind"] == "mixed"


def test_a_table_of_one_command_wins_over_what_is_for_all(tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text('cpus = "2"\nformat = "json"\n[recommend]\ncpus = 0.5\n')
    assert defaults_from_files("recommend", tmp_path) == {"recommend": {"cpus": "0.5", "output_format": "json"}}
    assert defaults_from_files("inspect", tmp_path) == {"inspect": {"cpus": "2", "output_format": "json"}}


def test_pyproject_has_a_table_for_it_and_gcadvise_toml_comes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.gcadvise]\nmemory-share = 0.5\n')
    assert defaults_from_files("recommend", tmp_path)["recommend"] == {"memory_share": "0.5"}
    (tmp_path / "gcadvise.toml").write_text("memory-share = 0.25\n")
    assert defaults_from_files("recommend", tmp_path)["recommend"] == {"memory_share": "0.25"}


@pytest.mark.parametrize("text", ['[project]\nname = "gcadvise"\n', "[tool.ruff]\nline-length = 100\n", "tool = 3\n"])
def test_a_pyproject_that_says_nothing_about_it_changes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert defaults_from_files("recommend", tmp_path) == {}


def test_what_another_command_knows_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text("memory-share = 0.5\ncpus = 2\n[recommend]\nmixed = true\n")
    assert defaults_from_files("inspect", tmp_path) == {"inspect": {"cpus": "2"}}


def test_no_file_changes_nothing(tmp_path: Path) -> None:
    assert defaults_from_files("recommend", tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wait_ratio = 3", "did you mean 'wait-ratio'?"),
        ("[recommend]\nmemory-shar = 1", "did you mean 'memory-share'?"),
        ("[recommended]\ncpus = 1", "did you mean 'recommend'?"),
        ("xyzzy = 1", "known are: "),
    ],
)
def test_an_unknown_key_is_an_error_with_a_suggestion(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "gcadvise.toml").write_text(text)
    with pytest.raises(BadInput, match="is not known") as error:
        defaults_from_files("recommend", tmp_path)
    assert says in error.value.hint


def test_a_value_in_the_place_of_a_commands_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text("recommend = 1")
    with pytest.raises(BadInput, match="is a command, not a flag") as error:
        defaults_from_files("recommend", tmp_path)
    assert "[recommend]" in error.value.hint


@pytest.mark.parametrize("text", ["cpus = ", "cpus = [1, 2]", "cpus = 2026-01-01", "[tool\n", "\xff"])
def test_what_cannot_be_used_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "gcadvise.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput, match=r"gcadvise\.toml"):
        defaults_from_files("recommend", tmp_path)


def test_a_wrong_value_is_said_to_come_from_the_file(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text('wait-ratio = "high"\n')
    done = run_gcadvise("recommend", "--io-bound")
    assert done.returncode == 2
    assert "gcadvise.toml" in done.stderr


def test_an_error_in_the_file_ends_with_2_and_three_lines(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gcadvise]\ncpu = 1\n")
    done = run_gcadvise("recommend", "--io-bound")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()] == ["Error", "Why", "Fix"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_its_flags_from_the_file(command: str, tmp_path: Path) -> None:
    known = flags(command)
    assert known
    (tmp_path / "gcadvise.toml").write_text(f"[{command}]\n" + "".join(f'{flag} = "1"\n' for flag in known))
    assert set(defaults_from_files(command, tmp_path)[command]) == set(known.values())
