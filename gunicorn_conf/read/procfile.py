"""Reads a Procfile: one ``name: command`` a line, run by a shell."""

from __future__ import annotations

import re

from gunicorn_conf.read.launch import Setting, run_shell
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Unknown

# As in honcho/process and Heroku's documentation of the Procfile format.
_LINE = re.compile(r"^(?P<name>[\w.-]+):[ \t]*(?P<command>\S.*)$", re.MULTILINE)


def read_procfile(reading: Reading) -> list[Start]:
    """Every Gunicorn of the Procfile; Heroku's is ``web``, and it runs commands with bash."""
    starts = []
    for match in _LINE.finditer(reading.file.text):
        setting = Setting(
            file_kind="procfile",
            release=reading.release,
            # Heroku's buildpack sets it by the dyno's size (Dev Center, "Optimizing Python Application Concurrency").
            environment={"WEB_CONCURRENCY": Unknown(why="the platform that runs the Procfile may set WEB_CONCURRENCY")},
            given=reading.given,
            shell="bash",
            # Heroku sends SIGTERM to all processes of the dyno (Dev Center, "Dyno Shutdown Behavior").
            passes_to_all=True,
            script=reading.script,
        )
        for command in run_shell(reading.text.part(*match.span("command")), setting):
            starts.append(Start(command=command, deployment=Deployment()))
    return starts
