"""Reads a Dockerfile: what the image starts, with its variables, working directory and user."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gunicorn_conf.place import Place
from gunicorn_conf.read.dockerfile_lines import Instruction, instructions
from gunicorn_conf.read.filled import variable
from gunicorn_conf.read.launch import Placed, Setting, launch, run_shell
from gunicorn_conf.read.options import with_gaps
from gunicorn_conf.read.shell_words import expand, expand_to_one, expand_with_gaps
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, plain
from gunicorn_conf.rules.subject import Command, Deployment, Signals
from gunicorn_conf.value import Known, Value

# What /bin/sh is in images by their names: dash in Debian and Ubuntu (and the official Python images made from them),
# bash in those of the Red Hat family. Alpine's busybox was not tried, so it stays unknown.
_DASH = re.compile(r"python|debian|ubuntu|slim|bookworm|bullseye|buster|trixie|jammy|noble|focal|node|nvidia|cuda|uv\b")
_BASH = re.compile(r"ubi\d?|fedora|centos|rocky|alma|amazonlinux|redhat|oraclelinux|arch|opensuse|suse|lambda/")
_UNTOLD = re.compile(r"alpine|busybox|distroless|\$")


@dataclass(slots=True, kw_only=True)
class Stage:
    """What a build stage holds at its end."""

    image: str
    names: tuple[str, ...] = ()
    environment: dict[str, Value] = field(default_factory=dict)
    arguments: dict[str, Value] = field(default_factory=dict)
    directory: str | None = None
    user: str | None = None
    shell: Sequence[str] = ("/bin/sh", "-c")
    entrypoint: Text | None = None
    command: Text | None = None
    stop_signal: str | None = None
    moved: dict[str, str] = field(default_factory=dict)
    """Where COPY and ADD put single files that they rename: path in the image to path in the repository."""

    def entry_words(self) -> list[Word]:
        """ENTRYPOINT as words; its shell form runs whatever it is, and takes no further words."""
        assert self.entrypoint is not None
        words = _exec_form(self.entrypoint)
        if words is not None:
            return words
        return [*(plain(self.entrypoint.made(word)) for word in self.shell), plain(self.entrypoint)]


def read_dockerfile(reading: Reading) -> list[Start]:
    """Every Gunicorn that a stage of the Dockerfile starts; the last stage is what is built unless told otherwise."""
    found: dict[tuple[Place, Place | None], Start] = {}
    for stage in stages(reading.text, reading.given):
        if stage.command is None and stage.entrypoint is None:
            continue
        setting = setting_of(stage, reading)
        for command in started(stage, setting):
            # A stage made from another inherits its command; the last one has all that it runs with.
            found[command.place, command.app_place] = Start(
                command=command, deployment=deployment_of(stage, reading.file.path)
            )
    return list(found.values())


def setting_of(stage: Stage, reading: Reading) -> Setting:
    """What a process of this image finds when it starts."""
    return Setting(
        file_kind="dockerfile",
        release=reading.release,
        environment=stage.environment,
        given=reading.given,
        directory=stage.directory,
        shell=shell_of(stage),
        script=lambda path, directory: _script(stage, reading, path, directory),
    )


def shell_of(stage: Stage) -> str:
    """What ``sh`` is in this image: ``dash``, ``bash`` or, where that is not known, ``sh``."""
    image = stage.image.lower()
    if _UNTOLD.search(image):
        return "sh"
    if _BASH.search(image):
        return "bash"
    return "dash" if _DASH.search(image) else "sh"


def deployment_of(stage: Stage, path: str) -> Deployment:
    """What the image says of where it runs."""
    sources = {"container": f"{path} makes a container image"}
    root: bool | None = None
    if stage.user is not None:
        name = stage.user.partition(":")[0]
        root = name in ("root", "0") if "$" not in name and "{" not in name else None
        sources["root"] = f"{path} says USER {stage.user}"
    elif re.match(r"(docker\.io/)?(library/)?(python|debian|ubuntu|alpine|node)(:|$|@)", stage.image):
        root = True
        sources["root"] = f"{path} has no USER, and {stage.image} runs as root"
    return Deployment(container=True, root=root, supervisor="container", sources=sources)


def stages(text: Text, given: Mapping[str, str]) -> list[Stage]:
    """The stages of a Dockerfile, the last one last."""
    found: list[Stage] = []
    arguments: dict[str, Value] = {}
    for instruction in instructions(text):
        if instruction.name == "FROM":
            found.append(_from(instruction.text, found, _Scope(arguments, {}, given)))
        elif not found:
            if instruction.name == "ARG":
                _assign(instruction.text, _Scope(arguments, {}, given), arguments, given, from_outside=True)
        else:
            _apply(instruction, found[-1], arguments, given)
    return found


class _Scope:
    """ARG and ENV, as they are substituted in later instructions."""

    arguments: Sequence[Word] | None = ()
    directory: str | None = None

    def __init__(self, arguments: Mapping[str, Value], environment: Mapping[str, Value], given: Mapping[str, str]):
        self._arguments = arguments
        self._environment = environment
        self._given = given

    def variable(self, name: str) -> Value | None:
        if name in self._environment:
            return self._environment[name]
        return self._arguments.get(name)

    def array(self, name: str) -> Sequence[Word] | None:
        """There are no arrays in a Dockerfile."""

    def assign(self, name: str, value: Value) -> None:
        """``${NAME:=value}`` does not exist in a Dockerfile."""


def _from(text: Text, found: Sequence[Stage], scope: _Scope) -> Stage:
    words = [word for word in expand(text, scope) if not (word.known or "").startswith("--")]
    image = (words[0].known or "$") if words else "$"
    name = (words[2].known or "") if len(words) > 2 else ""
    for stage in found:
        if image.lower() in stage.names:
            kept = replace(stage, names=(name.lower(),), arguments={}, moved=dict(stage.moved))
            kept.environment = dict(stage.environment)
            return kept
    return Stage(image=image, names=(name.lower(), str(len(found))))


def _apply(instruction: Instruction, stage: Stage, outer: Mapping[str, Value], given: Mapping[str, str]) -> None:
    scope = _Scope(stage.arguments, stage.environment, given)
    text = instruction.text
    match instruction.name:
        case "ENV":
            _assign(text, scope, stage.environment, given)
        case "ARG":
            _assign(text, scope, stage.arguments, given, outer=outer, from_outside=True)
        case "WORKDIR":
            value = expand_to_one(text, scope)
            path = str(value.value) if isinstance(value, Known) else None
            stage.directory = posixpath.normpath(posixpath.join(stage.directory or "/", path)) if path else None
        case "USER":
            value = expand_to_one(text, scope)
            stage.user = str(value.value) if isinstance(value, Known) else text.written
        case "SHELL":
            words = _exec_form(text)
            if words:
                stage.shell = [word.known or "" for word in words]
        case "ENTRYPOINT":
            stage.entrypoint, stage.command = text, None
        case "CMD":
            stage.command = text
        case "STOPSIGNAL":
            stage.stop_signal = text.text.strip()
        case "COPY" | "ADD":
            _copy(text, stage, scope)
        case _:
            return


def _assign(
    text: Text,
    scope: _Scope,
    into: dict[str, Value],
    given: Mapping[str, str],
    *,
    outer: Mapping[str, Value] | None = None,
    from_outside: bool = False,
) -> None:
    """``ENV a=1 b=2``, ``ENV a 1`` and ``ARG a=1``; an ARG without a value takes the one before the first FROM."""
    first = re.match(r"([A-Za-z_]\w*)(\s+|$)", text.text)
    if first and not from_outside:
        into[first[1]] = _value(first[1], text.part(first.end(), len(text.text)), scope)
        return
    for name, value_text in _pairs(text):
        if value_text is None:
            if outer and name in outer:
                into[name] = outer[name]
        else:
            into[name] = _value(name, value_text, scope)
        if from_outside and name in given:
            into[name] = Known(value=given[name])


def _value(name: str, text: Text, scope: _Scope) -> Value:
    if name == "GUNICORN_CMD_ARGS":
        return variable(name, text.made(expand_with_gaps(text, scope)))
    value = expand_to_one(text, scope)
    return Placed(value=value.value, place=text.place()) if isinstance(value, Known) else value


_PAIR = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)(=(?P<value>(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*))?""", re.DOTALL
)


def _pairs(text: Text) -> Iterator[tuple[str, Text | None]]:
    at = 0
    while match := _PAIR.match(text.text, at):
        value = text.part(*match.span("value")) if match["value"] is not None else None
        yield match["name"], value
        at = match.end()


def _copy(text: Text, stage: Stage, scope: _Scope) -> None:
    words = _exec_form(text) or expand(text, scope)
    paths = [word.known for word in words if not (word.known or "").startswith("--")]
    source, target = paths if len(paths) == 2 else (None, None)
    if source is None or target is None:
        return
    if target.endswith("/") or target in (".", "./") or posixpath.basename(source) == posixpath.basename(target):
        return
    if "." in posixpath.basename(source) or source.count("/") or target.startswith("/"):
        stage.moved[posixpath.normpath(posixpath.join(stage.directory or "/", target))] = source


def _script(stage: Stage, reading: Reading, path: str, directory: str | None) -> Text | None:
    absolute = posixpath.normpath(posixpath.join(directory or stage.directory or "/", path))
    source = stage.moved.get(absolute) or stage.moved.get(posixpath.normpath(posixpath.join("/usr/local/bin", path)))
    if source is not None and not source.endswith("/"):
        found = reading.script(source, None)
        if found is not None:
            return found
    return reading.script(path, directory)


def started(stage: Stage, setting: Setting) -> list[Command]:
    """ENTRYPOINT and CMD together, as ``docker run`` combines them."""
    entrypoint = _exec_form(stage.entrypoint) if stage.entrypoint is not None else []
    command = _exec_form(stage.command) if stage.command is not None else []
    if entrypoint is None:
        # The shell form of ENTRYPOINT ignores CMD.
        assert stage.entrypoint is not None
        return _in_shell(stage.entrypoint, stage, setting)
    if command is None:
        assert stage.command is not None
        if not entrypoint:
            return _in_shell(stage.command, stage, setting)
        shell = [plain(stage.command.made(word)) for word in stage.shell]
        return launch([*entrypoint, *shell, plain(stage.command)], setting)
    return launch([*entrypoint, *command], setting)


def _in_shell(text: Text, stage: Stage, setting: Setting) -> list[Command]:
    """The shell form: the image's shell with ``-c``."""
    program = stage.shell[0].rsplit("/", 1)[-1] if stage.shell else "sh"
    shell = setting.shell if program == "sh" else program
    return run_shell(text, replace(setting, shell=shell, arguments=(), signals=Signals.DIRECT))


_STRING = re.compile(r'\s*("(?:\\.|[^"\\])*")\s*(,|$)', re.DOTALL)


def _exec_form(text: Text) -> list[Word] | None:
    """The words of a JSON array; None where it is none, and Docker takes it for the shell form."""
    raw = text.text.strip()
    if not (raw.startswith("[") and raw.endswith("]")):
        return None
    start = text.text.index("[") + 1
    end = text.text.rindex("]")
    words: list[Word] = []
    at = start
    while text.text[at:end].strip():
        match = _STRING.match(text.text[:end], at)
        if match is None:
            return None
        try:
            value = json.loads(match[1], strict=False)
        except ValueError:
            return None
        whole = text.part(*match.span(1))
        inner = text.part(match.start(1) + 1, match.end(1) - 1)
        if inner.text != value:
            inner = whole.made(value)
        words.append(with_gaps(Word(value=Known(value=value), text=inner.written, place=inner.place(), inner=inner)))
        at = match.end()
    return words
