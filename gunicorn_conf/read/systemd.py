"""Reads a systemd service unit: its commands, environment, limits, and how it is stopped."""

from __future__ import annotations

from collections.abc import Mapping

from gunicorn_conf.read.env_file import perhaps_set, read_env_file
from gunicorn_conf.read.ini import systemd_entries
from gunicorn_conf.read.launch import Placed, Setting, launch
from gunicorn_conf.read.quantities import binary_bytes, percent_as_cpus, seconds
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.read.systemd_words import assignments, command_words
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Known, Value

_TRUE = frozenset({"yes", "true", "1", "on"})
# systemd.service(5), Type=: exec is as simple, but tells when the program could not be run at all.
_TYPES = {"notify": "systemd-notify", "notify-reload": "systemd-notify", "forking": "systemd-forking"}


def read_systemd(reading: Reading) -> list[Start]:
    """Every Gunicorn that the unit starts (``ExecStart=``)."""
    values: dict[str, str] = {}
    environment: dict[str, Value] = {}
    commands: list[Text] = []
    for entry in systemd_entries(reading.text):
        if entry.section != "Service":
            continue
        if entry.key == "ExecStart":
            # An empty assignment resets the list.
            commands = [*commands, entry.value] if entry.value.text else []
        elif entry.key == "Environment":
            for name, value, place in assignments(entry.value):
                environment[name] = (
                    Placed(value=value.value, place=place.place()) if isinstance(value, Known) else value
                )
        elif entry.key == "EnvironmentFile":
            environment.update(_from_file(reading, entry.value.text, environment))
        else:
            values[entry.key] = entry.value.text
    directory = values.get("WorkingDirectory", "").lstrip("-") or None
    setting = Setting(
        file_kind="systemd",
        release=reading.release,
        environment=environment,
        given=reading.given,
        directory=directory if directory and not _is_open(directory) else None,
        # systemd.kill(5): control-group, the default, sends SIGTERM to every process of the unit.
        passes_to_all=values.get("KillMode", "control-group") == "control-group",
        script=reading.script,
    )
    deployment = _deployment(values, reading.file.path)
    return [
        Start(command=command, deployment=deployment)
        for text in commands
        for command in launch(command_words(text, environment, reading.given), setting)
    ]


def _from_file(reading: Reading, path: str, known: Mapping[str, Value]) -> Mapping[str, Value]:
    found = reading.files.find(path.lstrip("-"), beside=reading.file.path)
    if found is None:
        return perhaps_set(path.lstrip("-"), known)
    return dict(read_env_file(Text(found.text, found.path)))


def _is_open(path: str) -> bool:
    """Whether something is still to be filled into a path."""
    return "%" in path or GAP in path or path.startswith("~")


def _deployment(values: Mapping[str, str], path: str) -> Deployment:
    sources: dict[str, str] = {"platform": f"{path} is a systemd unit"}

    def said(field: str, key: str) -> None:
        sources[field] = f"{key}={values[key]} in {path}"

    user = values.get("User", "")
    root: bool | None = user in ("", "root", "0")
    if "DynamicUser" in values and values["DynamicUser"].lower() in _TRUE:
        root = False
        said("root", "DynamicUser")
    elif user:
        root = None if "%" in user or GAP in user else root
        said("root", "User")
    else:
        sources["root"] = f"{path} has no User="
    if "/user/" in f"/{path}":
        root = None
    kind = values.get("Type", "simple")
    sources["supervisor"] = f"Type={kind} in {path}"
    stop = None
    for key in ("TimeoutStopSec", "TimeoutSec"):
        if key in values:
            stop = seconds(values[key])
            said("stop_window_seconds", key)
            break
    memory = next(
        (binary_bytes(values[key]) for key in ("MemoryMax", "MemoryLimit", "MemoryHigh") if key in values), None
    )
    for key in ("MemoryMax", "MemoryLimit", "MemoryHigh"):
        if key in values and memory is not None:
            said("memory_bytes", key)
            break
    cpus = percent_as_cpus(values["CPUQuota"]) if "CPUQuota" in values else None
    if cpus is not None:
        said("cpus", "CPUQuota")
    read_only = True if values.get("ProtectSystem", "").lower() == "strict" else None
    if read_only:
        said("read_only_root", "ProtectSystem")
    private = values["PrivateTmp"].lower() in _TRUE if "PrivateTmp" in values else None
    if private:
        said("private_tmp", "PrivateTmp")
    return Deployment(
        platform="systemd",
        cpus=cpus,
        memory_bytes=memory,
        stop_window_seconds=stop,
        root=root,
        read_only_root=read_only,
        supervisor=_TYPES.get(kind, "systemd-simple"),
        private_tmp=private,
        sources=sources,
    )
