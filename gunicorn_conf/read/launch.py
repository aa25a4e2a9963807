"""Follows a command line to the Gunicorn that it starts: through wrappers, shells, scripts and ``python -m``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.read.options import read_options, split_words
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, converted
from gunicorn_conf.read.wrappers import WRAPPERS, Wrapper
from gunicorn_conf.release import Release
from gunicorn_conf.rules.subject import Command, OptionProblem, Signals
from gunicorn_conf.value import Known, Unknown, Value

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
# Each names an application that starts Gunicorn's own command line (gunicorn3 is Debian's name for it).
_GUNICORNS = frozenset({"gunicorn", "gunicorn3"})
_MODULES = frozenset({"gunicorn", "gunicorn.app.wsgiapp", "gunicorn.__main__"})
# Options of python that take a value (python --help).
_PYTHON_WITH_VALUE = frozenset({"-W", "-X", "--check-hash-based-pycs"})
# Scripts that call one another are followed this deep, which also ends a script that calls itself.
_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a process finds when it starts."""

    file_kind: str
    release: Release
    environment: Mapping[str, Value] = field(default_factory=dict)
    """Variables that the files set for the process."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Variables that the user gave with --env."""
    directory: str | None = None
    wrappers: tuple[str, ...] = ()
    signals: Signals = Signals.DIRECT
    shell: str = "sh"
    """What /bin/sh is: ``dash``, ``bash``, or ``sh`` where that is not known."""
    passes_to_all: bool = False
    """Whether whoever stops the process sends the signal to all its children too."""
    script: Callable[[str, str | None], Text | None] = lambda _path, _directory: None
    """The text of a script among the files, by the path that runs it and the directory that it runs in."""
    arguments: tuple[Word, ...] | None = None
    """What ``"$@"`` is within a script; None where it is not known."""
    depth: int = 0

    def variable(self, name: str) -> Value | None:
        """What a variable holds, as far as it is known; None where nothing sets it."""
        if name in self.given:
            return Known(value=self.given[name])
        return self.environment.get(name)

    def behind(self, signals: Signals) -> Signals:
        """How signals arrive at a child that is started so, given how they arrive here."""
        if self.passes_to_all:
            return Signals.DIRECT
        if Signals.BEHIND_SHELL in (self.signals, signals):
            return Signals.BEHIND_SHELL
        return Signals.UNKNOWN if Signals.UNKNOWN in (self.signals, signals) else Signals.DIRECT


def launch(words: Sequence[Word], setting: Setting) -> list[Command]:
    """Every Gunicorn that this command line starts, directly or not."""
    if not words or setting.depth > _DEEPEST:
        return []
    name = _program(words[0])
    if name in _GUNICORNS:
        return _gunicorn(words[0], words[1:], setting)
    if name in SHELLS:
        return _shell(name, words[1:], setting)
    if name.startswith(("python", "pypy")):
        return _python(words, setting)
    wrapper = WRAPPERS.get(name)
    if wrapper is not None:
        return _wrapped(name, wrapper, words, setting)
    return _script(words, setting)


def run_shell(text: Text, setting: Setting, *, is_script: bool = False) -> list[Command]:
    """Every Gunicorn that this shell text starts."""
    from gunicorn_conf.read.shell import run

    if "gunicorn" not in text.text and not setting.arguments and not _may_call(text.text):
        return []
    return run(text, replace(setting, depth=setting.depth + 1), is_script=is_script)


def _may_call(text: str) -> bool:
    """Whether a text may call a script that is among the files, or a wrapper that knows what to start."""
    return ".sh" in text or "/" in text


def _program(word: Word) -> str:
    text = word.known if word.known is not None else word.text.strip("\"'")
    return text.rsplit("/", 1)[-1]


def _gunicorn(program: Word, words: Sequence[Word], setting: Setting) -> list[Command]:
    options = read_options(words, setting.release)
    if options.leaves:
        return []
    from_variable, problems, undecided = _from_variable(setting)
    app = options.positionals[0] if options.positionals else None
    environment = {**setting.environment, **{name: Known(value=value) for name, value in setting.given.items()}}
    return [
        Command(
            file_kind=setting.file_kind,
            place=program.place,
            text=" ".join(word.text for word in words),
            assigned=(*from_variable, *options.assigned),
            app=app.value if app is not None else None,
            app_place=app.place if app is not None else None,
            problems=(*problems, *options.problems),
            environment=environment,
            directory=setting.directory,
            wrappers=setting.wrappers,
            signals=setting.signals,
            undecided=options.undecided or undecided,
        )
    ]


def _from_variable(setting: Setting) -> tuple[list[Assigned], list[OptionProblem], str | None]:
    """What GUNICORN_CMD_ARGS gives: its options, its problems, and why there may be more of them."""
    value = setting.variable("GUNICORN_CMD_ARGS")
    if value is None:
        return [], [], None
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return [], [], "GUNICORN_CMD_ARGS is not known"
    text = Text(value.value, "GUNICORN_CMD_ARGS", whole=setting_place(setting, "GUNICORN_CMD_ARGS"))
    words = split_words(text)
    if words is None:
        return [], [], "GUNICORN_CMD_ARGS has an unclosed quote"
    options = read_options(words, setting.release, Source.CMD_ARGS)
    problems = [one for one in options.problems if one.kind != "extra-positional"]
    for word in options.positionals:
        problems.append(OptionProblem(kind="app-in-variable", text=word.text, place=word.place))
    return options.assigned, problems, options.undecided


def setting_place(setting: Setting, name: str) -> Place:
    """Where a variable is set; a place without a line where the user gave it."""
    value = setting.environment.get(name)
    if name not in setting.given and isinstance(value, Placed):
        return value.place
    return Place(path=f"--env {name}" if name in setting.given else name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Known):
    """A known value of a variable, and where the file sets it."""

    place: Place


def _shell(name: str, words: Sequence[Word], setting: Setting) -> list[Command]:
    shell = setting.shell if name == "sh" else name
    inner = replace(setting, shell=shell, depth=setting.depth + 1)
    index = 0
    while index < len(words):
        text = words[index].known or ""
        if text == "-o" or text == "-O" or text in ("--rcfile", "--init-file"):
            index += 2
        elif text.startswith("-") and not text.startswith("--") and "c" in text:
            index += 1
            if index >= len(words) or words[index].inner is None:
                return []
            command = words[index].inner
            assert command is not None
            # The word after the command is $0, the rest are "$@".
            return run_shell(command, replace(inner, arguments=tuple(words[index + 2 :])))
        elif text.startswith(("-", "+")):
            index += 1
        else:
            break
    return _script(words[index:], inner) if index < len(words) else []


def _script(words: Sequence[Word], setting: Setting) -> list[Command]:
    """A program that may be a shell script among the files."""
    path = words[0].known
    if path is None or setting.depth > _DEEPEST:
        return []
    text = setting.script(path, setting.directory)
    if text is None:
        if setting.file_kind in ("dockerfile", "compose", "kubernetes") and _passes_on(path):
            # An entry point that is not at hand: what follows it is what it ends up running, in nearly all images.
            return launch(words[1:], replace(setting, signals=setting.behind(Signals.UNKNOWN), depth=setting.depth + 1))
        return []
    first_line = text.text.partition("\n")[0]
    shell = next((name for name in ("bash", "zsh", "ksh", "dash") if first_line[:2] == "#!" and name in first_line), "")
    inner = replace(setting, file_kind="shell", arguments=tuple(words[1:]), shell=shell or setting.shell)
    return run_shell(text, inner, is_script=True)


def _passes_on(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return "entry" in name or "entrypoint" in name or name.endswith(("init", "init.sh", "-wrapper", "wrapper.sh"))


def _python(words: Sequence[Word], setting: Setting) -> list[Command]:
    index = 1
    while index < len(words):
        text = words[index].known or ""
        if text == "-m" and index + 1 < len(words):
            module = words[index + 1].known or ""
            wrappers = (*setting.wrappers, f"{_program(words[0])} -m")
            if module in _MODULES:
                return _gunicorn(words[index + 1], words[index + 2 :], replace(setting, wrappers=wrappers))
            return []
        if text in _PYTHON_WITH_VALUE:
            index += 2
        elif text.startswith("-") and len(text) > 1:
            index += 1
        else:
            return launch(words[index:], replace(setting, depth=setting.depth + 1)) if _is_ours(words[index]) else []
    return []


def _is_ours(word: Word) -> bool:
    return _program(word) in _GUNICORNS or _program(word) in WRAPPERS


def _wrapped(name: str, wrapper: Wrapper, words: Sequence[Word], setting: Setting) -> list[Command]:
    """Past the wrapper's own options and operands, to the command that it starts."""
    index = 1
    label = name
    operands = wrapper.operands
    environment = dict(setting.environment)
    directory = setting.directory
    if wrapper.verb:
        while index < len(words) and words[index].known not in wrapper.verb:
            index += 1
        if index >= len(words):
            return []
        label = f"{name} {words[index].known}"
        index += 1
    if wrapper.until_dashes:
        ends = [at for at, word in enumerate(words) if word.known == "--"]
        if not ends:
            return []
        index = ends[0]
    to_all = wrapper.to_all
    while index < len(words):
        text = words[index].known
        if text is None and words[index].splits:
            index += 1
        elif text == "--":
            index += 1
            operands = 0 if wrapper.until_dashes else operands
            if not operands:
                break
        elif text is not None and text.startswith("-") and len(text) > 1:
            if text in wrapper.changes_directory and index + 1 < len(words):
                directory = words[index + 1].known
            if text in wrapper.to_group:
                to_all = True
            index += 2 if text in wrapper.values else 1
        elif wrapper.assigns and text is not None and _is_assignment(text):
            variable, _, value = text.partition("=")
            environment[variable] = Placed(value=value, place=words[index].place)
            index += 1
        elif operands:
            operands -= 1
            index += 1
        else:
            break
    inner = replace(
        setting,
        wrappers=(*setting.wrappers, label),
        environment=environment,
        directory=directory,
        signals=setting.behind(wrapper.forwards),
        passes_to_all=setting.passes_to_all or to_all,
        depth=setting.depth + 1,
    )
    return launch(words[index:], inner)


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.isidentifier()


def variables_as_settings(environment: Mapping[str, Value], places: Mapping[str, Place]) -> list[Assigned]:
    """What WEB_CONCURRENCY, PORT and FORWARDED_ALLOW_IPS make of Gunicorn's defaults."""
    found = []
    for variable, name, convert in _VARIABLES:
        value = environment.get(variable)
        if value is None:
            continue
        place = value.place if isinstance(value, Placed) else places.get(variable, Place(path=f"${variable}"))
        text = str(value.value) if isinstance(value, Known) else f"${variable}"
        if isinstance(value, Unknown):
            text = f"${variable}"
        found.append(
            Assigned(
                name=name,
                value=converted(value, convert),
                source=Source.VARIABLE,
                place=place,
                value_place=place,
                text=text,
            )
        )
    return found


# gunicorn/config.py: Bind, Workers and ForwardedAllowIPS take their defaults from these.
_VARIABLES: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("PORT", "bind", lambda port: [f"0.0.0.0:{port}"]),
    ("WEB_CONCURRENCY", "workers", int),
    ("FORWARDED_ALLOW_IPS", "forwarded_allow_ips", str),
)
