"""Edits at exact places: what they change, and that they change nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Edit, Fix
from gunicorn_conf.write.edit import Fixed, apply_fixes, line_starts, span_of

CONF = "gunicorn.conf.py"


def place(line: int, column: int, end_line: int, end_column: int, path: str = CONF) -> Place:
    return Place(path=path, line=line, column=column, end_line=end_line, end_column=end_column)


def on(line: int, column: int, end_column: int, text: str = "", path: str = CONF) -> Edit:
    return Edit(place=place(line, column, line, end_column, path), text=text)


def fix(*edits: Edit) -> Fix:
    return Fix(description="mend it", safe=True, edits=edits)


def fixed(text: str, *fixes: Fix) -> Fixed:
    return apply_fixes({CONF: text}, fixes)


def result(text: str, *edits: Edit) -> str:
    return fixed(text, *(fix(edit) for edit in edits)).texts.get(CONF, text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_the_place_changes_whatever_ends_the_lines(end: str) -> None:
    text = end.join(["# é", "worker = 4  # ours", "", "bind = ':8000'"])
    assert result(text, on(2, 1, 7, "workers")) == text.replace("worker ", "workers ")


def test_edits_of_one_file_do_not_shift_one_another() -> None:
    text = "a = 1\nb = 2\n"
    assert result(text, on(1, 1, 2, "aaa"), on(1, 5, 6, "10"), on(2, 5, 6, "20")) == "aaa = 10\nb = 20\n"


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ("a = 1\nb = 2\nc = 3\n", on(2, 1, 6), "a = 1\nc = 3\n"),
        ("a = 1\r\nb = 2\r\nc = 3", on(2, 1, 6), "a = 1\r\nc = 3"),
        ("a = 1\nb = 2", on(2, 1, 6), "a = 1\n"),
        ("b = 2", on(1, 1, 6), ""),
        ("if x:\n    b = 2  \n    c = 3\n", on(2, 5, 10), "if x:\n    c = 3\n"),
        ("b = 2  # why\n", on(1, 1, 6), "# why\n"),
        ("    b = 2  # why\n", on(1, 5, 10), "    # why\n"),
        ("b = 2  # why\n", on(1, 8, 13), "b = 2\n"),
        ("gunicorn --foo 3 app\n", on(1, 10, 17), "gunicorn app\n"),
        ("gunicorn --foo\n", on(1, 10, 15), "gunicorn\n"),
        ("f(a,b)\n", on(1, 4, 5), "f(ab)\n"),
    ],
)
def test_what_is_removed_takes_its_line_or_its_blank_with_it(text: str, edit: Edit, expected: str) -> None:
    assert result(text, edit) == expected


def test_a_place_may_cover_several_lines() -> None:
    text = "bind = [\n    ':1',\n]\nworkers = 1\n"
    removed = apply_fixes({CONF: text}, [fix(Edit(place=place(1, 1, 3, 2), text=""))])
    assert removed.texts[CONF] == "workers = 1\n"


def test_of_two_fixes_that_overlap_the_first_is_applied_and_the_other_is_left() -> None:
    first, second = fix(on(1, 1, 7, "workers")), fix(on(1, 1, 11))
    done = fixed("worker = 4\n", first, second)
    assert done.texts == {CONF: "workers = 4\n"}
    assert (done.applied, done.left) == ((first,), (second,))


def test_a_fix_is_applied_whole_or_not_at_all() -> None:
    taken = fix(on(1, 1, 2, "x"))
    both = fix(on(2, 1, 2, "y"), on(1, 1, 2, "z"))
    done = fixed("a\nb\n", taken, both)
    assert done.texts == {CONF: "x\nb\n"}
    assert done.left == (both,)


def test_the_same_edit_asked_for_twice_is_made_once() -> None:
    assert result("worker = 4\n", on(1, 1, 7, "workers"), on(1, 1, 7, "workers")) == "workers = 4\n"


def test_a_fix_may_bear_on_several_files() -> None:
    done = apply_fixes({"a": "x\n", "b": "y\n", "c": "z\n"}, [fix(on(1, 1, 2, "1", "a"), on(1, 1, 2, "2", "b"))])
    assert done.texts == {"a": "1\n", "b": "2\n"}


@pytest.mark.parametrize(
    "where",
    [place(9, 1, 9, 2), place(1, 1, 1, 99), place(1, 3, 1, 1), place(1, 1, 1, 2, "elsewhere"), Place(path=CONF)],
)
def test_a_place_that_is_not_in_the_text_is_left_alone(where: Place) -> None:
    done = fixed("a = 1\n", fix(Edit(place=where, text="x")))
    assert (done.texts, len(done.left)) == ({}, 1)


def test_a_fix_without_edits_is_left() -> None:
    assert len(fixed("a = 1\n", fix()).left) == 1


@given(st.text(alphabet="ab \r\n\f\u2028é", max_size=40))
def test_lines_begin_after_each_line_end_and_nowhere_else(text: str) -> None:
    starts = line_starts(text)
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert "".join(parts) == text
    assert all("\n" not in part.removesuffix("\n").removesuffix("\r") for part in parts)
    assert len(starts) == 1 + text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@given(st.text(alphabet="ab\r\n", max_size=30), st.data())
def test_an_edit_changes_exactly_its_span(text: str, data: st.DataObject) -> None:
    line = data.draw(st.integers(1, len(line_starts(text))))
    column = data.draw(st.integers(1, 5))
    where = place(line, column, line, column + data.draw(st.integers(0, 3)))
    span = span_of(where, text)
    new = apply_fixes({CONF: text}, [fix(Edit(place=where, text="NEW"))]).texts.get(CONF, text)
    assert new == (text if span is None else text[: span[0]] + "NEW" + text[span[1] :])
