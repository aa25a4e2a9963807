"""Reads the commands of a file by its kind."""

from __future__ import annotations

from gunicorn_conf.read.launch import Setting, run_shell
from gunicorn_conf.read.start import Reading, Start


def read_commands(kind: str, reading: Reading) -> list[Start]:
    """Every Gunicorn that the file starts; none for kinds that start nothing."""
    match kind:
        case "shell":
            return _script(reading)
        case "procfile":
            from gunicorn_conf.read.procfile import read_procfile

            return read_procfile(reading)
        case "dockerfile":
            from gunicorn_conf.read.dockerfile import read_dockerfile

            return read_dockerfile(reading)
        case "systemd":
            from gunicorn_conf.read.systemd import read_systemd

            return read_systemd(reading)
        case "supervisor":
            from gunicorn_conf.read.supervisor import read_supervisor

            return read_supervisor(reading)
        case "compose":
            from gunicorn_conf.read.compose import read_compose

            return read_compose(reading)
        case "kubernetes":
            from gunicorn_conf.read.kubernetes import read_kubernetes

            return read_kubernetes(reading)
        case _:
            return []


def _script(reading: Reading) -> list[Start]:
    """A script that nobody here runs: its arguments are not known."""
    setting = Setting(
        file_kind="shell",
        release=reading.release,
        given=reading.given,
        script=reading.script,
    )
    if "gunicorn" not in reading.file.text:
        return []
    return [Start(command=command) for command in run_shell(reading.text, setting, is_script=True)]
