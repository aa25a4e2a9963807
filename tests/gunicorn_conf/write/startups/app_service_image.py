"""App Service's Python image as far as it starts an app, made again from its description, in a process namespace.

The init script hands the startup command to Oryx, Oryx writes ``/opt/startup/startup.sh``, and that script becomes
process 1 (microsoft/Oryx d91d836, src/startupscriptgenerator/src/python; Azure-App-Service/ImageBuilder 22a9096,
GenerateDockerFiles/python/template-3.10). The paths ``/opt`` and ``/home/site/wwwroot`` lie below a folder here.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.neutral import child_environment

WAIT_SECONDS = 60  # for something that takes a second on an idle machine
UNSHARE = ("unshare", "--pid", "--fork", "--kill-child")

_INIT = """\
#!/bin/bash
arguments="-appPath $APP_PATH -output $OPT/startup/startup.sh -virtualEnvName antenv -defaultApp $OPT/defaultsite"
if [ $# -eq 1 ] && [ -f "$1" ]; then
    if [ "${1: -3}" = ".sh" ]; then
        chmod +x "$1"
        arguments+=" -userStartupCommand '$1'"
    else
        arguments+=" -userStartupCommand '$(head -1 "$1")'"
    fi
elif [ $# -gt 0 ]; then
    arguments+=" -userStartupCommand '$*'"
fi
eval "oryx create-script $arguments"
chmod +x "$OPT/startup/startup.sh"
exec "$OPT/startup/startup.sh"
"""

_ORYX = """\
#!{python}
import os, pathlib, sys

words = sys.argv[2:]
given = dict(zip(words[::2], words[1::2]))
home, command = given["-appPath"], given.get("-userStartupCommand", "")
if command:
    file = pathlib.Path(home, command)
    if file.is_file():
        file.chmod(0o755)
    command = f'PATH="$PATH:{{home}}" {{command}}'
else:
    conf = os.environ.get("PYTHON_USE_GUNICORN_CONFIG_FROM_PATH")
    options = "--timeout 600 --access-logfile '-' --error-logfile '-'"
    if conf:
        options += f" -c {{conf}}"
    if os.environ.get("PYTHON_ENABLE_GUNICORN_MULTIWORKERS") == "true":
        options += " --workers=" + os.environ["PYTHON_GUNICORN_CUSTOM_WORKER_NUM"]
        options += " --threads=" + os.environ["PYTHON_GUNICORN_CUSTOM_THREAD_NUM"]
    command = f'GUNICORN_CMD_ARGS="{{options}} --chdir={{home}}" gunicorn app:app'
pathlib.Path(given["-output"]).write_text(f'''#!/bin/sh
cd {{home}}
export APP_PATH="{{home}}"
if [ -z "$HOST" ]; then export HOST=0.0.0.0; fi
if [ -z "$PORT" ]; then export PORT=80; fi
if [ -d antenv ]; then . antenv/bin/activate; fi
{{command}}
''')
"""

# What the image's file has are hooks alone.
_IMAGE_CONF = "def on_starting(server):\n    server.log.info('the image has its own configuration')\n"

# It answers /, /settings with what is in force, and /slow once somebody has read `started` and written `go`.
_APP = """\
import json, sys

def in_force():
    frame = sys._getframe()
    while frame is not None:
        cfg = getattr(frame.f_locals.get("self"), "cfg", None)
        if cfg is not None:
            return {name: str(setting.get()) for name, setting in cfg.settings.items()}
        frame = frame.f_back

SETTINGS = in_force()

def slow():
    with open("started", "w"):
        pass
    with open("go") as go:
        go.read()

def body(path):
    return json.dumps(SETTINGS).encode() if path == "/settings" else b"done"
"""
WSGI_APP = f"""{_APP}
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        slow()
    answer = body(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""
ASGI_APP = f"""{_APP}
async def app(scope, receive, send):
    import asyncio
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    if scope["path"] == "/slow":
        await asyncio.to_thread(slow)
    answer = body(scope["path"])
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": answer}})
"""


@dataclass(slots=True, kw_only=True)
class Instance:
    """A started image."""

    port: int
    home: Path
    process: subprocess.Popen[str]
    first: psutil.Process
    """Process 1 of the namespace, by its number outside."""
    lines: queue.SimpleQueue[str | None]
    log: list[str] = field(default_factory=list)

    def get(self, path: str) -> tuple[int, bytes]:
        """One request on loopback; the front end does the same."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()

    def settings(self) -> dict[str, str]:
        """The configuration in force in a worker."""
        status, body = self.get("/settings")
        assert status == 200
        found: dict[str, str] = json.loads(body)
        return found

    def wait_for(self, text: str) -> None:
        """Read the log until a line holds the text."""
        while True:
            try:
                line = self.lines.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"never logged {text!r}:\n{''.join(self.log)}"
            self.log.append(line)
            if text in line:
                return

    def begin_slow_request(self) -> tuple[threading.Thread, list[tuple[int, bytes] | OSError]]:
        """Send a request that a handler is then in the middle of, and its answer to come."""
        answers: list[tuple[int, bytes] | OSError] = []

        def ask() -> None:
            try:
                answers.append(self.get("/slow"))
            except (OSError, http.client.HTTPException) as error:
                answers.append(OSError(str(error)))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        with open(self.home / "started"):  # opens once the handler opens the other end
            pass
        return thread, answers

    def finish_slow_request(self) -> None:
        """Let the handler go on."""
        with open(self.home / "go", "w"):
            pass

    def terminate(self) -> None:
        """What the platform does to stop it: SIGTERM to process 1."""
        self.first.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def started(
    root: Path,
    files: Mapping[str, str],
    startup_command: str = "",
    *,
    path: str = "",
    settings: Mapping[str, str] | None = None,
) -> Iterator[Instance]:
    """The image, started with these files in wwwroot, a startup command and app settings.

    ``path`` comes in front of PATH. It is up when Gunicorn listens.
    """
    opt, home = root / "opt", root / "home" / "site" / "wwwroot"
    (opt / "startup").mkdir(parents=True)
    home.mkdir(parents=True)
    (opt / "startup" / "gunicorn.conf.py").write_text(_IMAGE_CONF)
    tools = root / "tools"
    tools.mkdir()
    _program(tools / "oryx", _ORYX.format(python=sys.executable))
    _program(opt / "startup" / "init_container.sh", _INIT)
    _environment(home, path)
    for name, text in files.items():
        (home / name).write_text(text)
    for name in ("started", "go"):
        os.mkfifo(home / name)
    port = _free_port()
    environment = child_environment(root, {"PORT": str(port), **(settings or {})})
    environment["PATH"] = os.pathsep.join(filter(None, [str(tools), path, environment["PATH"]]))
    environment |= {"OPT": str(opt), "APP_PATH": str(home)}
    environment.setdefault("PYTHON_USE_GUNICORN_CONFIG_FROM_PATH", str(opt / "startup" / "gunicorn.conf.py"))
    # The platform splits the command as a container's arguments; one file name is one argument.
    command = [*UNSHARE, str(opt / "startup" / "init_container.sh"), *startup_command.split()]
    process = subprocess.Popen(
        command,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        instance = Instance(port=port, home=home, process=process, first=psutil.Process(process.pid), lines=lines)
        instance.wait_for("Listening at: ")
        instance.first = psutil.Process(process.pid).children()[0]
        yield instance
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(WAIT_SECONDS)
        reader.join(WAIT_SECONDS)
        process.stdout.close()


def needs_namespaces() -> pytest.MarkDecorator:
    """Skips where no process namespace can be made."""
    why = "needs a process namespace (unshare --pid), which is not allowed here"
    if shutil.which(UNSHARE[0]) is None or not Path("/bin/bash").exists():
        return pytest.mark.skipif(True, reason="needs unshare and bash, which are not installed here")
    done = subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=WAIT_SECONDS, check=False)
    return pytest.mark.skipif(done.returncode != 0, reason=why)


def _environment(home: Path, path: str) -> None:
    """The virtual environment that the build left, whose gunicorn says that it is the one."""
    directory = home / "antenv" / "bin"
    directory.mkdir(parents=True)
    real = shutil.which("gunicorn", path=path) if path else str(Path(sys.executable).with_name("gunicorn"))
    _program(directory / "gunicorn", f'#!/bin/sh\necho "gunicorn of antenv"\nexec {real} "$@"\n')
    (directory / "activate").write_text(
        f'VIRTUAL_ENV="{directory.parent}"\nPATH="$VIRTUAL_ENV/bin:$PATH"\nexport PATH\n'
    )


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
