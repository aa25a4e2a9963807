"""Azure App Service: startup.sh and gunicorn.conf.py, how to set them, and what the platform does with them.

Facts: microsoft/Oryx d91d836 (2026-08-06), src/startupscriptgenerator/src/python; Azure-App-Service/ImageBuilder
22a9096 (2024-03-15), GenerateDockerFiles/python; Microsoft, App Service environment variables and app settings
(2026-02-26). How signals travel was measured in a process namespace (tests/gunicorn_conf/write/startups).
"""

from __future__ import annotations

from gunicorn_conf.platforms import platform
from gunicorn_conf.write.quote import sh
from gunicorn_conf.write.startup import CONF_NAME, AppKind, Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups.app_service_traps import explanations, without_script
from gunicorn_conf.write.startups.azure_resources import app_settings, resources
from gunicorn_conf.write.startups.detect_script import detect_script

NAME = "app-service"
SCRIPT_NAME = "startup.sh"
STARTUP_COMMAND = f"exec bash {SCRIPT_NAME}"

_HEAD = f"""\
#!/bin/sh
# Starts Gunicorn on Azure App Service. The startup command to set is: {STARTUP_COMMAND}
#
# By then the platform's own script has entered the app's directory and put its Python, and the virtual environment
# that the build made, in front on PATH and PYTHONPATH: gunicorn is that one, and nothing is activated here.
set -eu

# An absolute path, so that the file is found whatever the directory is.
app_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
cd -- "$app_dir"
"""


def app_service(server: Server, options: Options) -> Startup:
    """What starts a server on App Service."""
    return Startup(
        platform=NAME,
        files=(
            OutFile(path=SCRIPT_NAME, text=_script(server, options), executable=True),
            OutFile(path=CONF_NAME, text=server.conf),
        ),
        steps=(*_steps(server, options), without_script(server)),
        fragments=resources(server, options, STARTUP_COMMAND),
        explanations=tuple(explanations(server, options, STARTUP_COMMAND)),
        warnings=tuple(_warnings(server, options)),
    )


def _script(server: Server, options: Options) -> str:
    detect = f"\n{detect_script(options.scaling)}" if options.scaling is not None else ""
    flags = [sh(word) for word in server.arguments(CONF_NAME)[2:]]
    start = " ".join(["exec", "gunicorn", "-c", f'"$app_dir/{CONF_NAME}"', *flags])
    what = "" if server.flags else f"\n# Its settings are all in {CONF_NAME}; the port is $PORT."
    end = f"\n# exec: Gunicorn takes the shell's place, so that SIGTERM reaches it.{what}\n{start}\n"
    return _HEAD + detect + end


def _steps(server: Server, options: Options) -> list[Step]:
    app = f"--resource-group GROUP --name {sh(server.name)}"
    settings = " ".join(sh(f"{name}={value}") for name, value in app_settings())
    steps = [
        Step(
            title="Deploy both files",
            text="They belong in the root of the app, /home/site/wwwroot, beside requirements.txt. The script must "
            "keep its LF line ends (on Windows: *.sh text eol=lf in .gitattributes). " + _packages(server),
        ),
        Step(
            title="Make the script the startup command",
            text="exec lets Gunicorn take the place of the platform's shell, which is process 1 and passes no SIGTERM "
            "on; bash, since the script alone is made executable only as a command of one word.",
            commands=(f'az webapp config set {app} --startup-file "{STARTUP_COMMAND}"',),
        ),
        Step(
            title="Set the app settings",
            text="Build automation makes the virtual environment from requirements.txt when a zip file is deployed; "
            "the platform's own PORT needs no setting. A setting WEB_CONCURRENCY or FORWARDED_ALLOW_IPS wins "
            "over the written file.",
            commands=(f"az webapp config appsettings set {app} --settings {settings}",),
        ),
    ]
    if options.health_path is not None:
        import json

        body = json.dumps({"healthCheckPath": options.health_path})
        steps.append(
            Step(
                title="Turn the health check on",
                text="It asks every minute and takes an instance out after 10 failures; no answer within a minute is "
                "one. It needs two instances to do anything, and turning it on restarts the app.",
                commands=(f"az webapp config set {app} --generic-configurations {sh(body)}",),
            )
        )
    return [*steps, Step(title="Watch it start", commands=(f"az webapp log tail {app}",))]


def _packages(server: Server) -> str:
    if server.app.kind is AppKind.ASGI and server.worker_class.startswith("uvicorn_worker."):
        return (
            "requirements.txt must name gunicorn, uvicorn and uvicorn-worker: the image brings Gunicorn without a "
            "fixed version, and uvicorn only from Python 3.14 on."
        )
    return "requirements.txt should pin gunicorn: the image brings one, without a fixed version."


def _warnings(server: Server, options: Options) -> list[str]:
    found = []
    size = options.plan_size
    if size is not None and not size.verified:
        found.append(f"The figures of {size.name} are not verified: {size.source}.")
    limit = platform(NAME).request_timeout_seconds
    held = server.worker_class == "sync" and server.timeout_seconds
    if limit is not None and held and server.timeout_seconds is not None and server.timeout_seconds < limit.value:
        found.append(
            f"timeout is {server.timeout_seconds} s: a sync worker is killed in the middle of a request that the front "
            f"end would wait {limit.value} s for."
        )
    return found
