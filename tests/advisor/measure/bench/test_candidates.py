"""What the words for a comparison mean, and what is wrong with those that mean nothing."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from advisor.measure.bench.candidates import (
    MOST,
    Form,
    Wanted,
    make_candidates,
    read_candidates,
    rule_conf,
    same_servers,
)
from advisor.measure.bench.trial import Candidate
from advisor.measure.server_spec import ServerSpec
from gunicorn_conf.errors import BadInput


def test_a_file_arguments_and_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gunicorn.conf.py").write_text("workers = 3\n")
    found = read_candidates(["gunicorn.conf.py", " -w 4 --threads 8", "recommended", "rule", "default"])
    assert [one.form for one in found] == [Form.FILE, Form.ARGUMENTS, Form.RECOMMENDED, Form.RULE, Form.DEFAULT]
    assert [one.name for one in found] == ["gunicorn.conf.py", "-w 4 --threads 8", "recommended", "rule", "default"]
    assert found[0].config == Path("gunicorn.conf.py")
    assert found[1].arguments == ("-w", "4", "--threads", "8")


def test_a_file_wins_over_a_word_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").write_text("workers = 3\n")
    assert [one.form for one in read_candidates(["default", "rule"])] == [Form.FILE, Form.RULE]


def test_the_same_twice_gets_names_that_differ() -> None:
    assert [one.name for one in read_candidates(["default", "default", "rule", "default"])] == [
        "default",
        "default (2)",
        "rule",
        "default (3)",
    ]


@pytest.mark.parametrize(("arguments", "names"), [("-w 4 shop:app", True), ("shop:app -w 4", True), ("-w 4", False)])
def test_arguments_may_name_the_app(arguments: str, names: bool) -> None:
    found = read_candidates([arguments, "default"])[0]
    assert found.names_an_app is names
    assert found.arguments == tuple(shlex.split(arguments))


@pytest.mark.parametrize("given", [[], ["default"], ["default"] * (MOST + 1)])
def test_too_few_and_too_many_are_refused(given: list[str]) -> None:
    with pytest.raises(BadInput, match="a comparison takes 2 to 8 configurations"):
        read_candidates(given)


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ("no.conf.py", "'no.conf.py' is neither a file, nor arguments of gunicorn", "there is no such file"),
        (".", "'.' is neither a file", "it is a directory"),
        ("", "'' is neither a file", "no word in it is an option"),
        ("shop:app", "'shop:app' is neither a file", "no word in it is an option"),
        ("-w 4 --bind '", "cannot be taken apart", "No closing quotation"),
        ("--worker-count 4", "gunicorn refuses '--worker-count 4'", "it has no option --worker-count"),
        ("-w", "gunicorn refuses '-w'", "-w lacks its value"),
        ("-w four", "gunicorn refuses '-w four'", "-w four is not a value that it takes"),
        ("--max-req 4", "gunicorn refuses '--max-req 4'", "--max-req may be any of"),
        ("-w 4 --help", "'-w 4 --help' starts no server", "prints something and ends"),
    ],
)
def test_what_means_nothing_is_refused_with_the_reason(text: str, what: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_candidates([text, "default"])
    assert what in str(caught.value)
    assert why in caught.value.why
    assert caught.value.hint


def test_arguments_may_be_longer_than_the_name_of_a_file() -> None:
    long = " ".join(["-w 4", *("--env SHOP=1" for _ in range(30))])
    assert len(long) > 255
    assert read_candidates([long, "default"])[0].form is Form.ARGUMENTS


def test_a_misspelt_option_is_told_from_one_of_another_release() -> None:
    with pytest.raises(BadInput) as caught:
        read_candidates(["--keepalive 5", "default"])
    assert caught.value.hint == "did you mean --keep-alive?"
    assert read_candidates(["--no-control-socket -w 2", "--proxy-protocol -w 2"])


@pytest.mark.parametrize(("cpus", "workers"), [(0.5, 2), (1, 3), (2, 5), (8, 17)])
def test_the_rule_follows_the_cpu_budget(cpus: float, workers: int) -> None:
    assert rule_conf(cpus) == f'workers = {workers}\nworker_class = "sync"\n'


def _server(config: Path | None, arguments: tuple[str, ...]) -> ServerSpec:
    environment = {"WEB_CONCURRENCY": "9", "GUNICORN_CMD_ARGS": "-w 9", "DATABASE_URL": "x"}
    return ServerSpec(app="shop:app", config=config, arguments=arguments, environment=environment)


def test_words_are_written_and_nothing_around_them_counts(tmp_path: Path) -> None:
    wanted = (Wanted(name="default", form=Form.DEFAULT), Wanted(name="rule", form=Form.RULE))
    texts = {Form.DEFAULT: "", Form.RULE: "workers = 5\n"}
    made = make_candidates(wanted, server=_server, texts=texts, folder=tmp_path)
    for one, text in zip(made, texts.values(), strict=True):
        assert isinstance(one.server, ServerSpec)
        assert one.server.config is not None  # so that Gunicorn does not look for ./gunicorn.conf.py
        assert one.server.config.read_text() == text
        assert one.server.environment == {"DATABASE_URL": "x"}
        assert one.server.app == "shop:app"


def test_what_is_the_users_own_runs_as_it_would_without_gcadvise(tmp_path: Path) -> None:
    config = tmp_path / "conf.py"
    config.write_text("workers = 2\n")
    wanted = (
        Wanted(name="conf.py", form=Form.FILE, config=config),
        Wanted(name="-w 4", form=Form.ARGUMENTS, arguments=("-w", "4")),
    )
    first, second = make_candidates(wanted, server=_server, texts={}, folder=tmp_path)
    assert first.server == _server(config, ())
    assert second.server == _server(None, ("-w", "4"))


def test_the_very_same_servers_are_found(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("workers = 2\n")
    other.write_text("workers = 2\n")

    def candidate(name: str, **given: object) -> Candidate:
        return Candidate(name=name, server=ServerSpec(environment={}, **given))  # type: ignore[arg-type]

    made = [
        candidate("a", config=one),
        candidate("b", arguments=("-w", "2")),
        candidate("c", config=other),
        candidate("d", arguments=("-w", "3")),
        candidate("e", arguments=("-w", "2")),
    ]
    assert same_servers(made) == (("a", "c"), ("b", "e"))
    unreadable = tmp_path / "unreadable.py"
    assert same_servers([candidate("f", config=unreadable), candidate("g", config=unreadable)]) == (("f", "g"),)
