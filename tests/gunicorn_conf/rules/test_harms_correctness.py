"""What the rules on correctness warn of does happen: real Gunicorn is started with what makes them fire."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.validate import validate
from tests.neutral import child_environment
from tests.releases import release_python

NEWEST, OLDEST = "27.0.1", "20.1.0"
CONF = "gunicorn.conf.py"
APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return []
"""
PRINTED = re.compile(r"^(\w+)\s+= (.*)$", re.MULTILINE)
WAIT_SECONDS = 30  # for something that takes well under a second on an idle machine


@dataclass(frozen=True, kw_only=True)
class Harm:
    """What makes a rule fire, and what Gunicorn does with it."""

    code: str
    conf: str = ""
    args: Sequence[str] = ("-c", CONF, "app:app")
    variables: Mapping[str, str] = field(default_factory=dict)
    conf_path: str = CONF
    exit_code: int | None = None
    """Of a start; None where only the settings in force are looked at."""
    says: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Those in force, as --print-config shows them."""
    missing: Sequence[str] = ()
    """Settings that this release does not have."""
    releases: Sequence[str] = (OLDEST, NEWEST)


HARMS = [
    Harm(code="GC101", conf="worker = 4\n", settings={"workers": "1"}),
    Harm(
        code="GC101",
        conf="def on_start(server):\n    pass\n",
        settings={"on_starting": "<OnStarting.on_starting()>"},
    ),
    Harm(code="GC102", conf="WORKERS = 9\n", settings={"workers": "1"}),
    Harm(code="GC103", conf='asgi_lifespan = "on"\n', missing=["asgi_lifespan"], releases=["23.0.0"]),
    Harm(
        code="GC104",
        conf="tolerate_dangerous_framing = True\n",
        missing=["tolerate_dangerous_framing"],
        releases=["23.0.0", NEWEST],
    ),
    Harm(code="GC105", conf="workers = 2.5\n", exit_code=1, says="Invalid value for workers: 2.5"),
    Harm(code="GC105", conf="workers = 4.0\n", exit_code=1, says="Invalid value for workers: 4.0"),
    Harm(code="GC105", conf="timeout = None\n", exit_code=1, says="Invalid value for timeout: None"),
    Harm(code="GC105", conf='workers = "08"\n', exit_code=1, says="Invalid value for workers: 08"),
    Harm(code="GC105", args=["-w", "four", "app:app"], exit_code=2, says="invalid int value: 'four'"),
    Harm(code="GC106", conf='workers = "4"\n', settings={"workers": "4"}),
    Harm(code="GC107", conf="preload_app = 1\n", exit_code=1, says="Invalid value for preload_app: 1"),
    Harm(code="GC107", conf='reload = "yes"\n', exit_code=1, says="Invalid value for reload: yes"),
    Harm(code="GC108", conf="keepalive = True\ntimeout = False\n", settings={"keepalive": "1", "timeout": "0"}),
    Harm(code="GC109", conf='umask = "0022"\n', exit_code=1, says="Invalid value for umask: 0022"),
    Harm(code="GC110", conf="bind = 8000\n", exit_code=1, says="Invalid value for bind: 8000"),
    Harm(code="GC110", conf='bind = ("0.0.0.0", 8000)\n', exit_code=1, says="Invalid value for bind"),
    Harm(code="GC111", conf='bind = "http://127.0.0.1:0"\n', exit_code=1, says="is not a valid port number"),
    Harm(code="GC111", conf='bind = "127.0.0.1:1,127.0.0.1:2"\n', exit_code=1, says="is not a valid port number"),
    Harm(code="GC111", conf='bind = "::1"\n', exit_code=1, says="is not a valid port number"),
    Harm(code="GC111", conf='bind = "127.0.0.1:80000"\n', exit_code=1, says="port must be 0-65535"),
    Harm(code="GC111", conf='bind = "127.0.0.1:$PORT"\n', exit_code=1, says="'$PORT' is not a valid port number"),
    Harm(code="GC113", conf='raw_env = ["A=1"]\n', args=["-e", "B=2", "app:app"], settings={"raw_env": "['B=2']"}),
    Harm(code="GC114", conf="workers = 2\n", args=["-w", "4", "app:app"], settings={"workers": "4"}),
    Harm(code="GC114", conf="workers = 2\n", variables={"GUNICORN_CMD_ARGS": "--workers=3"}, settings={"workers": "3"}),
    Harm(code="GC115", variables={"WEB_CONCURRENCY": "auto"}, exit_code=1, says="invalid literal for int()"),
    Harm(code="GC115", variables={"WEB_CONCURRENCY": ""}, conf="workers = 2\n", exit_code=1, says="invalid literal"),
    Harm(code="GC116", args=["-w", "3", "-w", "2", "app:app"], settings={"workers": "2"}),
    Harm(code="GC117", args=["--keepalive", "5", "app:app"], exit_code=2, says="unrecognized arguments: --keepalive"),
    Harm(code="GC117", args=["--log", "x", "app:app"], exit_code=2, says="ambiguous option: --log"),
    Harm(code="GC117", args=["app:app", "-w"], exit_code=2, says="expected one argument"),
    Harm(code="GC117", args=["--preload=True", "app:app"], exit_code=2, says="ignored explicit argument 'True'"),
    Harm(code="GC118", args=["--time", "77", "app:app"], settings={"timeout": "77"}),
    Harm(code="GC119", args=["--access-logfile", "app:app"], exit_code=1, says="No application module specified"),
    Harm(code="GC120", args=["app:app", "0.0.0.0:9000"], settings={"bind": "['127.0.0.1:8000']"}),
    Harm(
        code="GC121",
        args=[],
        variables={"GUNICORN_CMD_ARGS": "-w 4 app:app"},
        exit_code=1,
        says="No application module specified",
    ),
    Harm(
        code="GC122",
        conf_path=f"sub/{CONF}",
        conf="workers = 9\n",
        args=["--chdir", "sub", "--pythonpath", ".", "app:app"],
        settings={"workers": "1"},
    ),
    Harm(code="GC123", conf="workers = 9\n", args=["--threads", "2", "app:app"], settings={"workers": "9"}),
    Harm(
        code="GC124",
        conf_path="gunicorn.cfg",
        conf="workers = 9\n",
        args=["-c", "gunicorn.cfg", "--check-config", "app:app"],
        exit_code=0,
        says="should have a valid Python extension",
    ),
    Harm(code="GC125", conf="loglevel = 20\n", exit_code=1, says="Not a string: 20"),
    Harm(code="GC125", conf="post_fork = None\n", exit_code=1, says="Value is not callable: None"),
    Harm(code="GC125", conf='reload_engine = "watchdog"\n', exit_code=1, says="Invalid reload_engine"),
    Harm(
        code="GC126",
        conf='import os\n\nreload = bool(os.environ.get("RELOAD", False))\n',
        variables={"RELOAD": "false"},
        settings={"reload": "True"},
    ),
    Harm(
        code="GC127",
        conf='bind = "127.0.0.1:5000"\n',
        variables={"PORT": "8080"},
        settings={"bind": "['127.0.0.1:5000']"},
    ),
    Harm(code="GC128", conf="check_config = True\n", exit_code=0),
    Harm(code="GC128", conf="print_config = True\n", exit_code=0, says="print_config"),
    Harm(code="GC129", conf="timeout = 30\ntimeout = 120\n", settings={"timeout": "120"}),
]
# What --check-config says nothing of, although the start fails.
UNSEEN = [harm for harm in HARMS if harm.code == "GC111"]
BY_RELEASE = [
    pytest.param(harm, release, id=f"{harm.code}-{release}-{index}")
    for index, harm in enumerate(HARMS)
    for release in harm.releases
]


@pytest.mark.parametrize(("harm", "release"), BY_RELEASE)
def test_the_rule_fires(harm: Harm, release: str) -> None:
    files = [SourceFile(path=harm.conf_path, text=harm.conf)] if harm.conf else []
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in harm.variables.items())
    files.append(SourceFile(path="Procfile", text=f"web: {variables}gunicorn {shlex.join(harm.args)}\n"))
    files.append(SourceFile(path="requirements.txt", text=f"gunicorn=={release}\n"))
    assert harm.code in {finding.code for finding in validate(files).findings}


@pytest.mark.slow
@pytest.mark.parametrize(("harm", "release"), BY_RELEASE)
def test_it_happens(harm: Harm, release: str, tmp_path: Path) -> None:
    lay(harm, tmp_path)
    if harm.exit_code is not None:
        done = gunicorn(release, harm.args, tmp_path, harm.variables)
        assert done.returncode == harm.exit_code, done.stdout
        assert harm.says in done.stdout
        return
    done = gunicorn(release, [*harm.args, "--print-config"], tmp_path, harm.variables)
    assert done.returncode == 0, done.stdout
    settings = dict(PRINTED.findall(done.stdout))
    assert {name: settings.get(name) for name in harm.settings} == harm.settings
    assert not settings.keys() & set(harm.missing)


@pytest.mark.slow
@pytest.mark.parametrize("harm", UNSEEN, ids=lambda harm: harm.conf.strip())
def test_check_config_does_not_see_it(harm: Harm, tmp_path: Path) -> None:
    lay(harm, tmp_path)
    assert gunicorn(NEWEST, [*harm.args, "--check-config"], tmp_path, harm.variables).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc112_a_bare_number_is_taken_for_a_host(release: str, tmp_path: Path) -> None:
    lay(Harm(code="GC112", conf='bind = "8000"\n'), tmp_path)
    assert "'8000'" in log_until(release, "Invalid address: ", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc111_with_an_empty_list_it_runs_and_listens_nowhere(release: str, tmp_path: Path) -> None:
    lay(Harm(code="GC111", conf="bind = []\n"), tmp_path)
    log = log_until(release, "Booting worker", tmp_path)
    assert re.search(r"Listening at:  \(", log)


def lay(harm: Harm, directory: Path) -> None:
    """Write the application and the configuration."""
    (directory / "app.py").write_text(APP)
    if harm.conf:
        path = directory / harm.conf_path
        path.parent.mkdir(exist_ok=True)
        path.write_text(harm.conf)


def gunicorn(
    release: str, args: Sequence[str], directory: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Gunicorn until it ends by itself; what it prints is in stdout."""
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        return subprocess.run(
            [str(release_python(release)), "-m", "gunicorn", *args],
            cwd=directory,
            env=child_environment(Path(home), variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )


def log_until(release: str, text: str, directory: Path) -> str:
    """Start Gunicorn, wait for a line that holds the text, stop it, and give the log up to there."""
    with tempfile.TemporaryDirectory(prefix="gc") as home:
        process = subprocess.Popen(
            [str(release_python(release)), "-m", "gunicorn", "-c", CONF, "app:app"],
            cwd=directory,
            env=child_environment(Path(home), {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if text in line:
                    break
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(WAIT_SECONDS)
            process.stdout.close()
    assert any(text in line for line in lines), "".join(lines)
    return "".join(lines)
