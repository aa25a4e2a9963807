"""Comments that accept findings: where they may stand, and what they count for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Confidence, Finding, Problem, Severity
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.suppress import Suppression, malformed, read_suppressions, sift, unused
from gunicorn_conf.write.edit import apply_fixes


def finding(line: int | None, path: str, code: str = "GC101") -> Finding:
    place = Place(path=path, line=line, column=None if line is None else 1)
    return Finding(
        code=code,
        name="x",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        problem=Problem(message="m", place=place),
    )


def comments(text: str, path: str = "gunicorn.conf.py") -> tuple[Suppression, ...]:
    return read_suppressions(path, text, RULES)


def accepted(text: str, path: str = "gunicorn.conf.py") -> list[int]:
    """The lines whose findings of GC101 are taken away."""
    found = comments(text, path)
    lines = range(1, text.count("\n") + 2)
    return [line for line in lines if not sift([finding(line, path)], found).kept]


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("gunicorn.conf.py", "a = 1\nb = 2  # gcadvise: ignore[GC101] ours\nc = 3\n", [2]),
        ("gunicorn.conf.py", "a = 1\n# gcadvise: ignore[GC101]\nb = 2\nc = 3\n", [3]),
        ("gunicorn.conf.py", "# gcadvise: ignore[GC101]\n# another comment\n\nb = 2\nc = 3\n", [4]),
        ("gunicorn.conf.py", "b = [\n    1,\n]  # gcadvise: ignore[GC101]\nc = 3\n", [1, 2, 3]),
        ("gunicorn.conf.py", "b = [\n    1,  # gcadvise: ignore[GC101]\n]\nc = 3\n", [1, 2, 3]),
        ("gunicorn.conf.py", "def f():  # gcadvise: ignore[GC101]\n    b = 2\n    c = 3\n", [1]),
        ("gunicorn.conf.py", "def f():\n    b = 2  # gcadvise: ignore[GC101]\n    c = 3\n", [2]),
        ("gunicorn.conf.py", "a = ' # gcadvise: ignore[GC101]'\n", []),
        ("gunicorn.conf.py", 'a = """\n# gcadvise: ignore[GC101]\n"""\n', []),
        ("gunicorn.conf.py", "# gcadvise: ignore-file[GC101]\na = 1\nb = 2\n", [1, 2, 3, 4]),
        ("gunicorn.conf.py", "not Python  # gcadvise: ignore[GC101]\nb = 2\n", [1]),
        ("Dockerfile", "FROM x\n# gcadvise: ignore[GC101]\nCMD gunicorn \\\n  -w 3 \\\n  app\nUSER x\n", [3, 4, 5]),
        (
            "Dockerfile",
            "# gcadvise: ignore[GC101]\nCMD gunicorn \\\n# workers\n  -w 3 \\\n  app\nUSER x\n",
            [2, 3, 4, 5],
        ),
        ("Procfile", "web: gunicorn app # gcadvise: ignore[GC101]\nother: x\n", [1]),
        ("k8s.yaml", "a: 1 #gcadvise:ignore[GC101]\nb: 2\n", [1]),
        ("start.sh", "echo a#gcadvise: ignore[GC101]\n", []),
    ],
)
def test_a_comment_counts_for_its_statement_or_the_one_below(path: str, text: str, lines: list[int]) -> None:
    assert accepted(text, path) == [line for line in lines if line <= text.count("\n") + 1]


@pytest.mark.parametrize(
    "patterns", ["GC101", "gc101", "GC1", "GC1xx", "unknown-setting", "correctness", "GC192, GC101", "all"]
)
def test_rules_are_named_as_everywhere(patterns: str) -> None:
    assert accepted(f"a = 1  # gcadvise: ignore[{patterns}]\n") == [1]


def test_another_rule_is_not_accepted() -> None:
    assert accepted("a = 1  # gcadvise: ignore[GC192]\n") == []


def test_a_finding_on_the_file_as_a_whole_needs_a_comment_for_the_file() -> None:
    whole = finding(None, "gunicorn.conf.py")
    assert sift([whole], comments("a = 1  # gcadvise: ignore[GC101]\n")).kept == (whole,)
    assert sift([whole], comments("# gcadvise: ignore-file[GC101]\n")).kept == ()


def test_the_reason_is_kept() -> None:
    (one,) = comments("a = 1  # gcadvise: ignore[GC101] read by our deploy script\n")
    assert one.reason == "read by our deploy script"


def test_a_comment_that_took_something_away_is_used() -> None:
    found = comments("a = 1  # gcadvise: ignore[GC101]\n")
    sifted = sift([finding(1, "gunicorn.conf.py")], found)
    assert not list(unused(found, sifted.suppressed, frozenset({"GC101"})))


def test_a_comment_whose_rule_did_not_run_is_not_called_unused() -> None:
    found = comments("a = 1  # gcadvise: ignore[GC101]\n")
    assert not list(unused(found, (), frozenset({"GC192"})))
    assert len(list(unused(found, (), frozenset({"GC101"})))) == 1


def test_the_fix_takes_away_only_what_has_no_effect() -> None:
    text = "a = 1  # gcadvise: ignore[GC192, GC101] ours\n"
    found = comments(text)
    sifted = sift([finding(1, "gunicorn.conf.py")], found)
    (problem,) = unused(found, sifted.suppressed, frozenset({"GC101", "GC192"}))
    assert problem.fix is not None
    fixed = apply_fixes({"gunicorn.conf.py": text}, [problem.fix])
    assert fixed.texts == {"gunicorn.conf.py": "a = 1  # gcadvise: ignore[GC101] ours\n"}


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ignore", "this comment suppresses nothing: it names no rule"),
        ("ignore[]", "this comment suppresses nothing: it names no rule"),
        ("ignore[ , ]", "this comment suppresses nothing: it names no rule"),
        ("ignore GC101", "this comment suppresses nothing: it names no rule"),
        ("ignores[GC101]", "this comment suppresses nothing: 'ignores' is not known here"),
        ("ignore[GC1O1]", "'GC1O1' is not a rule, so this comment suppresses nothing by it"),
    ],
)
def test_a_comment_that_accepts_nothing_is_said_to(comment: str, message: str) -> None:
    problems = list(malformed(comments(f"a = 1  # gcadvise: {comment}\n"), RULES))
    assert [problem.message.startswith(message) for problem in problems] == [True]


def test_what_was_meant_is_asked() -> None:
    (problem,) = malformed(comments("a = 1  # gcadvise: ignore[unkown-setting]\n"), RULES)
    assert problem.help == "did you mean unknown-setting?"


@given(st.text(alphabet=st.sampled_from(list("# gcadvise:ignore[]GC101,-file\n\r\\\"'()")), max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    for path in ("gunicorn.conf.py", "Dockerfile"):
        for one in read_suppressions(path, text + "# gcadvise: " + text, RULES):
            assert one.place.line is not None
            assert len(one.patterns) == len(one.codes)


def test_very_many_comments_take_no_longer_than_the_file_deserves() -> None:
    for text in ("# gcadvise: ignore[GC101]\n" * 30_000 + "a = 1\n", "x \\\n# gcadvise: ignore[GC101]\n" * 20_000):
        for path in ("gunicorn.conf.py", "Dockerfile"):
            found = comments(text, path)
            assert 0 < len(found) <= 1000
            sift([finding(line, path) for line in range(1, 1000)], found)
