"""Whatever a file holds, reading it ends with an answer."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.read.evaluate_limits import MAX_FILE_STEPS, Budget, Exhausted
from tests.gunicorn_conf.read.programs import Programs
from tests.gunicorn_conf.read.test_conf_py_corpus import CORPUS

_WORDS = (
    *("workers", "bind", "=", "(", ")", "[", "]", "{", "}", ":", ",", "\n", "\n    ", "if", "else", "for", "in"),
    *("import os", "os.environ", ".get", "'x'", '"', "lambda", "*", "**", "1", "0x", "f'{", "}'", "try", "except"),
    *("class A", "return", "yield", "await", "async", "with", "match", "case", "_", "del", "global", ":=", "@", "\t"),
    *("#", "\\", "def f"),
)


def _read(text: str) -> None:
    conf, _ = read_conf("gunicorn.conf.py", text)
    assert (conf.tree is None) == (conf.problem is not None)


@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    _read(content.decode("utf-8", "surrogateescape"))


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    _read(text)


@given(st.lists(st.sampled_from(_WORDS), max_size=40))
def test_any_words_of_python(words: list[str]) -> None:
    _read(" ".join(words))


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_program(chance: Random) -> None:
    programs = Programs(chance)
    _read("\n".join([*programs.start(), *(line for _ in range(10) for line in programs.statement()), ""]))


@settings(deadline=None)
@given(st.sampled_from(sorted(CORPUS)), st.integers(0, 400), st.integers(0, 40), st.text(max_size=5))
def test_any_damage_to_a_real_file(name: str, start: int, length: int, inserted: str) -> None:
    text = CORPUS[name]
    _read(text[:start] + inserted + text[start + length :])


@pytest.mark.parametrize("part", ["(", "[", "{", "-", "not ", "a.", "a[", "f(", "lambda:", "1+", "if 1:\n ", "x="])
def test_any_depth(part: str) -> None:
    for count in (50, 95, 400, 20_000):
        _read(part * count)
        _read(part * count + "1\n")


def _spend_for_ever(budget: Budget) -> None:
    for _ in range(MAX_FILE_STEPS):
        budget.new_statement()
        budget.spend(2)


def test_steps_are_bounded() -> None:
    with pytest.raises(Exhausted):
        _spend_for_ever(Budget())
