"""Writes a Dockerfile whose command is Gunicorn itself, and the ``docker run`` that gives it what it was sized for."""

from __future__ import annotations

from gunicorn_conf.write.quote import comment, dockerfile_words, sh_words
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts

# Where the user's own is not known: a release with fixes until October 2029 (PEP 719).
DEFAULT_PYTHON = "3.13"
# Where the app is in the image.
APP_DIRECTORY = "/app"
# A number, since Kubernetes' runAsNonRoot cannot look up a name; above the users of a Debian image.
USER_ID = 10001
# An app may need so long to import before a failed check counts.
START_SECONDS = 30
CHECK_EVERY_SECONDS = 30
_PYTHON_CHARACTERS = frozenset("0123456789.")
PUBLISHED_NOTE = (
    "The port is published on 127.0.0.1, for a reverse proxy on this machine: Docker publishes past the host's "
    "firewall. Write it without the address where it is to be reached from outside."
)
# What is never to get into an image: the history, environments, caches, and the files that hold secrets.
_DOCKERIGNORE = """\
.git
**/.venv
**/venv
**/__pycache__
**/*.pyc
**/.env
**/.env.*
"""


def docker(server: Server, options: Options) -> Startup:
    """A Dockerfile, the files beside it, and the commands that build and run the image."""
    name = parts.name_of(server)
    stop = parts.stop_seconds(server, usual=parts.usual_stop_seconds("docker"))
    run = ["docker", "run", "--detach", "--name", name, "--publish", f"127.0.0.1:{server.bind_port}:{server.bind_port}"]
    run += ["--stop-timeout", str(stop), *_limits(server), name]
    return Startup(
        platform="docker",
        files=image_files(server, options),
        steps=(
            parts.requirements_step(server),
            Step(title="Build the image", commands=(sh_words(["docker", "build", "--tag", name, "."]),)),
            Step(
                title="Run it",
                text=f"docker stop waits for {stop} s before it kills, so that running requests can finish "
                f"(graceful_timeout is {parts.graceful_seconds(server)} s).",
                commands=(sh_words(run),),
            ),
        ),
        explanations=(
            *parts.name_notes(server),
            PUBLISHED_NOTE,
            (
                "CMD is in exec form: Gunicorn gets the SIGTERM of docker stop. In shell form a shell would get it, "
                "and Gunicorn would be killed with its requests."
            ),
            (
                "Without --cpus and --memory the container sees the whole host; a number of CPUs read inside would be "
                "the host's."
            ),
            (
                "The heartbeat files in /dev/shm are empty, so Docker's 64 MB there are enough; --shm-size is for apps "
                "that share memory between processes themselves."
            ),
            *parts.health_notes(server, options),
            parts.trusted_proxy_note("a reverse proxy in another container"),
        ),
        warnings=limit_warnings(server),
        stop_window_seconds=stop,
    )


def image_files(server: Server, options: Options) -> tuple[OutFile, ...]:
    """What makes the image: the configuration, the Dockerfile, and what is left out of it."""
    return (
        parts.conf_file(server),
        OutFile(path="Dockerfile", text=_dockerfile(server, options)),
        OutFile(path=".dockerignore", text=_DOCKERIGNORE),
    )


def image_command(server: Server) -> tuple[str, ...]:
    """The command of the image; the path of the file is absolute, so that no working directory matters."""
    return parts.command(server, conf=f"{APP_DIRECTORY}/gunicorn.conf.py")


def _dockerfile(server: Server, options: Options) -> str:
    times = (
        f"--interval={CHECK_EVERY_SECONDS}s --timeout={parts.HEALTH_TIMEOUT_SECONDS}s --start-period={START_SECONDS}s"
    )
    check = dockerfile_words(parts.health_check(server, options))
    return f"""\
# Image for {comment(server.name)}: Gunicorn is process 1, so that it gets the signals.
FROM python:{python_version(options)}-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR {APP_DIRECTORY}

COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt "gunicorn=={server.release}"

COPY . .
# A number, since Kubernetes' runAsNonRoot does not look up names.
RUN useradd --no-log-init --uid {USER_ID} app
USER {USER_ID}

# The port unless PORT says otherwise.
EXPOSE {server.bind_port}
STOPSIGNAL SIGTERM
HEALTHCHECK {times} \\
    CMD {check}

# Exec form: no shell stands between the signals and Gunicorn. Every setting is in the file.
CMD {dockerfile_words(image_command(server))}
"""


def python_version(options: Options) -> str:
    """The Python of the image; only numbers and dots are taken."""
    given = options.python_version
    return given if given and set(given) <= _PYTHON_CHARACTERS else DEFAULT_PYTHON


def limit_warnings(server: Server) -> tuple[str, ...]:
    """What to say where the container cannot be limited to what the configuration was made for."""
    missing = [
        what for what, value in (("CPUs", server.cpus), ("memory", parts.sum_of_memory(server))) if value is None
    ]
    if not missing:
        return ()
    return (f"No limit is written for {' and '.join(missing)}: what the configuration was made for is not known.",)


def _limits(server: Server) -> list[str]:
    words = [] if server.cpus is None else ["--cpus", parts.number(server.cpus)]
    memory = parts.sum_of_memory(server)
    return words if memory is None else [*words, "--memory", f"{parts.mebibytes(memory)}m"]
