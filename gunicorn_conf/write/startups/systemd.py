"""Writes a systemd service and its socket: Gunicorn tells when it is ready, and has time to stop."""

from __future__ import annotations

from gunicorn_conf.write.quote import sh_words
from gunicorn_conf.write.quote import systemd as word
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.nginx import nginx

# Where the app and its virtual environment are; the units are the user's to change.
HOME = "/srv"
VIRTUAL_ENVIRONMENT = ".venv"


def systemd(server: Server, _options: Options) -> Startup:
    """A service, a socket, the configuration, and an nginx that fits."""
    name = parts.name_of(server)
    home = f"{HOME}/{name}"
    return Startup(
        platform="systemd",
        files=(
            parts.conf_file(server),
            OutFile(path=f"{name}.service", text=_service(server)),
            OutFile(path=f"{name}.socket", text=_socket(server)),
        ),
        steps=(
            install_step(server),
            Step(
                title="Start it, now and after a reboot",
                commands=(
                    sh_words(["install", "-m", "644", f"{name}.service", f"{name}.socket", "/etc/systemd/system/"]),
                    "systemctl daemon-reload",
                    sh_words(["systemctl", "enable", "--now", f"{name}.socket", f"{name}.service"]),
                ),
            ),
            Step(
                title="After a change of the configuration or the app",
                text="A reload starts new workers and lets the old ones finish.",
                commands=(sh_words(["systemctl", "reload", f"{name}.service"]),),
            ),
        ),
        fragments=(nginx(server),),
        explanations=(
            *parts.name_notes(server),
            (
                "systemd holds the socket: while Gunicorn restarts, connections wait instead of being refused. "
                "Gunicorn then ignores bind; the socket has the same address."
            ),
            (
                f"TimeoutStopSec is above graceful_timeout ({parts.graceful_seconds(server)} s). Gunicorn's own "
                "example has 5 s, which cuts requests off."
            ),
            *parts.reload_notes(server),
            "KillMode=mixed sends SIGTERM to Gunicorn alone, which then lets its workers finish.",
            (
                f"The service runs as a user of its own (DynamicUser) that may read {home} and write to "
                f"/var/lib/{name} and its own /tmp alone."
            ),
            f"Secrets belong in /etc/{name}.env, readable by root alone: systemd reads it before it changes the user.",
        ),
        stop_window_seconds=parts.stop_seconds(server),
    )


def install_step(server: Server) -> Step:
    """Puts the app where the unit or the program expects it."""
    home = f"{HOME}/{parts.name_of(server)}"
    requirements = parts.requirements_step(server)
    return Step(
        title=f"Put the app into {home}",
        text=f"With gunicorn.conf.py and requirements.txt, which must have: {requirements.text}",
        commands=(
            sh_words(["python3", "-m", "venv", f"{home}/{VIRTUAL_ENVIRONMENT}"]),
            sh_words([f"{home}/{VIRTUAL_ENVIRONMENT}/bin/pip", "install", "-r", f"{home}/requirements.txt"]),
        ),
    )


def installed_command(server: Server) -> tuple[str, ...]:
    """The command with absolute paths: neither systemd nor supervisor goes by PATH."""
    home = f"{HOME}/{parts.name_of(server)}"
    return parts.command(server, program=f"{home}/{VIRTUAL_ENVIRONMENT}/bin/gunicorn", conf=f"{home}/gunicorn.conf.py")


def _service(server: Server) -> str:
    name = parts.name_of(server)
    return f"""\
[Unit]
Description=Gunicorn, {name}
Requires={name}.socket
After=network.target

[Service]
# Gunicorn says when it is ready.
Type=notify
NotifyAccess=main
DynamicUser=true
WorkingDirectory={HOME}/{name}
ExecStart={" ".join(word(one) for one in installed_command(server))}
ExecReload=/bin/kill -s HUP $MAINPID
# SIGTERM to Gunicorn alone; after TimeoutStopSec, SIGKILL to all.
KillMode=mixed
# Above graceful_timeout, {parts.graceful_seconds(server)} s.
TimeoutStopSec={parts.stop_seconds(server)}
Restart=on-failure
# Secrets; the file may be missing.
EnvironmentFile=-/etc/{name}.env
Environment=PYTHONUNBUFFERED=1
# A home for Gunicorn's control socket, and for what the app writes.
RuntimeDirectory={name}
RuntimeDirectoryMode=0700
Environment=XDG_RUNTIME_DIR=/run/{name}
StateDirectory={name}
PrivateTmp=true
ProtectSystem=strict
ProtectHome=true
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
"""


def _socket(server: Server) -> str:
    name = parts.name_of(server)
    return f"""\
[Unit]
Description=Socket of Gunicorn, {name}

[Socket]
# The address that nginx passes requests on to.
ListenStream=127.0.0.1:{server.bind_port}

[Install]
WantedBy=sockets.target
"""
