"""Scripts to the Gunicorn commands that they start."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gunicorn_conf.rules.subject import Signals
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, certain
from tests.gunicorn_conf.read.readers import effective, subject
from tests.gunicorn_conf.read.shells import command, commands, values


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("gunicorn -w 4 app:app", {"workers": 4}),
        ("gunicorn \\\n  -w 4 \\\n  -k gevent \\\n  app:app", {"workers": 4, "worker_class": "gevent"}),
        ("W=3\ngunicorn -w $W app:app", {"workers": 3}),
        ("export W=3; gunicorn -w ${W} app:app", {"workers": 3}),
        ("gunicorn -w ${W:-5} app:app", {"workers": 5}),
        (': "${W:=6}"\ngunicorn -w $W app:app', {"workers": 6}),
        ("W=$((2 * 3 + 1))\ngunicorn -w $W app:app", {"workers": 7}),
        (
            'OPTS="-w 2 -k gthread"\nOPTS="$OPTS --threads 4"\ngunicorn $OPTS a:b',
            {"workers": 2, "worker_class": "gthread", "threads": 4},
        ),
        ('set -- -w 8 a:b\ngunicorn "$@"', {"workers": 8}),
        ('run() { gunicorn -w "$1" a:b; }\nrun 9', {"workers": 9}),
        ('eval "gunicorn -w 3 a:b"', {"workers": 3}),
        ("bash -c 'gunicorn -w 3 a:b'", {"workers": 3}),
        ("/venv/bin/gunicorn -w 3 a:b", {"workers": 3}),
        ("$VENV/bin/gunicorn -w 3 a:b", {"workers": 3}),
        ("A=(x y)\ngunicorn -w 3 a:b", {"workers": 3}),
        ("if true; then\n gunicorn -w 3 a:b\nfi", {"workers": 3}),
        ("gunicorn -w 3 a:b > log 2>&1", {"workers": 3}),
        ("gunicorn a:b <<< x -w 3", {"workers": 3}),
        ("W=4 # four\ngunicorn -w $W a:b # start", {"workers": 4}),
        ("set -a; GUNICORN_CMD_ARGS='-w 6'; set +a\ngunicorn a:b", {"workers": 6}),
        ("export GUNICORN_CMD_ARGS='-w 6'\ngunicorn a:b", {"workers": 6}),
        ("GUNICORN_CMD_ARGS='-w 6' gunicorn a:b", {"workers": 6}),
        ("GUNICORN_CMD_ARGS='-w 6'\ngunicorn a:b", {}),
    ],
)
def test_settings_of_a_script(script: str, expected: dict[str, object]) -> None:
    assert values(script) == expected


@pytest.mark.parametrize(
    ("line", "wrappers"),
    [
        ("python -m gunicorn a:b", ("python -m",)),
        ("python3.12 -u -m gunicorn.app.wsgiapp a:b", ("python3.12 -m",)),
        ("python -W ignore /usr/bin/gunicorn a:b", ()),
        ("ddtrace-run gunicorn a:b", ("ddtrace-run",)),
        ("opentelemetry-instrument --traces_exporter otlp gunicorn a:b", ("opentelemetry-instrument",)),
        ("newrelic-admin run-program gunicorn a:b", ("newrelic-admin run-program",)),
        ("poetry run gunicorn a:b", ("poetry run",)),
        ("uv run --no-dev --extra web gunicorn a:b", ("uv run",)),
        ("uv run -- gunicorn a:b", ("uv run",)),
        ("pipenv run gunicorn a:b", ("pipenv run",)),
        ("pdm run gunicorn a:b", ("pdm run",)),
        ("hatch run gunicorn a:b", ("hatch run",)),
        ("gosu gunicorn gunicorn a:b", ("gosu",)),
        ("su-exec app:app gunicorn a:b", ("su-exec",)),
        ("setpriv --reuid 1000 --init-groups gunicorn a:b", ("setpriv",)),
        ("sudo -E -u www gunicorn a:b", ("sudo",)),
        ("env A=1 -u B gunicorn a:b", ("env",)),
        ("nice -n 5 gunicorn a:b", ("nice",)),
        ("timeout -k 5 60 gunicorn a:b", ("timeout",)),
        ("tini -g -- gunicorn a:b", ("tini",)),
        ("dumb-init gunicorn a:b", ("dumb-init",)),
        ("catchsegv gunicorn a:b", ("catchsegv",)),
        ("./wait-for-it.sh db:5432 -t 30 -- gunicorn a:b", ("wait-for-it.sh",)),
        ("dockerize -wait tcp://db:5432 -timeout 60s gunicorn a:b", ("dockerize",)),
        ("conda run -n web --no-capture-output gunicorn a:b", ("conda run",)),
        ("exec tini -- poetry run ddtrace-run gunicorn a:b", ("tini", "poetry run", "ddtrace-run")),
        ("nohup gunicorn a:b &", ("nohup",)),
    ],
)
def test_wrappers_are_seen_through(line: str, wrappers: tuple[str, ...]) -> None:
    found = command(line)
    assert found.app == Known(value="a:b")
    assert found.wrappers == wrappers


@pytest.mark.parametrize(
    "line",
    [
        "pip install gunicorn",
        "echo gunicorn app:app",
        "pkill gunicorn",
        "which gunicorn",
        "# gunicorn app:app",
        "gunicorn --version",
        "gunicorn --help",
        "cat <<EOF\ngunicorn app:app\nEOF",
        "apt-get install -y gunicorn",
        "kill $(cat gunicorn.pid)",
        "python -m pip install gunicorn",
        "uv pip install gunicorn",
        "systemctl start gunicorn",
        "[ -f gunicorn.conf.py ]",
        "gunicorn=3",
        "celery -A app worker",
        "cp gunicorn.conf.py /etc/",
        "",
    ],
)
def test_what_starts_no_gunicorn(line: str) -> None:
    assert commands(line) == []


@pytest.mark.parametrize(
    ("script", "given", "expected"),
    [
        ('if [ "$ENV" = dev ]; then W=1; else W=4; fi\ngunicorn -w $W a:b', {"ENV": "dev"}, 1),
        ('if [ "$ENV" = dev ]; then W=1; else W=4; fi\ngunicorn -w $W a:b', {"ENV": "prod"}, 4),
        ('if [[ "$ENV" == dev* ]]; then W=1; else W=4; fi\ngunicorn -w $W a:b', {"ENV": "develop"}, 1),
        ('W=2\n[ -z "$X" ] && W=9\ngunicorn -w $W a:b', {"X": ""}, 9),
        ('W=2\n[ -z "$X" ] && W=9\ngunicorn -w $W a:b', {"X": "1"}, 2),
        ('case "$ENV" in dev|test) W=1;; *) W=5;; esac\ngunicorn -w $W a:b', {"ENV": "test"}, 1),
        ('case "$ENV" in dev|test) W=1;; *) W=5;; esac\ngunicorn -w $W a:b', {"ENV": "x"}, 5),
        ("gunicorn -w ${W:-3} a:b", {"W": "7"}, 7),
        ("W=${W:-3}\ngunicorn -w $W a:b", {"W": "7"}, 7),
        ("W=3\ngunicorn -w $W a:b", {"W": "7"}, 3),
    ],
)
def test_given_variables_decide(script: str, given: dict[str, str], expected: int) -> None:
    assert values(script, given)["workers"] == expected


def test_a_condition_that_cannot_be_decided_leaves_both_values() -> None:
    found = values("if [ -f x ]; then W=1; else W=4; fi\ngunicorn -w $W a:b")["workers"]
    assert found == OneOf(values=(Known(value=1), Known(value=4)))


def test_both_branches_are_read() -> None:
    found = commands("if [ -f x ]; then gunicorn --reload a:b; else exec gunicorn -w 4 a:b; fi")
    assert [[one.name for one in command.assigned] for command in found] == [["reload"], ["workers"]]


def test_a_variable_that_nobody_sets_is_unknown() -> None:
    found = values("gunicorn -b 0.0.0.0:$PORT a:b")["bind"]
    assert found == Unknown(why="the variable PORT is not given")


@pytest.mark.parametrize(
    ("script", "shell", "is_script", "expected"),
    [
        ("exec gunicorn a:b", "sh", True, Signals.DIRECT),
        ("gunicorn a:b", "dash", True, Signals.BEHIND_SHELL),
        ("gunicorn a:b", "bash", True, Signals.BEHIND_SHELL),
        ("gunicorn a:b", "bash", False, Signals.DIRECT),
        ("cd /app && gunicorn a:b", "bash", False, Signals.DIRECT),
        ("gunicorn a:b; echo done", "bash", False, Signals.BEHIND_SHELL),
        ("gunicorn a:b", "dash", False, Signals.BEHIND_SHELL),
        ("gunicorn a:b", "sh", False, Signals.UNKNOWN),
        ("exec gunicorn a:b | tee log", "bash", True, Signals.BEHIND_SHELL),
        ("gunicorn a:b & wait", "bash", True, Signals.BEHIND_SHELL),
        ("trap 'kill $P' TERM\ngunicorn a:b & P=$!\nwait", "bash", True, Signals.UNKNOWN),
        ("(exec gunicorn a:b)", "bash", True, Signals.BEHIND_SHELL),
        ("migrate && exec gunicorn a:b", "dash", False, Signals.DIRECT),
        ("exec poetry run gunicorn a:b", "dash", True, Signals.DIRECT),
        ("exec dumb-init sh -c 'gunicorn a:b; true'", "dash", True, Signals.DIRECT),
        ("exec tini -- sh -c 'gunicorn a:b; true'", "dash", True, Signals.BEHIND_SHELL),
        ("exec tini -g -- sh -c 'gunicorn a:b; true'", "dash", True, Signals.DIRECT),
        ("sh -c 'exec gunicorn a:b'", "dash", True, Signals.BEHIND_SHELL),
    ],
)
def test_whether_signals_arrive(script: str, shell: str, is_script: bool, expected: Signals) -> None:
    (found,) = commands(script, shell=shell, is_script=is_script)
    assert found.signals is expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here to observe")
@pytest.mark.parametrize(
    ("text", "replaced"), [("sleep 0; ps -o comm= -p $$", False), ("exec ps -o comm= -p $$", True)]
)
def test_exec_replaces_the_shell_as_is_taken_for_granted(text: str, replaced: bool) -> None:
    if shutil.which("ps") is None:
        pytest.skip("there is no ps here")
    done = subprocess.run(["bash", "-c", f"{text}; true" if not replaced else text], capture_output=True, check=True)
    assert (done.stdout.decode().strip() == "ps") is replaced


@pytest.mark.parametrize(
    ("script", "directory"),
    [
        ("cd /app && gunicorn a:b", "/app"),
        ("cd /app; cd src; gunicorn a:b", "/app/src"),
        ("(cd /x); gunicorn a:b", None),
        ("cd $HOME && gunicorn a:b", None),
        ("pushd /y; gunicorn a:b", "/y"),
        ("env -C /z gunicorn a:b", "/z"),
        ('cd "$(dirname "$0")"\ngunicorn a:b', None),
    ],
)
def test_the_working_directory(script: str, directory: str | None) -> None:
    assert command(script).directory == directory


def test_scripts_that_a_script_runs_are_followed() -> None:
    scripts = {"./inner.sh": "#!/bin/bash\nexec gunicorn -w $1 $2"}
    (found,) = commands("exec ./inner.sh 3 a:b", scripts=scripts)
    assert (found.place.path, found.signals) == ("./inner.sh", Signals.DIRECT)
    assert certain(found.assigned[0].value) == (3,)


def test_sourced_variables_are_known() -> None:
    (found,) = commands(". ./vars.sh\ngunicorn -w $W a:b", scripts={"./vars.sh": "W=5"})
    assert certain(found.assigned[0].value) == (5,)


def test_a_script_that_calls_itself_ends() -> None:
    assert commands("./a.sh; . ./a.sh; gunicorn a:b", scripts={"./a.sh": "./a.sh; . ./a.sh"})


def test_places_are_those_of_the_file() -> None:
    found = command("#!/bin/sh\nexec gunicorn \\\n    --workers=4 \\\n    'app:app'\n")
    (workers,) = found.assigned
    assert (str(found.place), str(workers.place), str(workers.value_place)) == (
        "start.sh:2:6",
        "start.sh:3:5",
        "start.sh:3:15",
    )
    assert str(found.app_place) == "start.sh:4:5"
    assert found.text == "--workers=4 'app:app'"


def test_templates_are_unknown_where_they_stand_and_known_elsewhere() -> None:
    found = values("gunicorn -w {{ workers }} -k gthread -b {{host}}:80 a:b")
    assert found["worker_class"] == "gthread"
    assert isinstance(found["workers"], Unknown)
    assert isinstance(found["bind"], Unknown)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('A=(-w 4)\nA+=(-t 60)\ngunicorn "${A[@]}" a:b', {"workers": 4, "timeout": 60}),
        ('A=(--name "x y")\nexec gunicorn ${A[@]} a:b', {"proc_name": "x y"}),
        ('A=()\ngunicorn a:b "${A[@]}"', {}),
    ],
)
def test_arrays_of_options(script: str, expected: dict[str, object]) -> None:
    assert values(script) == expected


def test_an_array_that_is_not_certain_leaves_the_options_undecided() -> None:
    found = command('if [ -f x ]; then A+=(--reload); fi\ngunicorn a:b "${A[@]}"')
    assert found.app == Known(value="a:b")
    assert found.undecided is not None
    assert not found.problems


def test_what_is_known_of_cmd_args_is_read_although_some_is_not() -> None:
    found = values('export GUNICORN_CMD_ARGS="-k gthread --workers=$W --bind=:$PORT"\ngunicorn a:b')
    assert found["worker_class"] == "gthread"
    assert isinstance(found["workers"], Unknown)
    assert isinstance(found["bind"], Unknown)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    commands(f"gunicorn {text}")


@given(st.text(alphabet="gunicor -w4$(){}[]<>|&;'\"`\\\n=#!*?if then else fi case esac do done", max_size=200))
@settings(max_examples=200)
def test_any_heap_of_shell_words_is_read(text: str) -> None:
    commands(f"{text}\ngunicorn {text}")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "gunicorn a:b" + ")" * 5000,
        "if x; then " * 2000 + "gunicorn a:b",
        "$(" * 3000 + "gunicorn a:b",
        "${A:-" * 3000 + "gunicorn",
        "gunicorn " + "$((" * 3000,
        "gunicorn " + "a " * 20_000,
        "gunicorn " + "%(" * 20_000,
        'X="$X$X"\n' * 60 + "gunicorn -w $X a:b",
        "X=aaaaaaaaaa\n" + 'X="$X$X"\n' * 60 + "gunicorn -w $X a:b",
        "[ -f x ] && A=1\n" * 100 + "gunicorn -w $A a:b",
        "\n".join(f"if [ -f x{n} ]; then A=$A{n}; fi" for n in range(200)) + "\ngunicorn -n $A a:b",
        "f() { f; f; }\nf\ngunicorn a:b",
        "f() { g; g; g; }\ng() { f; f; f; }\nf\ngunicorn a:b",
        "A=1\n" * 10_000 + "gunicorn a:b",
        "gunicorn \\\n" * 6_000,
    ],
    ids=range(15),
)
def test_hostile_scripts_are_read_in_bounded_time(text: str) -> None:
    began = time.process_time()
    commands(text)
    # The promise is 2 s a file; a loop without a bound takes minutes.
    assert time.process_time() - began < 10


def test_a_command_in_a_variable_is_split_into_words_around_a_number_of_the_host() -> None:
    script = 'WORKERS=${N:-$(nproc)}\nCMD="gunicorn a:b --workers $WORKERS -t 50"\nexec $CMD --reload\n'
    found = subject({"start.sh": script})
    assert effective(found)["timeout"] == 50
    assert effective(found)["reload"] is True
    workers = found.config.value("workers")
    assert isinstance(workers, PerHost)
    assert workers.at(4) == 4
