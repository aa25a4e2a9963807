"""What App Service does that its documentation leaves out, and the start without a script with all that it loses."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.platforms import platform
from gunicorn_conf.read.oryx import FASTAPI_SINCE
from gunicorn_conf.write.quote import sh
from gunicorn_conf.write.startup import AppKind, Options, Server, Step

# The command that Oryx writes (scriptgenerator.go, buildGunicornCommandForModule) with what the image sets.
_ORYX = (
    "GUNICORN_CMD_ARGS=\"--timeout 600 --access-logfile '-' --error-logfile '-' "
    '-c /opt/startup/gunicorn.conf.py --chdir=DIRECTORY" gunicorn'
)


def explanations(server: Server, options: Options, startup_command: str) -> Iterator[str]:
    """What a user should know, the first things first."""
    if options.oryx is not None:
        yield _oryx(server, options)
    yield (
        "Without a startup command your gunicorn.conf.py is ignored: the image's own command names "
        "/opt/startup/gunicorn.conf.py, and an app setting GUNICORN_CMD_ARGS is replaced too."
    )
    yield (
        "A startup command of your own replaces all of the image's: the bind address, timeout 600 and both logs are "
        "gone unless you give them. Here the written configuration gives them."
    )
    yield (
        "A startup file whose name does not end in .sh (startup.txt) is cut to its first line. If a startup command "
        "fails, nothing else is started, whatever the documentation says."
    )
    yield (
        "SIGTERM reaches only a command that begins with exec: process 1 is a shell that waits for it and passes "
        f"nothing on. With {startup_command!r} and exec in the script it is Gunicorn, and requests in flight are "
        "answered before it ends."
    )
    yield _stop(server)
    yield _size(server, options)
    yield (
        "/home is a share on the network that all instances mount. Heartbeat files and Gunicorn's control socket do "
        "not belong there: the first go to /dev/shm where it exists, else to the container's /tmp, and the socket "
        "(since Gunicorn 25.1) is off."
    )


def without_script(server: Server) -> Step:
    """The start by app settings alone, and what it loses."""
    settings = {
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": str(server.workers),
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": str(server.threads),
    }
    lost = "gunicorn.conf.py is not read, so every other setting is Gunicorn's own default"
    if server.app.kind is AppKind.ASGI:
        del settings["PYTHON_GUNICORN_CUSTOM_THREAD_NUM"]
        lost += ", and before Python 3.14 the worker class is sync, on which an ASGI app fails at its first request"
    elif server.threads > 1:
        lost += (
            ", and a worker takes up to 1,000 connections while its threads are busy and another worker idles: "
            f"{server.workers} × {server.threads} are not all served at once"
        )
    words = " ".join(sh(f"{name}={value}") for name, value in settings.items())
    return Step(
        title="Or, instead of all this: no startup script",
        text=f"Set no startup command, and let these app settings give the size. What it loses: {lost}. SIGTERM never "
        "reaches Gunicorn: requests in flight are cut. The two numbers count only beside "
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS, which takes true or false; yes or on breaks the start.",
        commands=(
            f"az webapp config appsettings set --resource-group GROUP --name {sh(server.name)} --settings {words}",
        ),
    )


def _oryx(server: Server, options: Options) -> str:
    oryx = options.oryx
    assert oryx is not None
    if oryx.detector is None:
        on = f"On Python {options.python_version} App Service" if options.python_version else "App Service"
        fastapi = (
            f" (FastAPI it looks for from Python {'.'.join(map(str, FASTAPI_SINCE))} on)"
            if server.app.framework == "fastapi"
            else ""
        )
        return (
            f"{on} by itself finds no app here{fastapi} and would show its default page "
            f"(/opt/defaultsite, {oryx.arguments})."
        )
    command = f"{_ORYX} {oryx.arguments}"
    kind = "Flask (any WSGI app)" if oryx.detector == "Flask" else oryx.detector
    text = f"By itself App Service finds {oryx.file}, takes it for {kind} and starts: {command}"
    differs = ["one worker" if server.workers > 1 else "", "your configuration unread"]
    if oryx.detector == "Flask" and server.app.kind is AppKind.ASGI:
        differs.insert(0, "a sync worker, which fails on this ASGI app (TypeError: missing argument 'send')")
    elif server.app.kind is AppKind.WSGI:
        differs.insert(0, "the sync class, one request at a time" if server.threads > 1 else "")
    if oryx.arguments.split()[-1] != server.app.target:
        differs.insert(0, f"{oryx.arguments.split()[-1]} instead of {server.app.target}")
    return f"{text} - the difference: {', '.join(filter(None, differs))}, and no SIGTERM."


def _stop(server: Server) -> str:
    window = platform("app-service").stop_window_seconds
    assert window is not None
    graceful = "" if server.graceful_timeout_seconds is None else f" ({server.graceful_timeout_seconds} s here)"
    label = "" if window.verified else " (not verified)"
    return (
        f"From SIGTERM to SIGKILL it is {window.value} s by default{label}; WEBSITES_CONTAINER_STOP_TIME_LIMIT raises "
        "it to at most 120, as documented for custom containers (not verified for the Python image). If you raise it, "
        f"raise graceful_timeout{graceful} with it, to a little less."
    )


def _size(server: Server, options: Options) -> str:
    apps = options.apps_in_plan
    shared = "Memory and CPUs are the plan's, shared by all its apps, slots and the deployment site"
    if apps > 1:
        shared += f"; for {apps} of them each is given 1/{apps} of the memory here"
    else:
        shared += "; --apps-in-plan divides the memory"
    if options.scaling is not None:
        return (
            "The script counts CPUs and memory when it starts, so a plan that is scaled up gets more workers without a "
            f"change; threads stay as written. The variable WEB_CONCURRENCY wins. {shared}."
        )
    named = f" of {options.plan_size.name}" if options.plan_size is not None else ""
    return (
        f"The {server.workers} workers are pinned to the size{named}: after scaling the plan, run this again or set "
        f"WEB_CONCURRENCY; --detect writes a script that counts when it starts. {shared}."
    )
