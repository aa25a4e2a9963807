"""Writes a supervisor program that stops Gunicorn by SIGTERM, alone, and waits until it has stopped."""

from __future__ import annotations

from gunicorn_conf.write.quote import supervisor_words
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.nginx import nginx
from gunicorn_conf.write.startups.systemd import HOME, install_step, installed_command

# The user of web servers on Debian and Ubuntu.
_USER = "www-data"


def supervisor(server: Server, _options: Options) -> Startup:
    """A program for ``/etc/supervisor/conf.d``, the configuration, and an nginx that fits."""
    name = parts.name_of(server)
    stop = parts.stop_seconds(server, usual=parts.usual_stop_seconds("supervisor"))
    return Startup(
        platform="supervisor",
        files=(parts.conf_file(server), OutFile(path=f"{name}.conf", text=_program(server, stop))),
        steps=(
            install_step(server),
            Step(
                title="Start it",
                text=f"{_USER} must be able to read {HOME}/{name}; put the user that you run web apps as.",
                commands=(
                    f"install -m 644 {name}.conf /etc/supervisor/conf.d/",
                    "supervisorctl reread",
                    "supervisorctl update",
                ),
            ),
            Step(
                title="After a change of the configuration or the app",
                text="A reload starts new workers and lets the old ones finish; restart does not.",
                commands=(f"supervisorctl signal HUP {name}",),
            ),
        ),
        fragments=(nginx(server),),
        explanations=(
            *parts.name_notes(server),
            (
                f"stopwaitsecs is the time from SIGTERM to SIGKILL, {stop} s here, above graceful_timeout "
                f"({parts.graceful_seconds(server)} s); it is 10 s unless it is written."
            ),
            (
                "stopasgroup stays off: SIGTERM goes to Gunicorn alone, which lets its workers finish. killasgroup is "
                "on, so that no worker outlives a Gunicorn that was killed."
            ),
            *parts.reload_notes(server),
            "supervisor starts Gunicorn without a shell: nothing of ~/.profile is set.",
            "Write secrets into the environment of supervisord, not into this file.",
        ),
        stop_window_seconds=stop,
    )


def _program(server: Server, stop: int) -> str:
    name = parts.name_of(server)
    return f"""\
[program:{name}]
command={supervisor_words(installed_command(server))}
directory={HOME}/{name}
user={_USER}
autostart=true
autorestart=true
stopsignal=TERM
; Above graceful_timeout, {parts.graceful_seconds(server)} s.
stopwaitsecs={stop}
; SIGTERM to Gunicorn alone; SIGKILL to its workers too.
stopasgroup=false
killasgroup=true
redirect_stderr=true
; Without a name supervisor removes the log when it starts anew.
stdout_logfile=/var/log/{name}.log
environment=PYTHONUNBUFFERED="1"
"""
