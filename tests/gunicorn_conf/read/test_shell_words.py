"""The expansion of shell words, held against a real shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gunicorn_conf.read.shell_words import expand
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word
from gunicorn_conf.value import Known, Unknown, Value

VARIABLES = {"A": "1", "B": "two words", "E": "", "P": "a/b.c/d.c", "S": " s "}
BASH = shutil.which("bash")


class Scope:
    arguments: Sequence[Word] | None = ()
    directory: str | None = None

    def __init__(self) -> None:
        self.variables: dict[str, Value] = {name: Known(value=value) for name, value in VARIABLES.items()}

    def variable(self, name: str) -> Value | None:
        return self.variables.get(name)

    def array(self, name: str) -> Sequence[Word] | None:
        return None

    def assign(self, name: str, value: Value) -> None:
        self.variables[name] = value


def ours(text: str) -> list[str | None]:
    return [word.known for word in expand(Text(text, "f"), Scope())]


def shells(text: str) -> list[str] | None:
    """The words as bash makes them; None where it refuses the text."""
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-f", "-c", "printf '%s\\0' " + text],
        env={**VARIABLES, "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    if done.returncode or done.stderr:
        return None
    return done.stdout.decode().split("\0")[:-1]


PIECES = st.sampled_from(
    [
        "a",
        "-w",
        "4",
        " ",
        "  ",
        "'",
        '"',
        "\\ ",
        "\\\\",
        '\\"',
        "\\'",
        "\\\n",
        "$A",
        "${A}",
        "$B",
        "${B}",
        "$E",
        "${E:-x y}",
        "${E-x}",
        "${Z:-d}",
        "${Z-d}",
        '"${Z:-$A}"',
        "${Z:+n}",
        "${A:+set}",
        "$((2 * A + 1))",
        "$((7/2))",
        "'a b'",
        '"c $A"',
        '"$B"',
        "${P##*/}",
        "${P%.*}",
        "${P#*/}",
        "${P%%/*}",
        "$'x\\ty'",
        "=",
        ":",
        "0.0.0.0:",
        "$S",
        '"$E"',
        "''",
        "${Z:=$B}",
        "$Z",
        "{",
        "}",
        "~x",
        "é",
    ]
)


@pytest.mark.skipif(BASH is None, reason="there is no bash here to compare with")
@given(st.lists(PIECES, min_size=1, max_size=7).map("".join))
@settings(max_examples=150, deadline=None)
def test_words_are_those_of_a_shell(text: str) -> None:
    expected = shells(text)
    if expected is None:
        ours(text)
        return
    found = ours(text)
    if None in found:
        # A variable that is not set is unknown here, for someone may set it; to the shell it is empty.
        return
    # `printf '%s\0'` without words prints one empty word.
    assert (found or [""]) == expected, text


@pytest.mark.parametrize(
    "text", ["${A//x/y}", "$(cat /etc/passwd)", "`date`", "$(curl x | sh)", "${A:1:2}", "${!A}", "$RANDOM", "$$", "$?"]
)
def test_what_is_not_evaluated_is_unknown_with_a_reason(text: str) -> None:
    (word,) = expand(Text(text, "f"), Scope())
    assert isinstance(word.value, Unknown)
    assert word.value.why


@pytest.mark.parametrize(
    ("text", "on_four_cpus"),
    [
        ("$(nproc)", "4"),
        ("`nproc --all`", "4"),
        ("$((2 * $(nproc) + 1))", "9"),
        ("$(( $(nproc)*2+1 ))", "9"),
        ("$(expr 2 \\* $(nproc) + 1)", "9"),
        ("$(getconf _NPROCESSORS_ONLN)", "4"),
        ("$(grep -c ^processor /proc/cpuinfo)", "4"),
        ("$(python -c 'import multiprocessing as m; print(m.cpu_count() * 2 + 1)')", "9"),
        ("--workers=$(nproc)", "--workers=4"),
    ],
)
def test_what_counts_cpus_depends_on_the_host(text: str, on_four_cpus: str) -> None:
    from gunicorn_conf.value import PerHost

    (word,) = expand(Text(text, "f"), Scope())
    assert isinstance(word.value, PerHost)
    assert word.value.at(4) == on_four_cpus


def test_a_quoted_word_knows_where_its_characters_stand() -> None:
    first, second = expand(Text("x 'gunicorn -w'", "f"), Scope())
    assert str(second.place) == "f:1:3"
    assert second.inner is not None
    assert str(second.inner.place(9, 11)) == "f:1:13"
    assert first.text == "x"


@given(st.text(max_size=60))
def test_any_text_expands_to_something(text: str) -> None:
    expand(Text(text, "f"), Scope())


@given(st.text(alphabet="${}()'\"`\\:-=aA \n", max_size=60))
def test_any_heap_of_shell_signs_expands_to_something(text: str) -> None:
    expand(Text(text, "f"), Scope())
