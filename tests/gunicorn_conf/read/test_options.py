"""The reading of Gunicorn's command line, held against Gunicorn's own argparse."""

from __future__ import annotations

import contextlib
import io

import gunicorn
import pytest
from gunicorn.config import Config as GunicornConfig
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gunicorn_conf.place import Source
from gunicorn_conf.read.options import Options, read_options, split_words, words_of
from gunicorn_conf.read.text import Text
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.value import Known, Unknown

INSTALLED = Release.parse(gunicorn.__version__)
# Kinds of problems with which argparse exits.
FATAL = {"unknown", "ambiguous", "missing-value", "bad-value"}

WORDS = st.one_of(
    st.sampled_from(
        [
            "-w",
            "-w4",
            "-w=4",
            "--workers",
            "--workers=4",
            "-D",
            "-Dw4",
            "-DR",
            "-Dx",
            "-b",
            "-b:80",
            "--bind=x",
            "-k",
            "gthread",
            "-t",
            "30",
            "--time",
            "--time=3",
            "--worker",
            "--log",
            "--log-level",
            "--preload",
            "--preload=1",
            "--reload",
            "--no-sendfile",
            "--proxy-protocol",
            "--proxy-protocol=v1",
            "-e",
            "A=1",
            "--env",
            "-c",
            "x.py",
            "--config=y.py",
            "app:app",
            "app:create()",
            "a:b",
            "--",
            "-",
            "-5",
            "-0.5",
            "--keepalive",
            "--keep-alive",
            "5",
            "-m",
            "0022",
            "--umask=022",
            "--access-logfile",
            "-n",
            "--name=",
            "--max-requests",
            "--max-requests-j",
            "08",
            "--enable-stdio-inheritance",
            "-R",
            "--threads",
            "-1",
            "--suppress-ragged-eofs",
            "--statsd-host",
            "a:1",
            "--check-config",
            "--paste",
            "-p",
            "x",
            "--forwarded-allow-ips",
            "*",
        ]
    ),
    st.sampled_from(["", " ", "-x y", "--name=a b", "-w 4", "é"]),
    st.text(alphabet="-=wbD4a: ", max_size=6),
)


def read(*words: str, release: Release = NEWEST_KNOWN) -> Options:
    return read_options(words_of(words), release)


def problems(*words: str, release: Release = NEWEST_KNOWN) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.text, one.meant) for one in read(*words, release=release).problems]


def values(*words: str, release: Release = NEWEST_KNOWN) -> dict[str, object]:
    return {one.name: one.value.value for one in read(*words, release=release).assigned if isinstance(one.value, Known)}


def by_argparse(words: list[str]) -> tuple[dict[str, object], list[str]] | None:
    """The settings and positionals that Gunicorn's own parser finds; None where it exits."""
    parser = GunicornConfig(prog="gunicorn").parser()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            found = vars(parser.parse_args(words))
        except SystemExit:
            return None
    positionals = found.pop("args")
    return {name: value for name, value in found.items() if value is not None}, positionals


@given(st.lists(WORDS, max_size=7))
@settings(max_examples=400, deadline=None)
@example(["app:app", "-w", "4", "more"])
@example(["--", "-w", "4"])
@example(["-w", "--", "4"])
@example(["-w4", "--proxy-protocol", "app:app"])
def test_reads_what_argparse_reads(words: list[str]) -> None:
    # A last "--" behind options is an error of argparse in some releases of Python and none in others.
    assume(words[-1:] != ["--"])
    found = read_options(words_of(words), INSTALLED)
    expected = by_argparse(words)
    if found.leaves:
        return
    fatal = [one for one in found.problems if one.kind in FATAL]
    if expected is None:
        assert fatal, words
    else:
        assert not fatal, (words, fatal)
        assigned = {one.name: one.value.value for one in found.assigned if isinstance(one.value, Known)}
        assert (assigned, [word.known for word in found.positionals]) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-w 4", {"workers": 4}),
        ("-w4 -Dk gevent", {"workers": 4, "daemon": True, "worker_class": "gevent"}),
        ("-b a:1 -b b:2", {"bind": ["a:1", "b:2"]}),
        ("--no-sendfile", {"sendfile": False}),
        ("-m 0022", {"umask": 0o022}),
        ("--proxy-protocol", {"proxy_protocol": "auto"}),
        ("--error-logfile - --log-file x", {"errorlog": "x"}),
    ],
)
def test_values_have_the_type_that_gunicorn_gives_them(words: str, expected: dict[str, object]) -> None:
    assert values(*words.split()) == expected


def test_before_24_proxy_protocol_takes_no_value() -> None:
    assert values("--proxy-protocol", "app:app", release=Release(23)) == {"proxy_protocol": True}
    assert values("--proxy-protocol", "app:app") == {"proxy_protocol": "app:app"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--keepalive 5 app:app", [("unknown", "--keepalive", "--keep-alive")]),
        ("--limit-request-field-size 1 a:b", [("unknown", "--limit-request-field-size", "--limit-request-field_size")]),
        ("--control-socket-disable a:b", [("unknown", "--control-socket-disable", "--no-control-socket")]),
        ("--worker-timeout 30 a:b", [("unknown", "--worker-timeout", "--timeout")]),
        ("--wrkers 3 a:b", [("unknown", "--wrkers", "--workers")]),
        ("--accesslog - a:b", [("unknown", "--accesslog", "--access-logfile")]),
        ("--max-requests-j 5 a:b", [("abbreviated", "--max-requests-j", "--max-requests-jitter")]),
        ("--access-logfile app:app", [("swallows-app", "--access-logfile app:app", "--access-logfile")]),
        ("--access-logfile - app:app", []),
        ("--log-level", [("missing-value", "--log-level", None)]),
        ("-w four a:b", [("bad-value", "-w four", None)]),
        ("a:b c:d", [("extra-positional", "c:d", None)]),
        ("a:b -w 3 c:d", [("unknown", "c:d", None)]),
        ("-b 0.0.0.0:80 a:b", []),
        ("-c python:app.conf", []),
        ("-b localhost:web", []),
    ],
)
def test_problems_are_named(words: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert problems(*words.split()) == expected


def test_an_option_of_a_later_release_is_unknown() -> None:
    assert problems("--http-parser", "fast", "a:b", release=Release(23))[0][0] == "unknown"


def test_an_ambiguous_abbreviation_lists_the_candidates() -> None:
    ((kind, text, meant),) = problems("--worker=2", "a:b")
    assert (kind, text) == ("ambiguous", "--worker")
    assert meant is not None
    assert "--workers" in meant


def test_places_cover_the_option_and_the_value() -> None:
    words = split_words(Text("-w 4 --bind='a b'", "f"))
    assert words is not None
    found = read_options(words, NEWEST_KNOWN, Source.CMD_ARGS)
    assert [(str(one.place), one.place.end_column, str(one.value_place)) for one in found.assigned] == [
        ("f:1:1", 5, "f:1:4"),
        ("f:1:6", 18, "f:1:6"),
    ]


def test_a_word_that_may_be_anything_leaves_the_options_undecided() -> None:
    from tests.gunicorn_conf.read.shells import command

    assert command("gunicorn $OPTS app:app").undecided == "$OPTS may hold further options"
    assert command("gunicorn -w 2 app:app").undecided is None
    assert isinstance(command("gunicorn -w 2 $APP").app, Unknown)
    assert command("gunicorn -w 2 $APP").undecided is None
    assert isinstance(command("gunicorn $OPTS $APP_MODULE").app, Unknown)
    assert command("gunicorn $OPTS $APP_MODULE").undecided == "$OPTS may hold further options"


@given(st.text(max_size=80))
def test_any_text_can_be_split(text: str) -> None:
    import shlex

    words = split_words(Text(text, "f"))
    try:
        expected = shlex.split(text)
    except ValueError:
        assert words is None
    else:
        assert words is not None
        assert [word.known if word.known is not None else expected[at] for at, word in enumerate(words)] == expected
