from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gunicorn_conf.settings import settings
from gunicorn_conf.write.conf_py import Entry, SettingValue, conf_py, quoted
from tests.conftest import MatchesFile

PATTERN_OF_A_COOKIE = "coding: latin-1"  # what Python would take for the file's encoding in the first two lines

texts = st.text() | st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp", "Po"])) | st.just(PATTERN_OF_A_COOKIE)
values = st.booleans() | st.integers() | texts


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    name = draw(st.sampled_from(sorted(settings())))
    value = draw(values)
    if isinstance(value, str) and draw(st.booleans()):
        return Entry(name=name, value=value, reason=draw(texts), only_if_directory=True)
    variable = draw(st.sampled_from([None, "WEB_CONCURRENCY"])) if not isinstance(value, bool) else None
    return Entry(name=name, value=value, reason=draw(texts), variable=variable)


def evaluated(
    text: str, environment: Mapping[str, str] | None = None, directories: tuple[str, ...] = ()
) -> dict[str, object]:
    """The names that the file defines, when it is read as Gunicorn reads it: as bytes."""
    code = compile(text.encode("utf-8"), "gunicorn.conf.py", "exec", dont_inherit=True)
    os = SimpleNamespace(environ=dict(environment or {}), path=SimpleNamespace(isdir=lambda path: path in directories))
    names: dict[str, object] = {"__builtins__": {"int": int, "__import__": lambda *_: os}}
    exec(code, names)
    del names["__builtins__"]
    assert names.pop("os", os) is os
    return names


def value_of(entry: Entry, **arguments: object) -> object:
    return evaluated(conf_py([entry]), **arguments)[entry.name]  # type: ignore[arg-type]


@given(st.lists(entries(), unique_by=lambda entry: entry.name), st.lists(texts, max_size=3))
@example([Entry(name="workers", value=1, reason="\r\nworkers = 2\u2028workers = 3\x00\ud800")], ["\nworkers = 4"])
@example([Entry(name="proc_name", value=PATTERN_OF_A_COOKIE, reason="é")], [])
@example([Entry(name="proc_name", value="é", reason="é")], ["é", PATTERN_OF_A_COOKIE])
@example([Entry(name="proc_name", value="é", reason="#coding=utf-16 -*- coding: utf-7 -*-")], [])
def test_no_text_leaves_its_comment_and_every_value_arrives(given: list[Entry], header: list[str]) -> None:
    directories = tuple(str(entry.value) for entry in given if entry.only_if_directory)
    found = evaluated(conf_py(given, header=header), directories=directories)

    assert found == {entry.name: entry.value for entry in given}
    assert [type(value) for value in found.values()] == [type(entry.value) for entry in given]


@given(st.lists(entries(), unique_by=lambda entry: entry.name), st.lists(texts, max_size=3))
def test_the_file_ends_with_one_newline_and_has_no_stray_blanks(given: list[Entry], header: list[str]) -> None:
    text = conf_py(given, header=header)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not text.startswith("\n") or not (given or header)
    assert all(line == line.rstrip() for line in text.split("\n") if line.startswith("#"))


@given(st.lists(st.text(st.characters(categories=["L", "P"]), max_size=90), min_size=1))
def test_comments_stay_within_100_columns(words: list[str]) -> None:
    text = conf_py([Entry(name="workers", value=1, reason=" ".join(words))], header=[" ".join(words)])
    assert max(len(line) for line in text.split("\n")) <= 100


@given(texts)
def test_a_quoted_string_is_one_line_in_double_quotes_and_evaluates_to_itself(text: str) -> None:
    literal = quoted(text)
    assert literal.startswith('"')
    assert len(literal.splitlines()) == 1
    assert eval(literal) == text


def test_a_file_looks_as_one_would_write_it_by_hand(matches_file: MatchesFile) -> None:
    written = conf_py(
        [
            Entry(name="bind", value="0.0.0.0:8000", reason="The platform says where, in PORT.", variable="PORT"),
            Entry(name="workers", value=5, reason="2 × 2 CPUs + 1 = 5.", variable="WEB_CONCURRENCY"),
            Entry(name="threads", value=16, reason="80 slots ÷ 5 workers."),
            Entry(name="worker_connections", value=16, reason="As many as threads.", same_as="threads"),
            Entry(name="worker_tmp_dir", value="/dev/shm", reason="In memory.", only_if_directory=True),
            Entry(name="control_socket_disable", value=True, reason=""),
        ],
        header=["Recommended for 2 CPUs.", "", "The same file again:", "  gcadvise " + "--flag value " * 10],
    )
    matches_file(written, Path(__file__).with_name("expected_conf.py.txt"))


def test_the_same_entries_give_the_same_text() -> None:
    given = [Entry(name="workers", value=5, reason="Five.", variable="WEB_CONCURRENCY")]
    assert conf_py(given, header=["One."]) == conf_py(list(given), header=("One.",))


def test_nothing_to_write_is_an_empty_file() -> None:
    assert conf_py([]) == "\n"


def test_os_is_imported_only_where_it_is_needed() -> None:
    plain = Entry(name="workers", value=5, reason="")
    assert "import" not in conf_py([plain])
    assert "import os\n" in conf_py([plain, Entry(name="threads", value=5, reason="", variable="THREADS")])


@pytest.mark.parametrize(
    ("name", "value", "variable", "set_to", "expected"),
    [
        ("workers", 5, "WEB_CONCURRENCY", None, 5),
        ("workers", 5, "WEB_CONCURRENCY", "", 5),
        ("workers", 5, "WEB_CONCURRENCY", "3", 3),
        ("bind", "0.0.0.0:8000", "PORT", None, "0.0.0.0:8000"),
        ("bind", "0.0.0.0:8000", "PORT", "", "0.0.0.0:8000"),
        ("bind", "0.0.0.0:8000", "PORT", "9000", "0.0.0.0:9000"),
        ("bind", "[::]:8000", "PORT", "9000", "[::]:9000"),
        ("forwarded_allow_ips", "127.0.0.1", "FORWARDED_ALLOW_IPS", None, "127.0.0.1"),
        ("forwarded_allow_ips", "127.0.0.1", "FORWARDED_ALLOW_IPS", "*", "*"),
    ],
)
def test_a_variable_wins_when_it_is_set_and_not_empty(
    name: str, value: SettingValue, variable: str, set_to: str | None, expected: object
) -> None:
    environment = {} if set_to is None else {variable: set_to}
    entry = Entry(name=name, value=value, reason="", variable=variable)
    assert value_of(entry, environment=environment) == expected


def test_a_directory_counts_only_where_it_exists() -> None:
    entry = Entry(name="worker_tmp_dir", value="/dev/shm", reason="", only_if_directory=True)
    assert value_of(entry, directories=("/dev/shm",)) == "/dev/shm"
    assert value_of(entry, directories=()) is None


def test_a_setting_that_names_another_follows_it() -> None:
    given = [
        Entry(name="threads", value=4, reason="", variable="THREADS"),
        Entry(name="worker_connections", value=4, reason="", same_as="threads"),
    ]
    assert evaluated(conf_py(given), {"THREADS": "7"}) == {"threads": 7, "worker_connections": 7}


def test_a_setting_that_names_one_that_is_not_written_before_it_has_its_own_value() -> None:
    given = [
        Entry(name="worker_connections", value=4, reason="", same_as="threads"),
        Entry(name="threads", value=4, reason=""),
    ]
    assert evaluated(conf_py(given)) == {"worker_connections": 4, "threads": 4}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "a\nb", "value": 1}, "is not a name"),
        ({"name": "preload_app", "value": True, "variable": "PRELOAD"}, "a bool cannot"),
        ({"name": "bind", "value": "unix:/run/app.sock", "variable": "PORT"}, "does not end in a port"),
        ({"name": "threads", "value": 1, "only_if_directory": True}, "is not a directory"),
        ({"name": "threads", "value": 1, "variable": "A", "same_as": "workers"}, "only one of"),
    ],
)
def test_an_entry_without_a_meaning_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Entry(reason="", **arguments)  # type: ignore[arg-type]
