"""The file of --save: what it may replace, and that it is written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli.saved_result import SavedResult
from advisor.report.envelope import envelope
from gunicorn_conf.errors import BadInput

RESULT = envelope("bench", {"samples": 1})


def test_it_is_written_anew_each_time_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    saved = SavedResult(tmp_path / "result.json", command="bench", force=False)
    saved.write(RESULT)
    saved.write(RESULT.replace("1", "2"))
    assert (tmp_path / "result.json").read_text() == RESULT.replace("1", "2")
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_an_earlier_result_of_the_same_command_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(RESULT)
    SavedResult(path, command="bench", force=False).write("{}")
    assert path.read_text() == "{}"


@pytest.mark.parametrize("text", ["", "notes", '{"schema": "other/1"}', RESULT.replace("bench", "compare"), "\0\xff"])
def test_anything_else_is_left_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(BadInput, match="exists and is left as it is"):
        SavedResult(path, command="bench", force=False)
    assert path.read_text() == text


def test_with_force_it_is_replaced_once_and_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("notes")
    saved = SavedResult(path, command="bench", force=True)
    saved.write(RESULT)
    saved.write(RESULT + "\n")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "result.json": RESULT + "\n",
        "result.json.bak": "notes",
    }


def test_a_directory_that_is_missing_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"result\.json cannot be written"):
        SavedResult(tmp_path / "missing" / "result.json", command="bench", force=True)
    with pytest.raises(BadInput, match="cannot be written"):
        SavedResult(tmp_path, command="bench", force=True)


def test_a_directory_that_may_not_be_written_to_is_said_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.cli.files.os.access", lambda *_: False)
    with pytest.raises(BadInput, match="cannot be written") as refused:
        SavedResult(tmp_path / "result.json", command="bench", force=False)
    assert "may not be written to" in refused.value.why
