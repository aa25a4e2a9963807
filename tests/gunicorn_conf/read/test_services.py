"""Procfile, systemd units, supervisor and env files to commands and what they say of the deployment."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.read.env_file import read_env_file
from gunicorn_conf.read.quantities import binary_bytes, kubernetes_bytes, kubernetes_quantity, percent_as_cpus, seconds
from gunicorn_conf.read.text import Text
from gunicorn_conf.rules.subject import Signals
from gunicorn_conf.value import Known, Unknown
from tests.gunicorn_conf.read.readers import command, deployment, effective, subject, subjects

MEBIBYTE = 1024**2


def unit(lines: str) -> dict[str, str]:
    return {"app.service": f"[Unit]\nDescription=x\n[Service]\n{lines}\n[Install]\nWantedBy=multi-user.target\n"}


def program(lines: str) -> dict[str, str]:
    return {"supervisord.conf": f"[supervisord]\nnodaemon=true\n[program:web]\n{lines}\n"}


# Procfile


def test_every_process_of_a_procfile_is_read() -> None:
    found = subjects(
        {"Procfile": "web: gunicorn -w 4 a:b\nworker: celery -A x\napi: newrelic-admin run-program gunicorn c:d\n"}
    )
    assert [str(one.place) for one in found] == ["Procfile:1:6", "Procfile:3:33"]


def test_heroku_signals_all_processes() -> None:
    assert command({"Procfile": "web: migrate && gunicorn a:b"}).signals is Signals.DIRECT


def test_a_procfile_runs_scripts() -> None:
    found = subject({"Procfile": "web: bin/start 3", "bin/start": "#!/bin/sh\nexec gunicorn -w $1 a:b"})
    assert effective(found) == {"workers": 3}


# systemd


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ExecStart=/usr/bin/gunicorn -w 4 a:b", {"workers": 4}),
        ("ExecStart=/usr/bin/gunicorn \\\n  -w 4 \\\n; comment\n  a:b", {"workers": 4}),
        ("Environment=W=4\nExecStart=/usr/bin/gunicorn -w $W a:b", {"workers": 4}),
        ('Environment="O=-w 4 -t 9" X=1\nExecStart=/usr/bin/gunicorn $O a:b', {"workers": 4, "timeout": 9}),
        ("Environment=W=4\nExecStart=/usr/bin/gunicorn --workers=${W} a:b", {"workers": 4}),
        ("ExecStart=-/usr/bin/gunicorn --name 'a b' a:b", {"proc_name": "a b"}),
        ("ExecStart=\nExecStart=/bin/bash -c 'cd /app && exec gunicorn -w 4 a:b'", {"workers": 4}),
        ("ExecStart=/bin/false\nExecStart=\nExecStart=/x/gunicorn -w 4 a:b", {"workers": 4}),
        ("Environment=GUNICORN_CMD_ARGS='-w 4'\nExecStart=/x/gunicorn a:b", {"workers": 4}),
        ('Environment="GUNICORN_CMD_ARGS=-w 4"\nExecStart=/x/gunicorn a:b', {"workers": 4}),
    ],
)
def test_what_a_unit_starts(lines: str, expected: dict[str, object]) -> None:
    assert effective(subject(unit(lines))) == expected


def test_a_specifier_is_unknown() -> None:
    found = effective(subject(unit("ExecStart=/x/gunicorn -b unix:/run/%i.sock a:b")))["bind"]
    assert found == Unknown(why="systemd fills in %i")


def test_an_environment_file_beside_is_read() -> None:
    files = {**unit("EnvironmentFile=-/etc/default/app.env\nExecStart=/x/gunicorn -w $W a:b"), "app.env": "W=5\n"}
    assert effective(subject(files)) == {"workers": 5}


def test_what_a_unit_says_of_the_deployment() -> None:
    found = deployment(
        unit(
            "Type=notify\nUser=www\nTimeoutStopSec=1min 5s\nMemoryMax=512M\nCPUQuota=150%\nPrivateTmp=yes\n"
            "ProtectSystem=strict\nExecStart=/x/gunicorn a:b"
        )
    )
    assert (found.platform, found.supervisor) == ("systemd", "systemd-notify")
    assert (found.stop_window_seconds, found.memory_bytes, found.cpus) == (65, 512 * MEBIBYTE, 1.5)
    assert (found.root, found.private_tmp, found.read_only_root) == (False, True, True)
    assert found.sources["memory_bytes"] == "MemoryMax=512M in app.service"


@pytest.mark.parametrize(
    ("lines", "supervisor", "root"),
    [
        ("", "systemd-simple", True),
        ("Type=forking\nUser=root", "systemd-forking", True),
        ("DynamicUser=yes", "systemd-simple", False),
    ],
)
def test_the_type_and_the_user_of_a_unit(lines: str, supervisor: str, root: bool) -> None:
    found = deployment(unit(f"{lines}\nExecStart=/x/gunicorn a:b"))
    assert (found.supervisor, found.root) == (supervisor, root)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("", Signals.DIRECT), ("KillMode=mixed", Signals.BEHIND_SHELL), ("KillMode=process", Signals.BEHIND_SHELL)],
)
def test_systemd_signals_the_whole_unit_unless_told_otherwise(mode: str, expected: Signals) -> None:
    assert command(unit(f"{mode}\nExecStart=/bin/sh -c 'x; gunicorn a:b; y'")).signals is expected


def test_the_users_own_stop_window_wins_over_the_platforms() -> None:
    assert deployment(unit("ExecStart=/x/gunicorn a:b")).stop_window_seconds == 90


# supervisor


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("command=gunicorn -w 4 a:b", {"workers": 4}),
        ("command = gunicorn -w 4 a:b ; the web", {"workers": 4}),
        ("command=gunicorn\n  -w 4\n  a:b", {"workers": 4}),
        ('command=gunicorn a:b\nenvironment=X="1",WEB_CONCURRENCY="4"', {"workers": 4}),
        (
            "command=gunicorn --name %(program_name)s-%% -w 4 a:b",
            {"workers": 4, "proc_name": Unknown(why="it is filled in from outside")},
        ),
        ("command=bash -c 'exec gunicorn -w 4 a:b'", {"workers": 4}),
    ],
)
def test_what_supervisor_starts(lines: str, expected: dict[str, object]) -> None:
    assert effective(subject(program(lines))) == expected


def test_supervisors_variables_may_be_given() -> None:
    files = program("command=gunicorn -w %(ENV_W)s a:b")
    assert effective(subject(files, {"W": "6"})) == {"workers": 6}
    assert isinstance(effective(subject(files))["workers"], Unknown)


def test_how_supervisor_stops() -> None:
    found = deployment(program("command=gunicorn a:b\nstopwaitsecs=45\nuser=www"))
    assert (found.supervisor, found.stop_window_seconds, found.root) == ("supervisor", 45, False)
    assert deployment(program("command=gunicorn a:b")).stop_window_seconds == 10


def test_supervisor_signals_the_group_only_when_told() -> None:
    line = "command=sh -c 'x; gunicorn a:b; y'"
    assert command(program(line)).signals is Signals.BEHIND_SHELL
    assert command(program(f"{line}\nstopasgroup=true")).signals is Signals.DIRECT


def test_templates_of_deployments_are_read() -> None:
    found = subject(program("command=/home/{{ user }}/venv/bin/gunicorn -w {{ n }} -t 60 x.wsgi\nuser={{ user }}"))
    assert effective(found) == {"workers": Unknown(why="it is filled in from outside"), "timeout": 60}
    assert found.deployment.root is None
    assert found.command is not None
    assert found.command.text == "-w {{ n }} -t 60 x.wsgi"
    found = subject(unit("User={{ user }}\nExecStart={{ venv }}/bin/gunicorn -w {{ n }} -t 60 x.wsgi"))
    assert effective(found)["timeout"] == 60
    assert found.deployment.root is None


# Env files and amounts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("A = 1", "1"),
        ("A=1 # one", "1"),
        ('A="1 # one"', "1 # one"),
        ("A='$X'", "$X"),
        ("A=", ""),
        ("A=a#b", "a#b"),
        ("A=x=y", "x=y"),
    ],
)
def test_lines_of_an_env_file(line: str, expected: str) -> None:
    ((name, value),) = read_env_file(Text(line, ".env"))
    assert isinstance(value, Known)
    assert (name, value.value) == ("A", expected)


def test_a_variable_in_an_env_file_is_not_evaluated() -> None:
    ((_, value),) = read_env_file(Text("A=$B", ".env"))
    assert isinstance(value, Unknown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512m", 512 * MEBIBYTE),
        ("1G", 1024 * MEBIBYTE),
        ("1.5gb", 1536 * MEBIBYTE),
        ("64MiB", 64 * MEBIBYTE),
        ("100", 100),
        ("infinity", None),
        ("50%", None),
        ("", None),
        ("-1", None),
    ],
)
def test_binary_amounts(text: str, expected: int | None) -> None:
    assert binary_bytes(text) == expected


def test_kubernetes_amounts() -> None:
    assert kubernetes_bytes("512Mi") == 512 * MEBIBYTE
    assert kubernetes_bytes("1G") == 10**9
    assert kubernetes_quantity("500m") == 0.5
    assert kubernetes_quantity("2 CPUs") is None
    assert percent_as_cpus("150%") == 1.5


def test_durations() -> None:
    assert [seconds(text) for text in ("30", "1m30s", "1min 30s", "500ms", "infinity")] == [30, 90, 90, 0.5, math.inf]
    assert [seconds(text) for text in ("", "soon", "5 parsecs")] == [None, None, None]


@given(st.text(max_size=150))
def test_any_text_is_read(text: str) -> None:
    for path in (
        "a.service",
        "s.conf",
        "Procfile",
        "a.env",
        "compose.yml",
        "k.yaml",
        "start.sh",
        "requirements.txt",
        "nginx.conf",
    ):
        subjects({path: text})
        subjects({path: f"[Service]\nExecStart=gunicorn {text}"})
        subjects({path: f"[program:x]\ncommand=gunicorn {text}\nenvironment={text}"})
    list(read_env_file(Text(text, "f")))
    binary_bytes(text), kubernetes_bytes(text), seconds(text), percent_as_cpus(text)
