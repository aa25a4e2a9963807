"""Whatever an app or a service is called, each output keeps its shape, and the app's name arrives as it was given."""

from __future__ import annotations

import configparser
import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gunicorn_conf.read.ini import systemd_entries
from gunicorn_conf.read.systemd_words import command_words
from gunicorn_conf.read.text import Text
from gunicorn_conf.value import Known
from gunicorn_conf.write.quote import slug
from gunicorn_conf.write.startup import Startup
from tests.gunicorn_conf.write.startups.servers import HEALTH, make_server, make_startup, put, text_of
from tests.gunicorn_conf.write.test_quote import SPECIAL, expand_as_kubelet, octets_undone

CHARACTERS = st.one_of(SPECIAL, st.characters(codec="utf-8", exclude_characters="\0"))
TARGETS = st.lists(CHARACTERS, min_size=1, max_size=12).map("".join)
ON_ONE_LINE = TARGETS.map(lambda text: "".join(text.splitlines()) or "app")
AWKWARD = 'a;rm -rf "$HOME" `id` ${x} %(x)s %n ;# \\'
# A run of the shell costs some milliseconds.
RUNS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PURE = settings(max_examples=60, deadline=None)

FAKE = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"


@pytest.fixture(scope="module")
def fake() -> Iterator[Path]:
    """A directory with a gunicorn that prints its arguments."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "gunicorn")
        program.write_text(FAKE)
        program.chmod(0o755)
        yield Path(directory)


def made_for(platform: str, text: str) -> Startup:
    """The files for an app and a service of this name."""
    return make_startup(platform, HEALTH, make_server(platform, target=text, name=text))


def arguments(text: str) -> list[str]:
    """What Gunicorn is to get behind ``-c`` and the file."""
    return ["--", text] if text.startswith("-") else [text]


@RUNS
@given(target=TARGETS)
@example(target=AWKWARD)
@example(target="two\nlines:app")
@example(target="-c evil")
def test_the_script_hands_the_app_over_as_it_is(fake: Path, target: str) -> None:
    with tempfile.TemporaryDirectory(prefix="it's $a ") as directory:
        put(made_for("shell", target), Path(directory))
        done = subprocess.run(
            [f"{directory}/start.sh"], env={"PATH": f"{fake}:/usr/bin:/bin"}, capture_output=True, check=True
        )
    assert done.stdout.decode().split("\0")[:-1] == ["-c", "gunicorn.conf.py", *arguments(target)]
    assert done.stderr == b""


@pytest.mark.parametrize("platform", ["heroku", "elastic-beanstalk"])
@RUNS
@given(target=ON_ONE_LINE)
@example(target=AWKWARD)
def test_the_procfile_hands_the_app_over_as_it_is(fake: Path, platform: str, target: str) -> None:
    text = text_of(made_for(platform, target), "Procfile")
    assert text.splitlines() == [text.rstrip("\n")]
    command = text.removeprefix("web: ")
    done = subprocess.run(
        ["bash", "-c", command], env={"PATH": f"{fake}:/usr/bin:/bin"}, capture_output=True, check=True
    )
    assert done.stdout.decode().split("\0")[:-1] == ["-c", "gunicorn.conf.py", *arguments(target)]


@PURE
@given(target=TARGETS)
@example(target=AWKWARD)
@example(target="a\nRUN evil")
def test_the_dockerfile_has_the_same_instructions(target: str) -> None:
    def instructions(text: str) -> list[str]:
        joined = text.replace("\\\n", "")
        return [line for line in joined.split("\n") if line and not line.startswith("#")]

    plain = instructions(text_of(made_for("docker", "app:app"), "Dockerfile"))
    found = instructions(text_of(made_for("docker", target), "Dockerfile"))
    assert found[:-1] == plain[:-1]
    assert json.loads(found[-1].removeprefix("CMD ")) == ["gunicorn", "-c", "/app/gunicorn.conf.py", *arguments(target)]


@PURE
@given(name=TARGETS)
@example(name="a: {b}\n- c")
def test_the_compose_file_has_the_same_shape(name: str) -> None:
    plain = yaml.safe_load(text_of(made_for("compose", "shop"), "compose.yaml"))
    found = yaml.safe_load(text_of(made_for("compose", name), "compose.yaml"))
    assert list(found["services"].values()) == list(plain["services"].values())
    assert set(found) == set(plain)


@PURE
@given(target=TARGETS)
@example(target="$(HOME) $$(HOME) $$")
def test_the_deployment_hands_the_app_over_as_it_is(target: str) -> None:
    def shape(made: Startup) -> tuple[list[str], list[object]]:
        documents = list(yaml.safe_load_all(text_of(made, "deployment.yaml")))
        command = documents[0]["spec"]["template"]["spec"]["containers"][0].pop("command")
        return [expand_as_kubelet(word) for word in command], documents

    plain, found = shape(made_for("kubernetes", slug(target))), shape(made_for("kubernetes", target))
    assert found[0] == ["gunicorn", "-c", "/app/gunicorn.conf.py", *arguments(target)]
    assert found[1] == plain[1]


@PURE
@given(target=TARGETS)
def test_the_task_hands_the_app_over_as_it_is(target: str) -> None:
    task = json.loads(text_of(made_for("ecs", target), "task-definition.json"))
    assert task["containerDefinitions"][0]["command"] == ["gunicorn", "-c", "/app/gunicorn.conf.py", *arguments(target)]


@PURE
@given(target=TARGETS)
@example(target=AWKWARD)
@example(target="a\n[Service]\nExecStart=/bin/evil")
def test_the_unit_has_the_same_keys_and_hands_the_app_over(target: str) -> None:
    def entries(text: str) -> tuple[list[tuple[str, str]], Text]:
        made = made_for("systemd", text)
        name = next(file.path for file in made.files if file.path.endswith(".service"))
        found = list(systemd_entries(Text(text_of(made, name), name)))
        line = next(entry.value for entry in found if entry.key == "ExecStart")
        return [(entry.section, entry.key) for entry in found], line

    plain, found = entries("shop"), entries(target)
    assert found[0] == plain[0]
    values = [word.value for word in command_words(found[1], {}, {})]
    words = [value.value if isinstance(value, Known) else None for value in values]
    assert words[1] == "-c"
    assert words[3:] == [octets_undone(word) for word in arguments(target)]


@PURE
@given(target=ON_ONE_LINE)
@example(target=AWKWARD)
def test_the_program_has_the_same_keys_and_hands_the_app_over(target: str) -> None:
    from supervisor.options import expand

    def program(text: str) -> configparser.SectionProxy:
        parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=(";", "#"), interpolation=None)
        made = made_for("supervisor", text)
        parser.read_string(next(file.text for file in made.files if file.path.endswith(".conf")))
        (section,) = parser.sections()
        return parser[section]

    found = program(target)
    assert list(found) == list(program("shop"))
    assert shlex.split(expand(found["command"], {"here": "/"}, "command"))[3:] == arguments(target)


@PURE
@given(name=TARGETS)
@example(name="a; } http {")
def test_the_nginx_site_holds_nothing_of_the_name_but_letters_digits_and_hyphens(name: str) -> None:
    site, plain = (
        next(one for one in made_for("systemd", text).fragments if one.language == "nginx")
        for text in (name, slug(name))
    )
    assert site == plain
