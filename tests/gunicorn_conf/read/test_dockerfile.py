"""Dockerfiles to commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.rules.subject import Signals
from gunicorn_conf.value import Known, Unknown
from tests.gunicorn_conf.read.readers import command, deployment, effective, subject, subjects

DEBIAN = "FROM python:3.12-slim\n"


def settings_of(dockerfile: str, files: dict[str, str] | None = None) -> dict[str, object]:
    return effective(subject({"Dockerfile": dockerfile, **(files or {})}))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('CMD ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ("CMD gunicorn -w 4 a:b", {"workers": 4}),
        ("cmd gunicorn -w 4 a:b", {"workers": 4}),
        ('ENTRYPOINT ["gunicorn"]\nCMD ["-w", "4", "a:b"]', {"workers": 4}),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ('ENTRYPOINT gunicorn -w 4 a:b\nCMD ["-w", "5"]', {"workers": 4}),
        ('ENTRYPOINT ["/usr/bin/env"]\nCMD gunicorn -w 4 a:b', {"workers": 4}),
        ('ENTRYPOINT ["/not-here/entrypoint.sh"]\nCMD ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ('CMD ["sh", "-c", "gunicorn -w 4 a:b"]', {"workers": 4}),
        ('CMD ["gunicorn", "-w", "3", "a:b"]\nCMD ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ("CMD gunicorn \\\n  # a comment\n  -w 4 \\\n\n  a:b", {"workers": 4}),
        ("# escape=`\nCMD gunicorn `\n  -w 4 a:b", {"workers": 4}),
        ("ENV W=4\nCMD gunicorn -w $W a:b", {"workers": 4}),
        ("ENV W 4\nCMD gunicorn -w $W a:b", {"workers": 4}),
        ('ENV X=1 W="4"\nCMD ["sh", "-c", "gunicorn -w ${W} a:b"]', {"workers": 4}),
        ("ARG W=4\nENV V=${W}\nCMD gunicorn -w $V a:b", {"workers": 4}),
        ('ENV GUNICORN_CMD_ARGS="-w 4 -t 60"\nCMD gunicorn a:b', {"workers": 4, "timeout": 60}),
        ("ENV WEB_CONCURRENCY=4\nCMD gunicorn a:b", {"workers": 4}),
        ("ENV PORT=80\nCMD gunicorn a:b", {"bind": ["0.0.0.0:80"]}),
        ("RUN <<EOF\nCMD gunicorn -w 9 x:y\nEOF\nCMD gunicorn -w 4 a:b", {"workers": 4}),
        ("HEALTHCHECK CMD curl localhost\nCMD gunicorn -w 4 a:b", {"workers": 4}),
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nCMD gunicorn -w 4 a:b', {"workers": 4}),
    ],
)
def test_what_the_image_starts(lines: str, expected: dict[str, object]) -> None:
    # The escape directive has to come first.
    text = lines.replace("\n", f"\n{DEBIAN}", 1) if lines.startswith("# escape") else DEBIAN + lines
    assert settings_of(text) == expected


def test_an_exec_form_knows_no_variables() -> None:
    bind = settings_of(DEBIAN + 'ENV PORT=80\nCMD ["gunicorn", "-b", ":$PORT", "a:b"]')["bind"]
    assert bind == [":$PORT"]


@pytest.mark.parametrize(
    ("image", "form", "expected"),
    [
        ("python:3.12-slim", "CMD gunicorn a:b", Signals.BEHIND_SHELL),
        ("python:3.12-alpine", "CMD gunicorn a:b", Signals.UNKNOWN),
        ("registry.access.redhat.com/ubi9/python-311", "CMD gunicorn a:b", Signals.DIRECT),
        ("example.com/base", "CMD gunicorn a:b", Signals.UNKNOWN),
        ("python:3.12", "CMD exec gunicorn a:b", Signals.DIRECT),
        ("python:3.12", 'CMD ["gunicorn", "a:b"]', Signals.DIRECT),
        ("python:3.12", 'SHELL ["/bin/bash", "-c"]\nCMD gunicorn a:b', Signals.DIRECT),
        ("python:3.12", "CMD migrate && gunicorn a:b", Signals.BEHIND_SHELL),
        ("python:3.12", 'ENTRYPOINT ["dumb-init", "--"]\nCMD gunicorn a:b', Signals.DIRECT),
        ("python:3.12", 'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["gunicorn", "a:b"]', Signals.UNKNOWN),
    ],
)
def test_whether_signals_arrive(image: str, form: str, expected: Signals) -> None:
    assert command({"Dockerfile": f"FROM {image}\n{form}"}).signals is expected


def test_scripts_that_the_image_copies_are_followed_and_judged_once() -> None:
    files = {
        "docker/Dockerfile": DEBIAN + 'COPY docker/start.sh /usr/local/bin/run\nCMD ["run", "3"]',
        "docker/start.sh": "#!/bin/sh\ngunicorn -w $1 a:b",
    }
    found = subject(files)
    assert effective(found) == {"workers": 3}
    assert found.command is not None
    assert (found.command.file_kind, found.command.signals) == ("shell", Signals.BEHIND_SHELL)
    assert found.deployment.container is True


def test_an_entry_point_passes_its_arguments_on() -> None:
    files = {
        "Dockerfile": DEBIAN + 'ENTRYPOINT ["./entrypoint.sh"]\nCMD ["gunicorn", "-w", "4", "a:b"]',
        "entrypoint.sh": '#!/bin/sh\nset -e\nmigrate\nexec "$@"\n',
    }
    found = command(files)
    assert (str(found.place), found.signals) == ("Dockerfile:3:7", Signals.DIRECT)


def test_a_later_stage_takes_over_what_the_earlier_one_set() -> None:
    text = (
        "FROM python:3.12 AS base\nENV W=4\nWORKDIR /srv\nFROM base AS app\nWORKDIR app\n"
        "USER app\nCMD exec gunicorn -w $W a:b"
    )
    found = subject({"Dockerfile": text})
    assert effective(found) == {"workers": 4}
    assert found.command is not None
    assert found.command.directory == "/srv/app"
    assert found.deployment.root is False


def test_each_stage_that_starts_gunicorn_is_found() -> None:
    text = "FROM python:3 AS dev\nCMD gunicorn --reload a:b\nFROM python:3 AS prod\nCMD gunicorn -w 4 a:b"
    assert [list(effective(found)) for found in subjects({"Dockerfile": text})] == [["reload"], ["workers"]]


@pytest.mark.parametrize(
    ("user", "root"),
    [("USER app\n", False), ("USER 1000:1000\n", False), ("USER root\n", True), ("USER 0\n", True), ("", True)],
)
def test_who_runs_it(user: str, root: bool) -> None:
    found = deployment({"Dockerfile": f"{DEBIAN}{user}CMD gunicorn a:b"})
    assert found.root is root
    assert "Dockerfile" in found.sources["root"]


def test_an_unknown_image_does_not_tell_who_runs_it() -> None:
    assert deployment({"Dockerfile": "FROM example.com/base\nCMD gunicorn a:b"}).root is None


def test_a_build_argument_may_be_given() -> None:
    text = DEBIAN + "ARG W=2\nENV W=$W\nCMD gunicorn -w $W a:b"
    assert effective(subject({"Dockerfile": text}, {"W": "6"})) == {"workers": 6}


def test_places_within_the_exec_form_are_inside_the_quotes() -> None:
    found = command({"Dockerfile": DEBIAN + 'CMD ["gunicorn", "--workers=4", \\\n  "a:b"]'})
    assert str(found.assigned[0].value_place) == "Dockerfile:2:29"
    assert str(found.app_place) == "Dockerfile:3:4"


def test_a_broken_json_array_is_the_shell_form() -> None:
    found = subjects({"Dockerfile": DEBIAN + "CMD ['gunicorn', '-w', '4', 'a:b']"})
    assert found == ()


def test_a_variable_that_is_not_known_is_unknown() -> None:
    assert isinstance(settings_of(DEBIAN + "CMD gunicorn -w $W a:b")["workers"], Unknown)


def test_what_is_known_of_cmd_args_is_read_although_some_is_not() -> None:
    found = settings_of(DEBIAN + 'ENV GUNICORN_CMD_ARGS="-k gthread --workers=$W"\nCMD gunicorn a:b')
    assert found["worker_class"] == "gthread"
    assert isinstance(found["workers"], Unknown)


def test_the_environment_of_the_image_reaches_the_configuration_file() -> None:
    files = {
        "Dockerfile": DEBIAN + "ENV W=7\nCMD gunicorn -c gunicorn.conf.py a:b",
        "gunicorn.conf.py": "import os\nworkers = int(os.environ['W'])\n",
    }
    found = subject(files)
    assert found.config.value("workers") == Known(value=7)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    subjects({"Dockerfile": text})
    subjects({"Dockerfile": f"FROM python\nCMD {text}"})


@given(st.text(alphabet='FROM ENVCMDARGgunicorn"[],\\\n$={}# <E', max_size=200))
def test_any_heap_of_instructions_is_read(text: str) -> None:
    subjects({"Dockerfile": f"FROM python\n{text}\nCMD gunicorn {text}"})
