"""Writes a shell script that becomes Gunicorn, for machines without a supervisor and for supervisors not known here."""

from __future__ import annotations

from gunicorn_conf.write.quote import comment, sh_words
from gunicorn_conf.write.startup import CONF_NAME, Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.nginx import nginx

SCRIPT = "start.sh"


def shell(server: Server, _options: Options) -> Startup:
    """A script, the configuration, and an nginx that fits."""
    return Startup(
        platform="shell",
        files=(parts.conf_file(server), OutFile(path=SCRIPT, text=_script(server), executable=True)),
        steps=(
            parts.requirements_step(server),
            Step(title="Start it", text="From any directory; it goes to its own.", commands=(f"./{SCRIPT}",)),
        ),
        fragments=(nginx(server),),
        explanations=(
            *parts.name_notes(server),
            (
                "exec puts Gunicorn in the shell's place: who started the script can stop Gunicorn by SIGTERM and "
                "reload it by SIGHUP, and waits for it."
            ),
            "A virtual environment in .venv beside the script is used where there is one.",
            (
                "Nothing starts Gunicorn anew after a reboot or a crash; a systemd service does (gcadvise startup "
                "systemd)."
            ),
        ),
    )


def _script(server: Server) -> str:
    return f"""\
#!/bin/sh
# Starts {comment(server.name)}. Every setting is in {CONF_NAME}.
set -eu

# The configuration and the app are beside this script.
CDPATH='' cd -- "$(dirname -- "$0")"

if [ -x .venv/bin/gunicorn ]; then
    PATH="${{PWD}}/.venv/bin:${{PATH}}"
    export PATH
fi

# exec: the signals of whoever started this script go to Gunicorn, not to a shell.
exec {sh_words(parts.command(server))}
"""
